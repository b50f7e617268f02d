/** A cluster that the runbook is tried on: its alarms are brought about there, its steps taken as they are written, and both noted. */
import type { Call } from "../../lab/cloud/service.ts";
import type { Lab } from "../../lab/lab.ts";
import type { Definition, RoleName } from "../../shared/cluster/definition.ts";
import { alarming, meter } from "./alarms.ts";
import { type Answer, type Bench, startBench } from "./lab.ts";
import { holds, perform, type Section, type Words } from "./runbook.ts";

/** What of the runbook has been tried, on whichever cluster. */
export interface Tried {
  /** `node-held: npx rollcall status` */
  readonly commands: Set<string>;
  /** `terminate/2: the turn is another's` */
  readonly holds: Set<string>;
  /** Kinds of alarms that rang, and ended. */
  readonly alarms: Set<string>;
}

export const nothingTried = (): Tried => ({ commands: new Set(), holds: new Set(), alarms: new Set() });

const ALARM_PERIOD = 60_000;
type Step = readonly [command: RegExp, words?: Words];

export class Trial {
  /** What becomes of a call before it takes effect. */
  refuse: (call: Call) => void = () => {};
  readonly definition: Definition;
  readonly #sections: readonly Section[];
  readonly #tried: Tried;
  readonly #meter = meter();
  #bench: Bench | undefined;

  constructor(definition: Definition, sections: readonly Section[], tried: Tried) {
    this.definition = definition;
    this.#sections = sections;
    this.#tried = tried;
  }

  get bench(): Bench {
    if (!this.#bench) throw new Error("no cluster has been started");
    return this.#bench;
  }

  async start(beforeLaunch?: (lab: Lab) => Promise<void>): Promise<void> {
    const before = (call: Call): undefined => this.refuse(call) as undefined;
    const { definition } = this;
    const { telemetry } = this.#meter;
    this.#bench = await startBench({
      definition,
      telemetry,
      faults: { before },
      ...(beforeLaunch && { beforeLaunch }),
    });
  }

  close = async (): Promise<void> => this.#bench?.close();

  /** Runs those commands of a section, each with what the situation calls for. */
  run = async (title: string, ...steps: readonly Step[]): Promise<Answer[]> => {
    const section = this.#sections.find((one) => one.title === title);
    if (!section) throw new Error(`the runbook has no section ${title}`);
    const answers: Answer[] = [];
    for (const [pattern, words = {}] of steps) {
      const command = section.commands.find((line) => pattern.test(line));
      if (command === undefined) throw new Error(`section ${title} has no command like ${pattern}`);
      this.#tried.commands.add(`${title}: ${command}`);
      answers.push(await perform(this.bench, command, words));
    }
    return answers;
  };

  /** Waits until that is why it is held, explains it as the runbook says, and notes that line of its table as tried. */
  held = async (INSTANCE: string, row: string, because: RegExp, reason: RegExp): Promise<Answer> => {
    const lines = holds(this.#sections).filter((line) => line.row === row && because.test(line.because));
    const [line] = lines;
    if (!line || lines.length > 1) throw new Error(`${lines.length} lines of the table are about ${row}, ${because}`);
    // What holds it may change to and fro, as when others have the turn one after the other.
    const explained = await this.bench.until(`explain says why ${INSTANCE} is held`, async () => {
      await this.heldAt(INSTANCE, reason);
      const [answer] = await this.run("node-held", [/rollcall explain/, { INSTANCE }]);
      // What only a member can tell of the quorum, explain does not ask: it tells what the record says.
      const asks = answer?.out.includes("does the quorum stand without it");
      const told = answer?.out.includes(asks ? "held since" : `holds (${row})`) && reason.test(answer.out);
      return told ? answer : undefined;
    });
    this.#tried.holds.add(`${line.row}: ${line.because}`);
    return explained;
  };

  heldAt = (instance: string, words: RegExp): Promise<true> =>
    this.bench.until(
      `${instance} is held`,
      async () => words.test((await this.bench.record(instance))?.hold?.reason ?? "") || undefined,
    );

  readonly #rang = new Set<string>();
  rings = async (kind: string): Promise<void> => {
    await this.bench.until(`alarm ${kind} rings`, () => this.#ringing().includes(kind) || undefined);
    this.#rang.add(kind);
  };
  ends = async (kind: string): Promise<void> => {
    await this.bench.until(`alarm ${kind} has ended`, () => !this.#ringing().includes(kind) || undefined);
    if (this.#rang.has(kind)) this.#tried.alarms.add(kind);
  };

  /** Kinds of the alarms that would ring now. */
  #ringing(): string[] {
    const { cloud, clock } = this.bench.lab;
    const since = clock.now() - ALARM_PERIOD;
    return alarming(this.definition, {
      values: this.#meter.values,
      queues: cloud.snapshot().queues,
      sweeps: cloud.calls.all().filter((call) => call.at > since && /sweep/i.test(call.caller.role)).length,
      errors: (name) => cloud.functions.errors(name, since),
    });
  }

  operate = (service: string, action: string, input: object): Promise<object> =>
    this.bench.lab.operate(service, action, input);
  terminate = (InstanceId: string, ShouldDecrementDesiredCapacity = false): Promise<object> =>
    this.operate("autoscaling", "TerminateInstanceInAutoScalingGroup", { InstanceId, ShouldDecrementDesiredCapacity });
  launches = (GROUP: string, on: boolean): Promise<object> =>
    this.operate("autoscaling", on ? "ResumeProcesses" : "SuspendProcesses", {
      AutoScalingGroupName: GROUP,
      ScalingProcesses: ["Launch"],
    });
  ownerOf = async (id: number, role: RoleName = "broker"): Promise<string | undefined> =>
    (await this.bench.lab.table.readAll()).rosters.get(role)?.members.get(id)?.owner;
  replaced = (id: number, former: string, role: RoleName = "broker"): Promise<string> =>
    this.bench.until(`${role} ${id} is another instance`, async () => {
      const owner = await this.ownerOf(id, role);
      return owner === former ? undefined : owner;
    });
  groupOf = (instance: string): string =>
    this.bench.lab.cloud.snapshot().groups.find((g) => g.members.some((m) => m.instance === instance))?.name ?? "";
  takeTurn = (id: number, instance: string): Promise<unknown> =>
    this.bench.lab.table.takeTurn({
      role: "broker",
      id,
      instance,
      since: this.bench.lab.clock.now(),
      reason: "a test",
    });
  switchOff = (name: string): Promise<object> =>
    this.operate("lambda", "PutFunctionConcurrency", { ...this.#function(name), ReservedConcurrentExecutions: 0 });
  switchOn = (name: string): Promise<object> =>
    this.operate("lambda", "DeleteFunctionConcurrency", this.#function(name));
  letters = (queue: string): number =>
    this.bench.lab.cloud.snapshot().queues[`rollcall-${this.definition.cluster}-${queue}`] ?? 0;

  #function = (name: string) => ({ FunctionName: `rollcall-${this.definition.cluster}-${name}` });
}
