/** A modelled cloud on a virtual clock, with machines that do what the test says. */
import { type VirtualClock, virtualClock } from "../../../lab/clock.ts";
import { Cloud } from "../../../lab/cloud/cloud.ts";
import type { Delays } from "../../../lab/cloud/delays.ts";
import type { CloudEvent } from "../../../lab/cloud/events/event.ts";
import type { CloudFaults } from "../../../lab/cloud/faults.ts";
import type { Machine, MachineKind, MachineSpec, ScriptResult } from "../../../lab/machines/machine.ts";
import { seededRandom } from "../../../lab/random.ts";

export const START = Date.parse("2026-09-01T12:00:00Z");
export const LAUNCH = "autoscaling:EC2_INSTANCE_LAUNCHING";
export const TERMINATE = "autoscaling:EC2_INSTANCE_TERMINATING";

/** Fixed, so that a test can say when something happens: ms. */
export const DELAYS: Delays = {
  autoscaling: {
    react: 2_000,
    launchHook: 4_000,
    terminateHook: 1_000,
    proceed: 1_000,
    healthCheck: 20_000,
    unhealthy: 3_000,
    backOff: 30_000,
  },
  ec2: { boot: 10_000, shutdown: 15_000, remember: 3_600_000, attach: 1_000, detach: 2_000 },
  ssm: { register: 20_000, stale: 60_000, deliver: 500, visible: 300, report: 200 },
  events: { deliver: 400, archive: 60_000, replay: 5_000 },
  lambda: { retries: [60_000, 120_000] },
};

/** What a machine was asked to do. */
export interface Run {
  readonly instance: string;
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: number;
}

export class FakeMachines implements MachineKind {
  readonly name = "modelled";
  readonly runs: Run[] = [];
  readonly plugged = new Map<string, Set<string>>();
  readonly destroyed = new Set<string>();
  /** How a script ends. */
  answer: (run: Run) => Promise<ScriptResult> = async () => ({ code: 0, stdout: "{}\n", stderr: "" });

  create({ instance }: MachineSpec): Machine {
    const plugged = new Set<string>();
    this.plugged.set(instance, plugged);
    return {
      run: (script, environment, timeout) => {
        const run = { instance, script, environment, timeout };
        this.runs.push(run);
        return this.answer(run);
      },
      plug: (address) => plugged.add(address),
      unplug: (address) => plugged.delete(address),
      reboot: async () => {},
      destroy: async () => {
        this.destroyed.add(instance);
      },
      breakKafka: async () => {},
    };
  }

  async close(): Promise<void> {}
}

export interface Ground {
  readonly cloud: Cloud;
  readonly clock: VirtualClock;
  readonly machines: FakeMachines;
  readonly log: string[];
  /** Every event so far, and when it came: ms since START. */
  readonly events: { readonly at: number; readonly event: CloudEvent }[];
  /** Calls and answers as a plain record, for a test to look into. */
  call<Output = Record<string, unknown>>(service: string, action: string, input?: object): Promise<Output>;
  /** Code and status of the error that the call must end with. */
  refused(service: string, action: string, input?: object): Promise<{ code: string; status: number; message: string }>;
  /** Milliseconds since START. */
  elapsed(): number;
  eventsOf(detailType: string): CloudEvent[];
}

export interface GroundOptions {
  readonly faults?: CloudFaults;
  readonly seed?: number;
  readonly delays?: Delays;
  /** Given: IAM is enforced for everybody else. */
  readonly administrators?: readonly string[];
}

export function ground(options: GroundOptions = {}): Ground {
  const clock = virtualClock(START);
  const machines = new FakeMachines();
  const log: string[] = [];
  const cloud = new Cloud({
    scheduler: clock,
    random: seededRandom(options.seed ?? 1),
    machines,
    region: "eu-central-1",
    delays: options.delays ?? DELAYS,
    faults: options.faults ?? {},
    log: (line) => log.push(line),
    ...(options.administrators && { administrators: options.administrators }),
  });
  for (const [index, letter] of ["a", "b", "c"].entries()) {
    cloud.ec2.subnets.add({
      id: `subnet-${letter}`,
      vpc: "vpc-1",
      zone: `eu-central-1${letter}`,
      cidr: `10.0.${index + 1}.0/24`,
    });
  }
  const events: Ground["events"] = [];
  cloud.bus.subscribe((event) => events.push({ at: clock.now() - START, event }));
  const call: Ground["call"] = async <Output>(service: string, action: string, input: object = {}) =>
    (await cloud.call(service, action, input, { role: "test" })) as Output;
  return {
    cloud,
    clock,
    machines,
    log,
    events,
    call,
    async refused(service, action, input) {
      const error: unknown = await call(service, action, input).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof Error) || !("code" in error) || !("status" in error)) {
        throw new Error(`${service}:${action} was not refused: ${String(error)}`);
      }
      return { code: String(error.code), status: Number(error.status), message: error.message };
    },
    elapsed: () => clock.now() - START,
    eventsOf: (detailType) => events.map((e) => e.event).filter((e) => e["detail-type"] === detailType),
  };
}

export const HOOKS = [
  { LifecycleHookName: "launch", LifecycleTransition: LAUNCH, HeartbeatTimeout: 600, DefaultResult: "ABANDON" },
  { LifecycleHookName: "terminate", LifecycleTransition: TERMINATE, HeartbeatTimeout: 600, DefaultResult: "CONTINUE" },
];

/** A group of that desired capacity in zone a, with a launch and a terminate hook unless the input says otherwise. */
export async function createGroup(on: Ground, desired: number, input: object = {}): Promise<void> {
  const templates = await on.call<{ LaunchTemplates: unknown[] }>("ec2", "DescribeLaunchTemplates");
  if (templates.LaunchTemplates.length === 0) {
    const LaunchTemplateData = { InstanceType: "m7g.large" };
    await on.call("ec2", "CreateLaunchTemplate", { LaunchTemplateName: "node", LaunchTemplateData });
  }
  await on.call("autoscaling", "CreateAutoScalingGroup", {
    AutoScalingGroupName: "brokers-a",
    MinSize: 0,
    MaxSize: 10,
    DesiredCapacity: desired,
    VPCZoneIdentifier: "subnet-a",
    LaunchTemplate: { LaunchTemplateName: "node", Version: "$Latest" },
    LifecycleHookSpecificationList: HOOKS,
    ...input,
  });
}

export interface DescribedMember {
  readonly InstanceId: string;
  readonly LifecycleState: string;
  readonly HealthStatus: string;
  readonly AvailabilityZone: string;
}

export async function members(on: Ground, group = "brokers-a"): Promise<DescribedMember[]> {
  const { AutoScalingGroups } = await on.call<{ AutoScalingGroups: { Instances: DescribedMember[] }[] }>(
    "autoscaling",
    "DescribeAutoScalingGroups",
    { AutoScalingGroupNames: [group] },
  );
  return AutoScalingGroups[0]?.Instances ?? [];
}

export async function stateOf(on: Ground, instance: string): Promise<string | undefined> {
  return (await members(on)).find((m) => m.InstanceId === instance)?.LifecycleState;
}

/** Ends an action by instance and hook; group `brokers-a`. */
export async function complete(on: Ground, instance: string, hook: string, result: string): Promise<void> {
  await on.call("autoscaling", "CompleteLifecycleAction", {
    AutoScalingGroupName: "brokers-a",
    LifecycleHookName: hook,
    InstanceId: instance,
    LifecycleActionResult: result,
  });
}

/** A group in service: answers its instances, oldest first. */
export async function inService(on: Ground, desired: number, input: object = {}): Promise<string[]> {
  await createGroup(on, desired, input);
  await on.clock.runFor(DELAYS_UNTIL_WAIT);
  const ids = (await members(on)).map((m) => m.InstanceId);
  for (const id of ids) {
    const hooked = on.cloud.groups.actions.all().filter((a) => a.instance === id);
    for (const { hook } of hooked) await complete(on, id, hook.name, "CONTINUE");
  }
  await on.clock.runFor(60_000);
  const now = await members(on);
  if (now.length !== desired || now.some((m) => m.LifecycleState !== "InService")) {
    throw new Error(`not in service: ${JSON.stringify(now)}`);
  }
  return ids;
}

const DELAYS_UNTIL_WAIT = 2_000 + 4_000 + 100;
