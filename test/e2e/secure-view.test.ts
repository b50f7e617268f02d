/** The view against real Kafka 3.9 on a real ZooKeeper ensemble: who may not see must not take a cluster for empty. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from "kafkajs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ensembleSight } from "../../shared/kafka/ensemble.ts";
import { type LoginSource, observerLogin } from "../../shared/kafka/login.ts";
import { brokerView } from "../../shared/kafka/view.ts";
import { hasMajority } from "../../shared/lifecycle/decide/quorum.ts";
import type { KafkaSight } from "../../shared/lifecycle/sights.ts";
import { kafkaFor, kafkaTitle } from "./found-kafka.ts";
import { freePorts } from "./free-ports.ts";

const kafka = await kafkaFor("zookeeper");

const MEMBERS = [1, 2, 3];
const BROKERS = [1, 2];
const ADMIN = "admin";
const TIDY = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dzookeeper.db.autocreate=false"];

describe.skipIf("missing" in kafka)(kafkaTitle(kafka), () => {
  let folder = "";
  let ports: number[] = [];
  const nodes = new Map<string, ChildProcess>();
  const secrets = { [ADMIN]: "first-of-all", observer: "sees-and-no-more" };

  const member = (id: number): string => `127.0.0.1:${ports[id - 1]}`;
  const broker = (id: number): string => `127.0.0.1:${ports[8 + id]}`;
  const ensemble = () => ensembleSight(MEMBERS.map((id) => ({ id, server: member(id) })));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollcall-secure-view-"));
    ports = await freePorts(9 + BROKERS.length);
    await Promise.all(MEMBERS.map((id) => prepareMember(id)));
    await Promise.all(BROKERS.map((id) => writeFile(join(folder, `broker-${id}.properties`), brokerProperties(id))));
  });

  afterAll(async () => {
    await Promise.all([...nodes.keys()].map((name) => kill(name)));
    await rm(folder, { recursive: true, force: true });
  });

  async function prepareMember(id: number): Promise<void> {
    const data = join(folder, `zookeeper-${id}`);
    await mkdir(data);
    await writeFile(join(data, "myid"), String(id));
    await writeFile(join(data, "initialize"), "");
    const servers = MEMBERS.map((n) => `server.${n}=127.0.0.1:${ports[2 + n]}:${ports[5 + n]};${member(n)}`);
    const lines = [
      `dataDir=${data}`,
      "tickTime=500",
      "initLimit=20",
      "syncLimit=4",
      "admin.enableServer=false",
      "standaloneEnabled=false",
      "4lw.commands.whitelist=srvr",
    ];
    await writeFile(join(folder, `zookeeper-${id}.cfg`), [...lines, ...servers].join("\n"));
  }

  function brokerProperties(id: number): string {
    const jaas = `org.apache.kafka.common.security.scram.ScramLoginModule required username="${ADMIN}" password="${secrets[ADMIN]}";`;
    return [
      `broker.id=${id}`,
      "broker.id.generation.enable=false",
      `zookeeper.connect=${MEMBERS.map(member).join(",")}/kafka`,
      "zookeeper.session.timeout.ms=3000",
      `listeners=CLIENTS://${broker(id)}`,
      `advertised.listeners=CLIENTS://${broker(id)}`,
      "listener.security.protocol.map=CLIENTS:SASL_PLAINTEXT",
      "inter.broker.listener.name=CLIENTS",
      "sasl.enabled.mechanisms=SCRAM-SHA-512",
      "sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512",
      `listener.name.clients.scram-sha-512.sasl.jaas.config=${jaas}`,
      "authorizer.class.name=kafka.security.authorizer.AclAuthorizer",
      `super.users=User:${ADMIN}`,
      `log.dirs=${join(folder, `disk-${id}`)}`,
    ].join("\n");
  }

  function java(...parameters: string[]): [string, string[]] {
    if ("missing" in kafka) throw new Error(kafka.missing);
    return [kafka.java, ["-Xmx256m", ...TIDY, "-cp", join(kafka.home, "libs", "*"), ...parameters]];
  }

  function start(name: string, ...parameters: string[]): void {
    const [program, all] = java(...parameters);
    nodes.set(name, spawn(program, all, { cwd: folder, stdio: "ignore" }));
  }

  const startMember = (id: number): void =>
    start(`zookeeper-${id}`, "org.apache.zookeeper.server.quorum.QuorumPeerMain", join(folder, `zookeeper-${id}.cfg`));

  function kill(name: string): Promise<void> {
    const node = nodes.get(name);
    nodes.delete(name);
    return new Promise((resolve) => {
      if (node === undefined || node.exitCode !== null || node.signalCode !== null) return resolve();
      node.once("exit", () => resolve());
      node.kill("SIGKILL");
    });
  }

  async function setPassword(user: string, password: string): Promise<void> {
    const scram = `SCRAM-SHA-512=[iterations=4096,password=${password}]`;
    const where = ["--zookeeper", `${member(1)}/kafka`, "--entity-type", "users", "--entity-name", user];
    const [program, all] = java("kafka.admin.ConfigCommand", ...where, "--alter", "--add-config", scram);
    await promisify(execFile)(program, all);
  }

  async function asAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const sasl = { mechanism: "scram-sha-512" as const, username: ADMIN, password: secrets[ADMIN] };
    const admin = new Kafka({ brokers: BROKERS.map(broker), sasl, logLevel: logLevel.NOTHING }).admin();
    try {
      await admin.connect();
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }

  const login = (): LoginSource =>
    observerLogin({ read: async () => ({ password: secrets.observer }) }, { observer: "observer" });

  async function look(source: LoginSource | null = login()): Promise<KafkaSight> {
    const view = brokerView({ request: 8_000, look: 20_000, ...(source ? { login: source } : {}) });
    const quorum = MEMBERS.map(member);
    return view({ bootstrap: BROKERS.map(broker), quorum, asked: "words", ids: BROKERS, ignoreTopics: [] });
  }

  const observer = {
    principal: "User:rollcall-observer",
    host: "*",
    permissionType: AclPermissionTypes.ALLOW,
    resourcePatternType: ResourcePatternTypes.LITERAL,
  };
  const grant = (resourceType: AclResourceTypes, resourceName: string, operation: AclOperationTypes) =>
    asAdmin((admin) => admin.createAcls({ acl: [{ ...observer, resourceType, resourceName, operation }] }));

  test("a member without a majority accepts connections, and yet does not serve", async () => {
    startMember(1);
    await vi.waitFor(async () => expect((await ensemble()).seen).toBe(true), { timeout: 60_000, interval: 200 });
    const alone = await ensemble();
    expect(alone).toMatchObject({ seen: true, leader: -1, voters: [{ caughtUpAgo: -1 }, {}, {}] });
  });

  test("a majority makes one of them lead, and all who follow serve", async () => {
    for (const id of [2, 3]) startMember(id);
    await vi.waitFor(
      async () => {
        const sight = await ensemble();
        expect(sight.seen && sight.voters.map(({ caughtUpAgo }) => caughtUpAgo)).toEqual([0, 0, 0]);
      },
      { timeout: 60_000, interval: 200 },
    );
    const sight = await ensemble();
    if (!sight.seen) throw new Error(sight.reason);
    expect(MEMBERS).toContain(sight.leader);
    expect(hasMajority(sight, 3)).toBe(true);
  });

  test("denied while Kafka does not know the observer", async () => {
    // Kafka's own tool cannot make the chroot.
    await promisify(execFile)(
      ...java("org.apache.zookeeper.ZooKeeperMain", "-server", member(1), "create", "/kafka", ""),
    );
    await setPassword(ADMIN, secrets[ADMIN]);
    for (const id of BROKERS) start(`broker-${id}`, "kafka.Kafka", join(folder, `broker-${id}.properties`));
    await vi.waitFor(
      async () => expect(await asAdmin(async (admin) => (await admin.describeCluster()).brokers.length)).toBe(2),
      { timeout: 90_000, interval: 500 },
    );
    expect(await look()).toMatchObject({ seen: false, denied: true, reason: expect.stringContaining("SASL SCRAM") });
  });

  test("unseen, but not denied, for one who does not say who he is", async () => {
    expect(await look(null)).not.toHaveProperty("denied");
  });

  test("denied without the right to see ACLs, and without the right to see every topic", async () => {
    await asAdmin((admin) =>
      admin.createTopics({ topics: [{ topic: "orders", numPartitions: 2, replicationFactor: 2 }] }),
    );
    await setPassword("rollcall-observer", secrets.observer);
    await vi.waitFor(
      async () =>
        expect(await look()).toMatchObject({ denied: true, reason: expect.stringContaining("ACLs may not be seen") }),
      { timeout: 30_000, interval: 200 },
    );
    await grant(AclResourceTypes.CLUSTER, "kafka-cluster", AclOperationTypes.DESCRIBE);
    await vi.waitFor(
      async () =>
        expect(await look()).toMatchObject({
          denied: true,
          reason: expect.stringContaining("may not describe every topic"),
        }),
      { timeout: 30_000, interval: 200 },
    );
    await grant(AclResourceTypes.TOPIC, "*", AclOperationTypes.DESCRIBE);
    await vi.waitFor(
      async () =>
        expect(await look()).toMatchObject({
          denied: true,
          reason: expect.stringContaining("min.insync.replicas of topic orders"),
        }),
      { timeout: 30_000, interval: 200 },
    );
  });

  test("seen with every right: brokers, partitions and the id that ZooKeeper gave the cluster", async () => {
    await grant(AclResourceTypes.TOPIC, "*", AclOperationTypes.DESCRIBE_CONFIGS);
    await vi.waitFor(async () => expect(await look()).toMatchObject({ seen: true }), {
      timeout: 30_000,
      interval: 200,
    });
    const sight = await look();
    if (!sight.seen) throw new Error(sight.reason);
    expect(sight.clusterId).not.toBe("");
    expect(sight.brokers.get(1)).toMatchObject({
      registered: { host: "127.0.0.1", port: ports[9] },
      replicas: 2,
      missing: 0,
      stop: { safe: true },
    });
  });

  test("a password that has changed is read again, and the new one used", async () => {
    const source = login();
    expect(await look(source)).toMatchObject({ seen: true });
    secrets.observer = "sees-as-before";
    await setPassword("rollcall-observer", secrets.observer);
    await vi.waitFor(
      async () => {
        // One that still has the former password is refused by now …
        const former = observerLogin(
          { read: async () => ({ password: "sees-and-no-more" }) },
          { observer: "observer" },
        );
        expect(await look(former)).toMatchObject({ denied: true });
      },
      { timeout: 30_000, interval: 200 },
    );
    // … and this one has it, until it is.
    expect(await look(source)).toMatchObject({ seen: true });
  });

  test("a topic that is hidden from everybody makes all of it unseen, not safe", async () => {
    const deny = { ...observer, principal: "User:*", permissionType: AclPermissionTypes.DENY };
    const acl = {
      ...deny,
      resourceType: AclResourceTypes.TOPIC,
      resourceName: "orders",
      operation: AclOperationTypes.ALL,
    };
    await asAdmin((admin) => admin.createAcls({ acl: [acl] }));
    await vi.waitFor(
      async () =>
        expect(await look()).toMatchObject({
          denied: true,
          reason: expect.stringContaining("denied to describe topic orders"),
        }),
      { timeout: 30_000, interval: 200 },
    );
    await asAdmin((admin) => admin.deleteAcls({ filters: [acl] }));
    await vi.waitFor(async () => expect(await look()).toMatchObject({ seen: true }), {
      timeout: 30_000,
      interval: 200,
    });
  });

  test("a broker that died stays registered until its session ends, and without a majority of ZooKeeper nothing is believed", async () => {
    await kill("broker-2");
    await vi.waitFor(
      async () => {
        const sight = await look();
        expect(
          sight.seen && [sight.brokers.get(1)?.registered !== undefined, sight.brokers.get(2)?.registered],
        ).toEqual([true, undefined]);
      },
      { timeout: 60_000, interval: 200 },
    );
    await Promise.all([kill("zookeeper-2"), kill("zookeeper-3")]);
    await vi.waitFor(
      async () =>
        expect(await look()).toMatchObject({
          seen: false,
          reason: expect.stringContaining("of 3 members of the quorum"),
        }),
      { timeout: 30_000, interval: 200 },
    );
    await vi.waitFor(async () => expect(await ensemble()).toMatchObject({ leader: -1 }), {
      timeout: 30_000,
      interval: 200,
    });
  });
});
