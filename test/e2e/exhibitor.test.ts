/** A ZooKeeper ensemble that Exhibitor starts, on real machines, by the real node script, with its shared object in the lab's S3. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type RealClock, realClock } from "../../lab/clock.ts";
import { Cloud } from "../../lab/cloud/cloud.ts";
import { LAB_DELAYS } from "../../lab/cloud/delays.ts";
import { readPolicy } from "../../lab/cloud/iam/policy.ts";
import { type HttpDoor, startHttpDoor } from "../../lab/doors/http.ts";
import { toLoopback } from "../../lab/loopback.ts";
import type { Machine } from "../../lab/machines/machine.ts";
import { type RealMachines, realMachines } from "../../lab/machines/real.ts";
import { isServer, kill, processesOf } from "../../lab/machines/real-processes.ts";
import { seededRandom } from "../../lab/random.ts";
import { type Slot, takeSlot } from "../../lab/slot.ts";
import { readNodeAnswer } from "../../shared/aws/node-answer.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import { sharedProperties } from "../../shared/config/exhibitor.ts";
import { render } from "../../shared/config/render.ts";
import { ensembleSight } from "../../shared/kafka/ensemble.ts";
import type { NodeAction, NodeAnswer } from "../../shared/lifecycle/sights.ts";
import { definitionWith, FORMED, nodeOf, QUORUM } from "../config/cluster.ts";
import { exhibitorFor, kafkaFor } from "./found-kafka.ts";

const SCRIPT = fileURLToPath(new URL("../../resources/node/rollcall-node.sh", import.meta.url));

const kafka = await kafkaFor("zookeeper");
const exhibitor = await exhibitorFor(kafka);
const title = "missing" in exhibitor ? `Exhibitor (wants: ${exhibitor.missing})` : `Exhibitor ${exhibitor.version}`;

const MEMBERS = [101, 102, 103];
const OBJECT = { bucket: "orders-zookeeper", key: "exhibitor/orders.properties" };
const BOTH = ["s3:GetObject", "s3:PutObject"];
/** Ms: Exhibitor looks every ten seconds. */
const WAIT = { timeout: 90_000, interval: 250 };
const COMMAND = 120_000;

describe.skipIf("missing" in exhibitor)(title, () => {
  let slot: Slot;
  let clock: RealClock;
  let dir = "";
  let kind: RealMachines;
  let cloud: Cloud;
  let door: HttpDoor;
  let definition: Definition;
  let script = "";
  let launched = 0;
  const members = new Map<number, { readonly machine: Machine; readonly instance: string }>();

  beforeAll(async () => {
    if ("missing" in kafka || "missing" in exhibitor) throw new Error("there is nothing to run");
    slot = await takeSlot();
    clock = realClock();
    dir = mkdtempSync(join(tmpdir(), "rollcall-exhibitor-"));
    kind = realMachines({ dir, kafkaHome: kafka.home, java: kafka.java, exhibitorHome: exhibitor.home, clock });
    cloud = new Cloud({
      scheduler: clock,
      random: seededRandom(1),
      machines: kind,
      region: "eu-central-1",
      delays: LAB_DELAYS,
      log: () => {},
      administrators: ["nobody"],
    });
    cloud.iam.roles.put({ name: "node", arn: "arn:aws:iam::123456789012:role/node", trust: [] });
    permit(BOTH);
    door = await startHttpDoor({ cloud, host: "127.0.0.1", port: 0 });
    const supervisor = { kind: "exhibitor", ...OBJECT } as const;
    const zookeeper = { heap: 64, settings: { tickTime: "1000" }, supervisor };
    definition = toLoopback(definitionWith({ mode: "zookeeper", zookeeper }), slot.number);
    script = await readFile(SCRIPT, "utf8");
  });

  afterEach(() => permit(BOTH));

  afterAll(async () => {
    await cloud?.close();
    await door?.close();
    clock?.close();
    await slot?.release();
    if (dir !== "") rmSync(dir, { recursive: true });
  });

  /** What the nodes may do with the object, and with nothing else. */
  function permit(actions: readonly string[]): void {
    const statement = {
      Effect: actions.length === 0 ? "Deny" : "Allow",
      Action: actions.length === 0 ? ["s3:*"] : actions,
      Resource: `arn:aws:s3:::${OBJECT.bucket}/${OBJECT.key}`,
    };
    cloud.iam.roles.putPolicy("node", "own", readPolicy("own", { Version: "2012-10-17", Statement: [statement] }));
  }

  function launch(id: number): void {
    launched += 1;
    const instance = `i-${launched}-${id}`;
    const { zone, address } = nodeOf(definition, id);
    const environment = {
      AWS_ENDPOINT_URL: door.endpoint,
      AWS_ACCESS_KEY_ID: "node",
      AWS_SECRET_ACCESS_KEY: "lab",
    };
    members.set(id, { instance, machine: kind.create({ instance, zone, address, environment }) });
  }

  function member(id: number) {
    const found = members.get(id);
    if (!found) throw new Error(`member ${id} was never launched`);
    return found;
  }

  async function run(id: number, action: NodeAction, payload = ""): Promise<NodeAnswer> {
    const variables = { SSM_action: action, SSM_payload: payload };
    const { stdout, stderr } = await member(id).machine.run(script, variables, COMMAND);
    const answer = readNodeAnswer(stdout);
    if ("unreadable" in answer) throw new Error(`${action} of ${id}: ${answer.unreadable}; ${stderr}`);
    return answer;
  }

  const configure = (id: number, quorum = FORMED): Promise<NodeAnswer> =>
    run(id, "configure", render(definition, nodeOf(definition, id), quorum).payload);

  const folder = (id: number): string => join(kind.folder, member(id).instance);
  const running = (id: number): number[] => processesOf(folder(id)).filter(isServer);
  const server = (id: number): string => `${nodeOf(definition, id).address}:2181`;

  async function serving(): Promise<number[]> {
    const sight = await ensembleSight(MEMBERS.map((id) => ({ id, server: server(id) })));
    if (!sight.seen || sight.leader === -1) return [];
    return sight.voters.filter(({ caughtUpAgo }) => caughtUpAgo === 0).map(({ id }) => id);
  }

  const allServe = () => vi.waitFor(async () => expect(await serving()).toEqual(MEMBERS), WAIT);

  async function zookeeper(id: number, ...words: string[]): Promise<string> {
    if ("missing" in kafka) throw new Error(kafka.missing);
    const libs = join(kafka.home, "libs", "*");
    const main = "org.apache.zookeeper.ZooKeeperMain";
    const { stdout } = await promisify(execFile)(
      kafka.java,
      ["-Xmx64m", "-cp", libs, main, "-server", server(id), ...words],
      { timeout: 60_000 },
    );
    return stdout;
  }

  const refusals = (): number =>
    cloud.calls.all().filter(({ action, ended }) => action === "GetObject" && typeof ended === "object").length;

  test("is founded with its shared object, and serves", async () => {
    for (const id of MEMBERS) launch(id);
    const answers = await Promise.all(MEMBERS.map((id) => configure(id, QUORUM)));
    for (const answer of answers) expect(answer).toMatchObject({ ok: true, unit: "active" });
    await allServe();
    expect(String(Buffer.from(cloud.objects.get(OBJECT.bucket, OBJECT.key).body))).toBe(sharedProperties(definition));
    await vi.waitFor(
      async () => expect(await run(101, "status")).toMatchObject({ unit: "active", supervisor: "serving" }),
      WAIT,
    );
    for (const id of MEMBERS) expect(running(id)).toHaveLength(1);
    await zookeeper(101, "create", "/kept", "by-the-ensemble");
  });

  test("has a member back that was killed, without its unit's doing", async () => {
    const [before = 0] = running(102);
    const keeper = readFileSync(join(folder(102), "systemd/rollcall-zookeeper.service/state"), "utf8");
    kill(before);
    const { unit, supervisor } = await run(102, "status");
    // Unless Exhibitor has been as quick: its word may be ten seconds old.
    expect(["failed", "active"]).toContain(unit);
    expect(supervisor).toBeDefined();
    await vi.waitFor(() => expect(running(102).filter((pid) => pid !== before)).toHaveLength(1), WAIT);
    await allServe();
    expect(readFileSync(join(folder(102), "systemd/rollcall-zookeeper.service/state"), "utf8")).toBe(keeper);
  });

  test("goes on as it is while S3 refuses", async () => {
    const before = MEMBERS.map(running);
    permit([]);
    const mark = refusals();
    await vi.waitFor(() => expect(refusals()).toBeGreaterThanOrEqual(mark + 2 * MEMBERS.length), WAIT);
    expect(await serving()).toEqual(MEMBERS);
    expect(await configure(101)).toMatchObject({ ok: false, error: expect.stringContaining("AccessDenied") });
    permit(BOTH);
    const allowed = cloud.calls.all().length;
    const reads = () =>
      cloud.calls
        .all()
        .slice(allowed)
        .filter(({ ended }) => ended === "answered").length;
    await vi.waitFor(() => expect(reads()).toBeGreaterThanOrEqual(2 * MEMBERS.length), WAIT);
    expect(await serving()).toEqual(MEMBERS);
    expect(MEMBERS.map(running)).toEqual(before);
  });

  test("takes a replacement with an empty disk in, which has what the others have", async () => {
    const others = [101, 102].map(running);
    await member(103).machine.destroy();
    launch(103);
    expect(await configure(103)).toMatchObject({ ok: true });
    await allServe();
    expect(await zookeeper(103, "get", "/kept")).toContain("by-the-ensemble");
    expect([101, 102].map(running)).toEqual(others);
  });

  test("loses a member for good that is stopped, Exhibitor and all", async () => {
    expect(await run(103, "stop")).toMatchObject({ ok: true, unit: "masked", tombstone: true, stopped: true });
    expect(processesOf(folder(103))).toEqual([]);
    expect(await configure(103)).toMatchObject({ ok: false, tombstone: true });
    await member(103).machine.reboot();
    expect(processesOf(folder(103))).toEqual([]);
    expect(await serving()).toEqual([101, 102]);
  });
});
