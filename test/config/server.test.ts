import { describe, expect, it } from "vitest";
import { roleOf } from "../../shared/cluster/definition.ts";
import { OWNED_SETTINGS, ownedBy, serverSettings } from "../../shared/config/server.ts";
import { definitionWith, nodeOf } from "./cluster.ts";

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

describe("the settings that Rollcall owns", () => {
  it.each([101, 1])("are exactly those of node %i that a definition cannot override", (id) => {
    const plain = definitionWith();
    for (const setting of Object.keys(serverSettings(plain, nodeOf(plain, id)))) {
      const overriding = definitionWith({ settings: { [setting]: "overridden" } });
      const stands = serverSettings(overriding, nodeOf(overriding, id))[setting] !== "overridden";
      expect([setting, ownedBy(setting) !== undefined]).toEqual([setting, stands]);
    }
  });

  it.each(["controller.quorum.voters", "log.dir", "metadata.log.dir", "broker.id", "security.inter.broker.protocol"])(
    "include %s, which Rollcall never sets",
    (setting) => {
      expect(ownedBy(setting)).toMatch(/\w/);
    },
  );

  it("have a reason each; others have none", () => {
    for (const reason of OWNED_SETTINGS.values()) expect(reason.length).toBeGreaterThan(20);
    expect(ownedBy("num.io.threads")).toBeUndefined();
    expect(ownedBy("toString")).toBeUndefined();
  });
});
