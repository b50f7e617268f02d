import { describe, expect, it } from "vitest";
import { roleOf } from "../../shared/cluster/definition.ts";
import { ensembleSettings } from "../../shared/config/ensemble.ts";
import { ownedBy } from "../../shared/config/owned.ts";
import { serverSettings } from "../../shared/config/server.ts";
import { definitionWith, nodeOf, type Overrides, SECURITY } from "./cluster.ts";

const BROKER = roleOf(definitionWith(), "broker");

const DURABLE = {
  "auto.leader.rebalance.enable": "true",
  "controlled.shutdown.enable": "true",
  "default.replication.factor": "3",
  "min.insync.replicas": "2",
  "offsets.topic.replication.factor": "3",
  "share.coordinator.state.topic.min.isr": "2",
  "share.coordinator.state.topic.replication.factor": "3",
  "transaction.state.log.min.isr": "2",
  "transaction.state.log.replication.factor": "3",
  "unclean.leader.election.enable": "false",
};
const COMMON = {
  "controller.listener.names": "CONTROLLER",
  "controller.quorum.bootstrap.servers": "10.0.1.10:9093,10.0.2.10:9093,10.0.3.10:9093",
  "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
  "log.dirs": "data",
};

describe("serverSettings", () => {
  it("of a broker", () => {
    const definition = definitionWith();
    expect(serverSettings(definition, { role: BROKER, id: 2, zone: "eu-central-1b", address: "10.0.2.77" })).toEqual({
      ...DURABLE,
      ...COMMON,
      "advertised.listeners": "PLAINTEXT://10.0.2.77:9092",
      "broker.rack": "eu-central-1b",
      "inter.broker.listener.name": "PLAINTEXT",
      listeners: "PLAINTEXT://10.0.2.77:9092",
      "node.id": "2",
      "process.roles": "broker",
    });
  });

  it("of a controller", () => {
    const definition = definitionWith();
    expect(serverSettings(definition, nodeOf(definition, 102))).toEqual({
      ...DURABLE,
      ...COMMON,
      "advertised.listeners": "CONTROLLER://10.0.2.10:9093",
      "controller.quorum.auto.join.enable": "true",
      listeners: "CONTROLLER://10.0.2.10:9093",
      "node.id": "102",
      "process.roles": "controller",
    });
  });

  it.each([
    [1, 1, "1", "1"],
    [1, 2, "2", "1"],
    [1, 3, "3", "2"],
    [2, 1, "2", "1"],
    [3, 3, "3", "2"],
    [0, 3, "1", "1"],
  ])(
    "asks for no more replicas than %i brokers in each of %i zones can hold",
    (perZone, zones, replication, minInSync) => {
      const definition = definitionWith({ broker: { perZone, groups: BROKER.groups.slice(0, zones) } });
      expect(serverSettings(definition, nodeOf(definition, 1))).toMatchObject({
        "default.replication.factor": replication,
        "offsets.topic.replication.factor": replication,
        "transaction.state.log.replication.factor": replication,
        "share.coordinator.state.topic.replication.factor": replication,
        "min.insync.replicas": minInSync,
        "transaction.state.log.min.isr": minInSync,
        "share.coordinator.state.topic.min.isr": minInSync,
      });
    },
  );

  it("lets the definition override the defaults, and the role the definition", () => {
    const definition = definitionWith({
      settings: { "default.replication.factor": "5", "num.io.threads": "4", "num.network.threads": "2" },
      broker: { settings: { "num.io.threads": "16" } },
    });
    const controller = serverSettings(definition, nodeOf(definition, 101));
    const broker = serverSettings(definition, nodeOf(definition, 1));
    expect(broker).toMatchObject({
      "default.replication.factor": "5",
      "num.io.threads": "16",
      "num.network.threads": "2",
    });
    expect(controller["num.io.threads"]).toBe("4");
  });
});

describe("a broker on ZooKeeper", () => {
  const definition = definitionWith({ mode: "zookeeper" });

  it("finds the ensemble by its fixed addresses, and Kafka's part of it below its own root", () => {
    const {
      "share.coordinator.state.topic.min.isr": _min,
      "share.coordinator.state.topic.replication.factor": _rf,
      ...durable
    } = DURABLE;
    expect(serverSettings(definition, nodeOf(definition, 2))).toEqual({
      ...durable,
      "advertised.listeners": "PLAINTEXT://10.0.1.102:9092",
      "broker.id": "2",
      "broker.id.generation.enable": "false",
      "broker.rack": "eu-central-1a",
      "inter.broker.listener.name": "PLAINTEXT",
      "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT",
      listeners: "PLAINTEXT://10.0.1.102:9092",
      "log.dirs": "data",
      "zookeeper.connect": "10.0.1.10:2181,10.0.2.10:2181,10.0.3.10:2181/kafka",
    });
  });

  it("knows nothing of KRaft", () => {
    const names = Object.keys(
      serverSettings(definitionWith({ mode: "zookeeper", security: SECURITY }), nodeOf(definition, 2)),
    );
    expect(names.filter((name) => /controller\.|node\.id|process|listener\.name\.controller/.test(name))).toEqual([]);
  });
});

describe("security", () => {
  const settingsOf = (id: number, overrides: Overrides = {}) => {
    const definition = definitionWith({ security: SECURITY, ...overrides });
    return serverSettings(definition, nodeOf(definition, id));
  };
  const SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required";
  const PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required";
  const PROVIDER = {
    "config.providers": "secrets",
    "config.providers.secrets.class": "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
  };
  const OWN_TLS = {
    "ssl.keystore.certificate.chain": "${secrets:secrets:certificate.pem}",
    "ssl.keystore.key": "${secrets:secrets:key.pem}",
    "ssl.keystore.type": "PEM",
  };
  const TRUST = {
    "ssl.endpoint.identification.algorithm": "",
    "ssl.truststore.certificates": "${secrets:secrets:authority.pem}",
    "ssl.truststore.type": "PEM",
  };

  it("of a broker: SCRAM among brokers, PLAIN over TLS to controllers, nothing allowed that is not granted", () => {
    expect(settingsOf(1)).toEqual({
      ...DURABLE,
      ...COMMON,
      ...PROVIDER,
      ...OWN_TLS,
      ...TRUST,
      "advertised.listeners": "CLIENTS://10.0.1.101:9092",
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "broker.rack": "eu-central-1a",
      "inter.broker.listener.name": "CLIENTS",
      "listener.name.clients.sasl.enabled.mechanisms": "SCRAM-SHA-512",
      "listener.name.clients.scram-sha-512.sasl.jaas.config": `${SCRAM} username="rollcall-admin-1" password="\${secrets:secrets:admin-1}";`,
      "listener.name.controller.plain.sasl.jaas.config": `${PLAIN} username="rollcall-admin-1" password="\${secrets:secrets:admin-1}";`,
      "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
      "listener.security.protocol.map": "CLIENTS:SASL_SSL,CONTROLLER:SASL_SSL",
      listeners: "CLIENTS://10.0.1.101:9092",
      "node.id": "1",
      "process.roles": "broker",
      "sasl.mechanism.controller.protocol": "PLAIN",
      "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
      "super.users": "User:rollcall-admin-1;User:rollcall-admin-2;User:operator",
    });
  });

  it("of a controller: PLAIN over TLS, never SCRAM", () => {
    const settings = settingsOf(101, { security: { ...SECURITY, encrypt: false } });
    expect(settings).toMatchObject({
      ...PROVIDER,
      ...OWN_TLS,
      ...TRUST,
      "super.users": expect.stringContaining("admin-1"),
    });
    expect(settings["listener.name.controller.plain.sasl.jaas.config"]).toBe(
      `${PLAIN} username="rollcall-admin-1" password="\${secrets:secrets:admin-1}" ` +
        'user_rollcall-admin-1="${secrets:secrets:admin-1}" user_rollcall-admin-2="${secrets:secrets:admin-2}";',
    );
    expect(JSON.stringify(settings)).not.toContain("Scram");
    expect(settings).toMatchObject({
      listeners: "CONTROLLER://10.0.1.10:9093",
      "authorizer.class.name": expect.stringContaining("StandardAuthorizer"),
    });
  });

  it("of a broker that speaks TLS to controllers alone: it has no certificate of its own", () => {
    const settings = settingsOf(1, { security: { ...SECURITY, encrypt: false } });
    expect(settings).toMatchObject({
      ...TRUST,
      "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_SSL",
    });
    expect(Object.keys(settings).filter((name) => name.startsWith("ssl.keystore"))).toEqual([]);
  });

  it("of a broker on ZooKeeper: its authorizer, and TLS only where it is wanted", () => {
    const { certificate: _, ...uncertified } = SECURITY;
    const plain = settingsOf(1, { mode: "zookeeper", security: { ...uncertified, encrypt: false } });
    expect(plain).toMatchObject({
      "authorizer.class.name": "kafka.security.authorizer.AclAuthorizer",
      "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT",
      "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
    });
    expect(Object.keys(plain).filter((name) => name.startsWith("ssl."))).toEqual([]);
    expect(settingsOf(1, { mode: "zookeeper" })).toMatchObject({
      ...OWN_TLS,
      "listener.security.protocol.map": "CLIENTS:SASL_SSL",
    });
  });

  it("a rotated credential: every node logs in by the new, and accepts those before and after it", () => {
    const settings = settingsOf(101, { security: { ...SECURITY, generation: 5 } });
    expect(settings["super.users"]).toBe(
      "User:rollcall-admin-5;User:rollcall-admin-4;User:rollcall-admin-6;User:operator",
    );
    const login = settings["listener.name.controller.plain.sasl.jaas.config"] ?? "";
    expect(login).toMatch(/ username="rollcall-admin-5" password="\$\{secrets:secrets:admin-5\}" /);
    expect([...login.matchAll(/user_(\S+?)=/g)].map(([, user]) => user)).toEqual(
      [5, 4, 6].map((generation) => `rollcall-admin-${generation}`),
    );
  });

  it("without ACLs nobody is bound by any", () => {
    const names = Object.keys(settingsOf(1, { security: { ...SECURITY, acl: false, superUsers: [] } }));
    expect(names).not.toContain("authorizer.class.name");
    expect(names).not.toContain("super.users");
    expect(names).toContain("sasl.mechanism.inter.broker.protocol");
  });
});

describe("the settings that Rollcall owns", () => {
  const shapes: readonly [string, Overrides, number][] = [
    ["a controller", {}, 101],
    ["a broker", {}, 1],
    ["a broker on ZooKeeper", { mode: "zookeeper" }, 1],
    ["a secured controller", { security: SECURITY }, 101],
    ["a secured broker", { security: SECURITY }, 1],
    ["a secured broker on ZooKeeper", { security: SECURITY, mode: "zookeeper" }, 1],
  ];

  it.each(shapes)("are exactly those of %s that a definition cannot override", (_, overrides, id) => {
    const plain = definitionWith(overrides);
    for (const setting of Object.keys(serverSettings(plain, nodeOf(plain, id)))) {
      const overriding = definitionWith({ ...overrides, settings: { [setting]: "overridden" } });
      const stands = serverSettings(overriding, nodeOf(overriding, id))[setting] !== "overridden";
      expect([setting, ownedBy("kafka", setting) !== undefined]).toEqual([setting, stands]);
    }
  });

  it("of a ZooKeeper member are exactly those that its role's settings cannot override", () => {
    const plain = definitionWith({ mode: "zookeeper" });
    for (const setting of Object.keys(ensembleSettings(plain, nodeOf(plain, 101)))) {
      const overriding = definitionWith({ mode: "zookeeper", zookeeper: { settings: { [setting]: "overridden" } } });
      const stands = ensembleSettings(overriding, nodeOf(overriding, 101))[setting] !== "overridden";
      expect([setting, ownedBy("zookeeper", setting) !== undefined]).toEqual([setting, stands]);
    }
  });

  it.each([
    "controller.quorum.voters",
    "log.dir",
    "metadata.log.dir",
    "security.inter.broker.protocol",
    "listener.name.other.ssl.keystore.location",
    "sasl.jaas.config",
    "ssl.keystore.location",
    "allow.everyone.if.no.acl.found",
  ])("include %s, which Rollcall never sets", (setting) => {
    expect(ownedBy("kafka", setting)?.length).toBeGreaterThan(20);
  });

  it.each(["num.io.threads", "ssl.enabled.protocols", "toString"])("do not include %s", (setting) => {
    expect(ownedBy("kafka", setting)).toBeUndefined();
  });
});

describe("zoo.cfg", () => {
  const definition = definitionWith({ mode: "zookeeper", zookeeper: { settings: { tickTime: "1000", "ssl.a": "b" } } });

  it("names every member by its fixed address, is the same on each, and takes the role's settings alone", () => {
    const own = ensembleSettings(
      { ...definition, kafka: { ...definition.kafka, settings: { a: "b" } } },
      nodeOf(definition, 101),
    );
    expect(own).toEqual(ensembleSettings(definition, nodeOf(definition, 103)));
    expect(own).toEqual({
      "4lw.commands.whitelist": "dump,mntr,ruok,srvr",
      "admin.enableServer": "false",
      "autopurge.purgeInterval": "1",
      "autopurge.snapRetainCount": "3",
      dataDir: "data",
      initLimit: "10",
      quorumListenOnAllIPs: "false",
      reconfigEnabled: "false",
      "server.101": "10.0.1.10:2888:3888;10.0.1.10:2181",
      "server.102": "10.0.2.10:2888:3888;10.0.2.10:2181",
      "server.103": "10.0.3.10:2888:3888;10.0.3.10:2181",
      "ssl.a": "b",
      standaloneEnabled: "false",
      syncLimit: "5",
      tickTime: "1000",
    });
  });
});
