/**
 * What the sweep is there for, on real Kafka: no event arrives, or the function that an event has woken dies in the middle. One
 * small cluster goes through both.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RealClock, realClock } from "../../lab/clock.ts";
import type { CloudFaults } from "../../lab/cloud/faults.ts";
import type { Call } from "../../lab/cloud/service.ts";
import { compileTemplate } from "../../lab/compile.ts";
import { type Lab, startLab } from "../../lab/lab.ts";
import { toLoopback } from "../../lab/loopback.ts";
import { type Nodes, realNodes } from "../../lab/nodes.ts";
import { takeSlot } from "../../lab/slot.ts";
import { type Guard, keepGuard } from "../../lab/tour/guard.ts";
import { strike, waits } from "../../lab/tour/hurt.ts";
import { Observer } from "../../lab/tour/observe.ts";
import { isOwnChange, nameOfCall } from "../../lab/tour/own-calls.ts";
import { atRest } from "../../lab/tour/rest.ts";
import type { Traffic } from "../../lab/tour/traffic.ts";
import { until } from "../../lab/tour/until.ts";
import { CLIENT_PORT } from "../../shared/cluster/role-kinds.ts";
import { definition as whole } from "../definition.ts";
import { kafkaFor, kafkaTitle } from "./found-kafka.ts";
import { keepingControllers } from "./real-cluster.ts";

const kafka = await kafkaFor("kraft");
/** Ms. */
const LIMIT = 240_000;
const never = new Promise<never>(() => {});

describe.skipIf("missing" in kafka)(`the sweep on ${kafkaTitle(kafka)}`, () => {
  let lab: Lab;
  let nodes: Nodes;
  let guard: Guard;
  let traffic: Traffic | undefined;
  let close = async (): Promise<void> => {};
  /** Whether EventBridge delivers anything but the schedule. */
  let events = false;
  /** What the lifecycle function sent to nodes before it died; from then on none runs any more. */
  const sent: Call[] = [];

  const faults: CloudFaults = {
    deliveries: (event) => (events || event.source === "aws.events" ? [0] : []),
    before: (call) => (isLifecycle(call) && sent.some(configures) ? never : undefined),
    // This one takes effect, and its answer comes to nobody.
    after(call) {
      if (!isLifecycle(call) || call.action !== "SendCommand") return undefined;
      sent.push(call);
      return configures(call) ? never : undefined;
    },
  };

  beforeAll(async () => {
    if ("missing" in kafka) return;
    const slot = await takeSlot();
    const clock: RealClock = realClock();
    const dir = mkdtempSync(join(tmpdir(), "rollcall-sweep-"));
    close = async () => {
      clock.close();
      await slot.release();
      rmSync(dir, { recursive: true, force: true });
    };
    const definition = toLoopback(keepingControllers(whole, 1), slot.number);
    nodes = realNodes(kafka, dir, clock);
    const template = compileTemplate(definition);
    const { machines, view } = nodes;
    lab = await startLab({ definition, template, clock, machines, kafka: view, seed: 1, say: () => {}, faults });
    const rest = close;
    close = () => lab.close().finally(rest);
    guard = keepGuard(lab, nodes.truth);
  });
  afterAll(async () => {
    await traffic?.abort();
    await close();
  });

  test("with every event dropped brings the cluster into service by itself, and then leaves it alone", async () => {
    await lab.launch();
    const states = (): string[] => lab.cloud.snapshot().groups.flatMap((g) => g.members.map((m) => m.state));
    const all = (): true | undefined =>
      states().length === 4 && states().every((s) => s === "InService") ? true : undefined;
    await until(lab.clock, "every node in service", LIMIT, all, () => waits(lab));
    await atRest(lab);
    const mark = lab.cloud.calls.all().length;
    const { ended } = lab.journal.sweeps;
    const swept = (): true | undefined => (lab.journal.sweeps.ended >= ended + 2 ? true : undefined);
    await until(lab.clock, "two sweeps more", LIMIT, swept, () => `${lab.journal.sweeps.ended} have ended`);
    expect(lab.cloud.calls.all().slice(mark).filter(isOwnChange).map(nameOfCall)).toEqual([]);
    expect(new Set(lab.journal.sayings.map((saying) => saying.function))).toEqual(new Set(["sweep"]));
  });

  test("finishes the launch in which the lifecycle function was killed, and nothing is lost", async () => {
    const observer = new Observer(lab);
    const servers = (await observer.observe()).nodes.flatMap((n) =>
      n.role === "broker" && n.address ? [`${n.address}:${CLIENT_PORT}`] : [],
    );
    traffic = await nodes.startTraffic(() => servers);
    events = true;
    const { sameId, new: replacement } = await strike(lab, observer, { role: "broker", id: 2, kind: "terminated" });
    expect(sameId).toBe(true);
    // The function stopped the former instance; of the replacement it knows only that it sent for its configuration.
    expect(sent.filter(configures).map((call) => JSON.stringify(call.input))).toEqual([
      expect.stringContaining(replacement),
    ]);
    const letIn = lab.journal.sayings.filter((s) => s.instance === replacement && s.row === "launch/11");
    expect(new Set(letIn.map((s) => s.function))).toEqual(new Set(["sweep"]));
    const messages = await traffic.finish();
    traffic = undefined;
    expect(messages).toMatchObject({ lost: 0, duplicated: expect.any(Number) });
    expect(messages.acknowledged).toBeGreaterThan(100);
    expect(await guard.stop()).toEqual([]);
  });
});

const isLifecycle = (call: Call): boolean => /lifecycle/i.test(call.caller.role);
const configures = (call: Call): boolean => JSON.stringify(call.input).includes('"configure"');
