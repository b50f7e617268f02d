/** The view against real Kafka: what Metadata tells of dead, fenced and returning brokers, and of partitions without a leader. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { brokerView } from "../../shared/kafka/view.ts";
import type { BrokerSight } from "../../shared/lifecycle/sights.ts";
import { kafkaFor, kafkaTitle } from "./found-kafka.ts";
import { freePorts } from "./free-ports.ts";

const kafka = await kafkaFor("kraft");

const CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw";
const IDS = [1, 2, 3];
const TIDY = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=ERROR"];
const STRICT = ["strict"];

describe.skipIf("missing" in kafka)(kafkaTitle(kafka), () => {
  let folder = "";
  const ports = new Map<number, number>();
  const nodes = new Map<number, ChildProcess>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollcall-view-"));
    const [controller = 0, ...rest] = await freePorts(1 + IDS.length);
    for (const [i, id] of IDS.entries()) ports.set(id, rest[i] ?? 0);
    await Promise.all(IDS.map((id) => writeFile(join(folder, `${id}.properties`), properties(id, controller))));
    await Promise.all(IDS.map((id) => format(id)));
    for (const id of IDS) start(id);
    await vi.waitFor(async () => expect(await registered()).toEqual(IDS), { timeout: 90_000, interval: 500 });
    await createTopics();
    // A new topic reaches the brokers one after the other.
    await vi.waitFor(async () => expect((await look([]))?.get(2)?.replicas).toBe(6), {
      timeout: 30_000,
      interval: 200,
    });
  });

  afterAll(async () => {
    await Promise.all([...nodes.keys()].map((id) => kill(id)));
    await rm(folder, { recursive: true, force: true });
  });

  /** Nodes 1 to 3 are brokers; 1 is the controller too. Sessions are short, so that death shows soon. */
  function properties(id: number, controller: number): string {
    const broker = `PLAINTEXT://127.0.0.1:${ports.get(id)}`;
    return [
      `node.id=${id}`,
      `process.roles=${id === 1 ? "broker,controller" : "broker"}`,
      `listeners=${broker}${id === 1 ? `,CONTROLLER://127.0.0.1:${controller}` : ""}`,
      `advertised.listeners=${broker}`,
      `controller.quorum.bootstrap.servers=127.0.0.1:${controller}`,
      "controller.listener.names=CONTROLLER",
      "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
      `log.dirs=${join(folder, `disk-${id}`)}`,
      "min.insync.replicas=2",
      "broker.session.timeout.ms=3000",
      "broker.heartbeat.interval.ms=500",
    ].join("\n");
  }

  function java(...parameters: string[]): [string, string[]] {
    if ("missing" in kafka) throw new Error(kafka.missing);
    return [kafka.java, ["-Xmx256m", ...TIDY, "-cp", join(kafka.home, "libs", "*"), ...parameters]];
  }

  async function format(id: number): Promise<void> {
    const how = id === 1 ? "--standalone" : "--no-initial-controllers";
    const file = join(folder, `${id}.properties`);
    await promisify(execFile)(...java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", file, how));
  }

  function start(id: number): void {
    const [program, parameters] = java("kafka.Kafka", join(folder, `${id}.properties`));
    nodes.set(id, spawn(program, parameters, { cwd: folder, stdio: "ignore" }));
  }

  function kill(id: number): Promise<void> {
    const node = nodes.get(id);
    nodes.delete(id);
    return new Promise((resolve) => {
      if (node === undefined || node.exitCode !== null || node.signalCode !== null) return resolve();
      node.once("exit", () => resolve());
      node.kill("SIGKILL");
    });
  }

  function servers(): string[] {
    return IDS.map((id) => `127.0.0.1:${ports.get(id)}`);
  }

  /** Undefined where Kafka is not seen. */
  async function look(ignoreTopics: readonly string[]): Promise<ReadonlyMap<number, BrokerSight> | undefined> {
    const sight = await brokerView()({ bootstrap: servers(), quorum: [], asked: "tool", ids: IDS, ignoreTopics });
    return sight.seen && sight.clusterId === CLUSTER_ID ? sight.brokers : undefined;
  }

  async function registered(): Promise<number[]> {
    return [...((await look([])) ?? [])].filter(([, broker]) => broker.registered).map(([id]) => id);
  }

  async function createTopics(): Promise<void> {
    const admin = new Kafka({ brokers: servers(), logLevel: logLevel.NOTHING }).admin();
    try {
      await admin.connect();
      await admin.createTopics({
        topics: [
          { topic: "orders", numPartitions: 4, replicationFactor: 3 },
          {
            topic: "strict",
            numPartitions: 1,
            replicationFactor: 3,
            configEntries: [{ name: "min.insync.replicas", value: "3" }],
          },
          {
            topic: "scratch",
            numPartitions: -1,
            replicationFactor: -1,
            replicaAssignment: [{ partition: 0, replicas: [2] }],
          },
        ],
      });
    } finally {
      await admin.disconnect();
    }
  }

  test("a whole cluster: min ISR of topic and of cluster, each at its address, in every ISR", async () => {
    const brokers = await look([]);
    expect(brokers?.get(1)).toMatchObject({
      registered: { host: "127.0.0.1", port: ports.get(1) },
      replicas: 5,
      missing: 0,
      stop: { safe: false, reason: "strict-0 would keep 2 in sync without broker 1, below its min ISR 3" },
      startEmpty: { safe: false },
    });
    const lenient = await look(STRICT);
    expect(lenient?.get(1)?.stop.safe).toBe(true);
    expect(lenient?.get(2)?.stop.reason).toBe("scratch-0 would have no in-sync replica left without broker 2");
  });

  test("a broker killed a moment ago is not leant on; once its session is over, it is out and may come back empty", async () => {
    await kill(3);
    const before = await look(STRICT);
    expect(before?.get(1)?.stop.safe).toBe(false);
    await vi.waitFor(async () => expect(await registered()).toEqual([1, 2]), { timeout: 30_000, interval: 200 });
    const after = await look(STRICT);
    expect(after?.get(3)).toMatchObject({ replicas: 4, missing: 4, stop: { safe: true }, startEmpty: { safe: true } });
    expect(after?.get(1)?.stop.reason).toMatch(
      /^orders-\d would keep 1 in sync without broker 1, below its min ISR 2$/,
    );
  });

  test("its empty replacement is registered first, and in every ISR in the end", async () => {
    await rm(join(folder, "disk-3"), { recursive: true });
    await format(3);
    start(3);
    await vi.waitFor(
      async () => expect((await look(STRICT))?.get(3)).toMatchObject({ registered: {}, replicas: 4, missing: 0 }),
      { timeout: 60_000, interval: 200 },
    );
    expect((await look(STRICT))?.get(1)?.stop.safe).toBe(true);
  });

  test("a partition without a leader keeps its broker from starting empty, and hides nothing", async () => {
    await kill(2);
    await vi.waitFor(async () => expect(await registered()).toEqual([1, 3]), { timeout: 30_000, interval: 200 });
    expect((await look(STRICT))?.get(2)).toMatchObject({
      replicas: 5,
      missing: expect.any(Number),
      startEmpty: { safe: false, reason: "scratch-0 has no live leader to copy from" },
    });
    expect((await look([...STRICT, "scratch"]))?.get(2)?.startEmpty.safe).toBe(true);
  });
});
