/** The whole lab in this process, on its real clock, with modelled nodes: what no event, no function and no view may spoil. */
import { readFileSync } from "node:fs";
import { describe, expect, type TestContext, test } from "vitest";
import { realClock } from "../../lab/clock.ts";
import type { CloudFaults } from "../../lab/cloud/faults.ts";
import type { Call } from "../../lab/cloud/service.ts";
import { compileTemplate } from "../../lab/compile.ts";
import type { Truth } from "../../lab/invariants/truth.ts";
import { type Lab, startLab } from "../../lab/lab.ts";
import { toLoopback } from "../../lab/loopback.ts";
import { modelledNodes } from "../../lab/nodes.ts";
import { takeSlot } from "../../lab/slot.ts";
import { keepGuard } from "../../lab/tour/guard.ts";
import { isOwnChange, nameOfCall } from "../../lab/tour/own-calls.ts";
import { atRest } from "../../lab/tour/rest.ts";
import { giveTour, type TourOptions } from "../../lab/tour/tour.ts";
import { until } from "../../lab/tour/until.ts";
import type { View } from "../../lab/view.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";

const DEFINITION = parseDefinition(
  readFileSync(new URL("../../clusters/lab.yml", import.meta.url), "utf8"),
  "clusters/lab.yml",
);
const LIMIT = 120_000;

interface Opened {
  readonly lab: Lab;
  readonly options: TourOptions;
}

async function open({ onTestFinished }: TestContext, faults: CloudFaults = {}): Promise<Opened> {
  const clock = realClock();
  const slot = await takeSlot();
  const definition = toLoopback(DEFINITION, slot.number);
  const nodes = modelledNodes(clock, "a test");
  const lab = await startLab({
    definition,
    template: compileTemplate(definition),
    clock,
    machines: nodes.machines,
    kafka: nodes.view,
    seed: 1,
    say: () => {},
    faults,
  });
  onTestFinished(async () => {
    await lab.close();
    clock.close();
    await slot.release();
  });
  return { lab, options: { ...nodes, lab, view: silent } };
}

const silent: View = {
  step() {},
  done() {},
  note() {},
  warn() {},
  show() {},
  summary() {},
  close() {},
};

async function inService(lab: Lab): Promise<void> {
  const states = () => lab.cloud.snapshot().groups.flatMap((g) => g.members.map((m) => m.state));
  const all = () => (states().length === 6 && states().every((s) => s === "InService") ? true : undefined);
  await until(lab.clock, "every node in service", LIMIT, all, () => states().join(", "));
}

const isScheduled = (event: { readonly source: string }): boolean => event.source === "aws.events";

describe("the sweep", () => {
  test.concurrent(
    "brings a cluster into service by itself where no event ever arrives, and then leaves it alone",
    async (context) => {
      const { lab, options } = await open(context, { deliveries: (event) => (isScheduled(event) ? [0] : []) });
      const guard = keepGuard(lab, options.truth);
      await lab.launch();
      await inService(lab);
      await atRest(lab);
      const mark = lab.cloud.calls.all().length;
      const { ended } = lab.journal.sweeps;
      const swept = () => (lab.journal.sweeps.ended >= ended + 3 ? true : undefined);
      await until(lab.clock, "three sweeps more", LIMIT, swept, () => `${lab.journal.sweeps.ended} have ended`);
      expect(lab.cloud.calls.all().slice(mark).filter(isOwnChange).map(nameOfCall)).toEqual([]);
      expect(await guard.stop()).toEqual([]);
      expect(lab.journal.sayings.every((saying) => saying.function === "sweep")).toBe(true);
    },
    LIMIT,
  );

  test.concurrent(
    "finishes every launch where the function dies in the middle of a call, and none runs any more",
    async (context) => {
      const never = new Promise<never>(() => {});
      const attempts: string[] = [];
      const isLifecycle = (call: Call): boolean => /lifecycle/i.test(call.caller.role);
      const { lab, options } = await open(context, {
        before: (call) => (isLifecycle(call) && attempts.length > 0 ? never : undefined),
        // This one takes effect, and its answer comes to nobody.
        after(call) {
          if (!isLifecycle(call) || call.action !== "SendCommand") return undefined;
          attempts.push(JSON.stringify(call.input));
          return never;
        },
      });
      const guard = keepGuard(lab, options.truth);
      await lab.launch();
      await inService(lab);
      expect(attempts).toHaveLength(1);
      const launched = lab.journal.sayings.filter((s) => s.function === "sweep" && s.row === "launch/11");
      expect(new Set(launched.map((s) => s.instance)).size).toBe(6);
      expect(await guard.stop()).toEqual([]);
    },
    LIMIT,
  );
});

describe("a tour that must fail", () => {
  test.concurrent(
    "says what keeps the cluster from service, and is not ok",
    async (context) => {
      const { options } = await open(context, {
        launch: (zone) => (zone.endsWith("b") ? "InsufficientInstanceCapacity" : undefined),
      });
      const { summary, problems } = await giveTour({ ...options, within: 12_000 });
      expect(summary.ok).toBe(false);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(
        /waited 12 s for every node in service, but: .*lab-broker-eu-central-1a .* is InService/,
      );
    },
    LIMIT,
  );

  test.concurrent(
    "is not ok where an invariant was broken, however well all else went",
    async (context) => {
      const { options } = await open(context);
      const { truth } = options;
      const lying: Truth = {
        processes: () =>
          truth.processes().flatMap((node) => (node.id === 2 ? [node, { ...node, instance: "i-x" }] : [node])),
      };
      const { summary, problems } = await giveTour({ ...options, truth: lying, within: 12_000, blows: [] });
      expect(summary.ok).toBe(false);
      expect(problems).toContainEqual(
        expect.stringMatching(/^invariant 1 is broken: broker 2 runs on i-[0-9a-f]+ and i-x$/),
      );
      expect(problems).toContainEqual(expect.stringMatching(/^invariant 3 is broken: broker 2 runs on i-x, but /));
    },
    LIMIT,
  );

  test.concurrent(
    "is not ok where messages were lost, or a replay changed something",
    async (context) => {
      const { lab, options } = await open(context);
      const startTraffic: TourOptions["startTraffic"] = async (bootstrap, writer) => {
        const traffic = await options.startTraffic(bootstrap, writer);
        return {
          acknowledged: 0,
          abort: () => traffic.abort(),
          finish: async () => ({ ...(await traffic.finish()), lost: 1 }),
        };
      };
      lab.cloud.bus.subscribe((event) => {
        if (event["replay-name"] === undefined) return;
        const group = { AutoScalingGroupName: "lab-broker-eu-central-1a", MaxSize: 2, DesiredCapacity: 2 };
        void lab.operate("autoscaling", "UpdateAutoScalingGroup", group);
      });
      const { summary, problems } = await giveTour({ ...options, startTraffic, blows: [] });
      expect(summary.ok).toBe(false);
      expect(summary.replay.changes).toBeGreaterThan(0);
      expect(problems).toContain("1 acknowledged messages were lost");
      expect(problems).toContainEqual(expect.stringMatching(/^replaying \d+ events changed \d+ things, not 0$/));
    },
    LIMIT,
  );
});
