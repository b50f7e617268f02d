/** The tour with modelled nodes, as `npm start -- --no-kafka` gives it: all runs go on at the same time. */
import { execFile } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ended, fileIn, leftIn, linesOf, startTour, summaryOf, type TourProcess } from "./tour-process.ts";

const TOUR = 180_000;
const LAB = readFileSync(new URL("../../clusters/lab.yml", import.meta.url), "utf8");
const files = mkdtempSync(join(tmpdir(), "rollcall-clusters-"));

/** Two brokers in each of three zones, other ids, other addresses, another region. */
const WIDE = fileIn(
  files,
  "wide.yml",
  LAB.replaceAll("eu-central-1", "us-west-2")
    .replaceAll("10.0.1.", "172.16.8.")
    .replaceAll("10.0.2.", "172.16.9.")
    .replaceAll("10.0.3.", "172.16.10.")
    .replace("cluster: lab", "cluster: wide")
    .replace("from: 1, to: 100", "from: 1000, to: 1020")
    .replaceAll("id: 10", "id: 4")
    .replace(/(broker:\n\s+perZone:) 1/, "$1 2"),
);
/** Everything in one zone. */
const NARROW = fileIn(
  files,
  "narrow.yml",
  LAB.split("\n")
    .filter((line) => !/- \{ name: eu-central-1[bc]/.test(line))
    .join("\n")
    .replace("cluster: lab", "cluster: narrow")
    .replaceAll("perZone: 1", "perZone: 3")
    .replace("zone: eu-central-1b, address: 10.0.2.10", "zone: eu-central-1a, address: 10.0.1.11")
    .replace("zone: eu-central-1c, address: 10.0.3.10", "zone: eu-central-1a, address: 10.0.1.12"),
);

const started: TourProcess[] = [];
function start(args: readonly string[], environment?: Readonly<Record<string, string>>): TourProcess {
  const tour = startTour(args, environment);
  started.push(tour);
  return tour;
}
afterAll(async () => {
  await Promise.all(started.map((tour) => tour.clear()));
  rmSync(files, { recursive: true });
}, 60_000);

let lab: TourProcess;
let wide: TourProcess;
let narrow: TourProcess;
beforeAll(() => {
  lab = start(["--json", "--no-kafka"]);
  wide = start(["--no-kafka", "--stay", "--cluster", WIDE]);
  // Where there is no Java there is no real Kafka, whatever else there is.
  narrow = start(["--json", "--cluster", NARROW], { PATH: files });
});

// These first: they are over while the tours go on.
describe("Ctrl-C before the end", () => {
  test.concurrent.each([
    ["while the stack is packaged", /▸ The stack is packaged/, /cloud: http/],
    ["in mid-launch", /Pending:Wait/, /InService/],
  ])(
    "%s",
    async (_, moment, later) => {
      const tour = start(["--no-kafka"]);
      await tour.said(moment, 60_000);
      tour.interrupt();
      const { status, stdout, stderr } = await tour.ended;
      expect({ status, stderr }).toEqual({ status: 130, stderr: "" });
      expect(stdout).not.toMatch(later);
      expect(stdout).toMatch(/interrupted: the cluster goes down\n$/);
      expect(tour.descendants()).toEqual([]);
      expect(leftIn(tour.folder)).toEqual([]);
    },
    90_000,
  );
});

describe("what cannot be started", { timeout: 90_000 }, () => {
  const refused = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await start(args).ended;
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).not.toMatch(/^\s+at /m);
    return stderr;
  };
  test.concurrent("an unknown option", async () => {
    const words = await refused("--no-kafak");
    expect(words).toMatch(/--no-kafak[\s\S]*--cluster FILE[\s\S]*--json[\s\S]*--stay[\s\S]*--no-kafka/);
  });
  test.concurrent("a renewal where there is nothing to renew, or nobody real", async () => {
    const [nothing, nobody] = await Promise.all([refused("--renew"), refused("--renew", "--no-kafka")]);
    expect(nothing).toMatch(/lab\.yml know each other by nothing.*secure\.yml/);
    expect(nobody).toMatch(/leave out --no-kafka/);
  });
  test.concurrent("a definition that is not there", async () => {
    expect(await refused("--cluster", join(files, "none.yml"))).toMatch(/none\.yml: cannot be read/);
  });
  test.concurrent("broken YAML, with the line", async () => {
    const broken = fileIn(files, "broken.yml", "cluster: lab\nzones: [\n");
    expect(await refused("--cluster", broken)).toMatch(/broken\.yml[\s\S]*line \d/);
  });
  test.concurrent("a wrong definition, with every error at once", async () => {
    const wrong = fileIn(
      files,
      "wrong.yml",
      LAB.replace("mode: kraft", "mode: raft").replace("10.0.3.10", "10.0.1.10").replace("sweep: 2", "sweap: 2"),
    );
    const words = await refused("--cluster", wrong);
    expect(words).toContain("kafka.mode");
    expect(words).toContain("10.0.1.10");
    expect(words).toContain("sweap");
  });
  test.concurrent("a cluster that would not stand the tour", async () => {
    const small = fileIn(files, "small.yml", readFileSync(NARROW, "utf8").replace(/(broker:\n\s+perZone:) 3/, "$1 1"));
    expect(await refused("--cluster", small)).toMatch(/at least 3 of each role.*has 1 broker:/);
  });
  test.concurrent("subnets that do not fit on this machine", async () => {
    const vast = fileIn(
      files,
      "vast.yml",
      LAB.replaceAll(/10\.0\.([123])\.0\/24/g, "10.$1.0.0/16").replaceAll(/10\.0\.(\d)\.10/g, "10.$1.0.10"),
    );
    expect(await refused("--cluster", vast)).toMatch(/cidr blocks/);
  });
});

describe("npm start -- --json --no-kafka", () => {
  let end: Ended;
  beforeAll(async () => {
    end = await lab.ended;
  }, TOUR);

  test("ends well, and every line is JSON", () => {
    expect(end).toMatchObject({ status: 0, stderr: "" });
    const types = linesOf(end).map(({ type }) => type);
    expect(types.filter((type) => type === "step")).toHaveLength(9);
    expect(types).not.toContain("warning");
    expect(types).not.toContain("problem");
  });
  test("the last line is the summary", () => {
    const summary = summaryOf(end);
    expect(summary).toEqual({
      ok: true,
      kafka: { real: false, version: "modelled", reason: "--no-kafka" },
      nodes: [101, 102, 103, 1, 2, 3].map((id) => ({
        role: id > 100 ? "controller" : "broker",
        id,
        zone: expect.stringMatching(/^eu-central-1[abc]$/),
        address: expect.stringMatching(/^127\.\d+\.[012]\.\d+$/),
        instance: expect.stringMatching(/^i-[0-9a-f]{17}$/),
        state: "InService",
      })),
      launch: { seconds: expect.any(Number), own: expect.any(Number) },
      replacements: [
        { role: "broker", id: 1, kind: "died", sameAddress: null },
        { role: "broker", id: 2, kind: "terminated", sameAddress: null },
        { role: "broker", id: 3, kind: "unhealthy", sameAddress: null },
        { role: "controller", id: 101, kind: "terminated", sameAddress: true },
      ].map((one) => ({
        ...one,
        old: expect.stringMatching(/^i-/),
        new: expect.stringMatching(/^i-/),
        sameId: true,
        seconds: expect.any(Number),
      })),
      messages: { acknowledged: expect.any(Number), read: expect.any(Number), lost: 0, duplicated: 0 },
      replay: { events: expect.any(Number), changes: 0 },
      apiCalls: expect.any(Object),
    });
    expect(summary.messages.acknowledged).toBeGreaterThan(1_000);
    expect(summary.messages.read).toBe(summary.messages.acknowledged);
    expect(summary.replay.events).toBeGreaterThan(50);
    for (const { role, id, old, new: replacement } of summary.replacements) {
      expect(replacement).not.toBe(old);
      expect(summary.nodes).toContainEqual(expect.objectContaining({ role, id, instance: replacement }));
    }
    // One per launch: six at first, then each replacement's.
    expect(summary.apiCalls["autoscaling:CompleteLifecycleAction"]).toBeGreaterThanOrEqual(10);
    expect(summary.apiCalls["dynamodb:UpdateItem"]).toBeGreaterThan(10);
    expect(summary.apiCalls["ec2:AttachNetworkInterface"]).toBeGreaterThanOrEqual(4);
  });
  test("nothing of it is left", () => {
    expect(lab.descendants()).toEqual([]);
    expect(leftIn(lab.folder)).toEqual([]);
  });
});

describe("without Java, in one zone", () => {
  let end: Ended;
  beforeAll(async () => {
    end = await narrow.ended;
  }, TOUR);

  test("it says so at the start and in the summary, and goes on with modelled nodes", () => {
    expect(end.status).toBe(0);
    const [first] = linesOf(end);
    expect(first).toMatchObject({ type: "warning", text: expect.stringContaining("NO REAL KAFKA: there is no java") });
    const { ok, kafka } = summaryOf(end);
    expect({ ok, kafka }).toMatchObject({
      ok: true,
      kafka: { real: false, reason: expect.stringContaining("no java") },
    });
  });
  test("one zone has all of it", () => {
    const { nodes } = summaryOf(end);
    expect(nodes.map((n) => n.id)).toEqual([101, 102, 103, 1, 2, 3]);
    expect(new Set(nodes.map((n) => n.zone))).toEqual(new Set(["eu-central-1a"]));
  });
});

const hasAws = (process.env.PATH ?? "").split(delimiter).some((folder) => {
  try {
    accessSync(join(folder, "aws"), constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

describe("--stay, with more brokers and other ids", () => {
  beforeAll(async () => {
    await wide.said(/The cluster stays up/, TOUR);
  }, TOUR);

  test("the tour has gone well", async () => {
    const [text] = await wide.said(/✓ Every node came back as itself[\s\S]*(?=The cluster stays up)/, 1_000);
    expect(text).toMatch(/9 nodes in service after/);
    expect(text).toMatch(/broker 1000 \(died\).*same id/);
    expect(text).toMatch(/broker 1001 \(terminated\).*same id/);
    expect(text).toMatch(/broker 1002 \(unhealthy\).*same id/);
    expect(text).toMatch(/controller 41 \(terminated\).*same id, same address/);
  });
  test("it tells how to look at it and how to hurt it, and that no Kafka client can reach it", async () => {
    const [text] = await wide.said(/The cluster stays up[\s\S]*modelled\./, 5_000);
    expect(text).toMatch(/export AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:\d+ AWS_REGION=us-west-2/);
    expect(text).toMatch(/aws ec2 terminate-instances --instance-ids i-[0-9a-f]{17}/);
    expect(text).toContain("No Kafka client can reach it");
  });
  test.skipIf(!hasAws)(
    "the AWS CLI looks at it and hurts it as told, and what happens shows (skipped where there is no aws)",
    async () => {
      const [text] = await wide.said(/The cluster stays up[\s\S]*modelled\./, 5_000);
      const exports = [...text.matchAll(/^ {2}export .*$/gm)].map(([line]) => line.trim());
      const told = [...text.matchAll(/^ {2}aws .*$/gm)].map(([line]) => line.trim());
      expect(told).toHaveLength(6);
      const shell = (line = "") =>
        promisify(execFile)("bash", ["-c", [...exports, line].join("; ")], { timeout: 60_000 });
      const [groups, scan, commands] = await Promise.all(told.slice(0, 3).map(shell));
      expect(groups?.stdout.match(/^i-[0-9a-f]{17}\s+InService$/gm)).toHaveLength(9);
      expect(JSON.parse(scan?.stdout ?? "")).toMatchObject({ Items: expect.any(Array) });
      expect(commands?.stdout).toMatch(/rollcall configure \S+ #1 \S+\s+Success/);
      const [, instance = ""] = /--instance-id (\S+)/.exec(told[4] ?? "") ?? [];
      await shell(told[4]);
      await wide.said(new RegExp(`${instance}.*InService → Terminating`), 20_000);
    },
    90_000,
  );
  test("Ctrl-C ends it with the tour's own status, and nothing is left", async () => {
    wide.interrupt();
    const { status, stdout } = await wide.ended;
    expect(status).toBe(0);
    expect(stdout).toMatch(/the cluster goes down\n$/);
    expect(wide.descendants()).toEqual([]);
    expect(leftIn(wide.folder)).toEqual([]);
  }, 30_000);
});
