/** Commands and what becomes of them on each node. */
import type { Timer } from "../../clock.ts";
import type { ScriptResult } from "../../machines/machine.ts";
import type { Instances } from "../ec2/instances.ts";
import { Timeline } from "../timeline.ts";
import type { World } from "../world.ts";
import type { NodeScript, Parameters } from "./content.ts";

export type InvocationStatus = "Pending" | "InProgress" | "Success" | "Failed" | "TimedOut";
export type InvocationDetail =
  | "Pending"
  | "InProgress"
  | "Success"
  | "Failed"
  | "DeliveryTimedOut"
  | "ExecutionTimedOut"
  | "NoInstancesInTag";

export interface Invocation {
  readonly command: Command;
  readonly instance: string;
  readonly status: InvocationStatus;
  readonly detail: InvocationDetail;
  /** -1 until the script has ended. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** ms since the epoch. */
  readonly started?: number;
  readonly ended?: number;
}

export interface Order {
  readonly document: string;
  readonly version: number;
  /** Name of the document's step. */
  readonly plugin: string;
  readonly comment: string;
  readonly parameters: Parameters;
  readonly instances: readonly string[];
  readonly script: NodeScript;
  /** Delivery limit, ms. */
  readonly timeout: number;
}

export interface Command extends Order {
  readonly id: string;
  /** ms since the epoch. */
  readonly requested: number;
  /** From when on reads find it. */
  readonly visible: number;
}

/** What the agent itself keeps of the output, and how it marks that something is missing (amazon-ssm-agent). */
const LIMITS = { stdout: 24_000, stderr: 8_000 };
const TRUNCATED = "--output truncated--";

export class Commands {
  readonly #world: World;
  readonly #instances: Instances;
  readonly #commands = new Map<string, Command>();
  readonly #invocations: Timeline<Invocation>;
  readonly #limits = new Map<string, Timer>();

  constructor(world: World, instances: Instances) {
    this.#world = world;
    this.#instances = instances;
    this.#invocations = new Timeline(() => world.now());
  }

  /** Newest first; those that reads find by then. */
  all(asOf?: number): Command[] {
    const now = Math.min(asOf ?? Number.POSITIVE_INFINITY, this.#world.now());
    return [...this.#commands.values()].filter((c) => c.visible <= now).reverse();
  }

  /** Undefined also where reads do not find it by then. */
  find(id: string, asOf = Number.POSITIVE_INFINITY): Command | undefined {
    const command = this.#commands.get(id);
    return command && command.visible <= Math.min(asOf, this.#world.now()) ? command : undefined;
  }

  invocations(command: Command, asOf?: number): Invocation[] {
    return command.instances.flatMap((instance) => this.#invocations.get(key(command, instance), asOf) ?? []);
  }

  /** Every invocation, found by reads already or not: for the view. */
  everything(): readonly Invocation[] {
    return this.#invocations.values();
  }

  send(order: Order): Command {
    const requested = this.#world.now();
    const visible = requested + this.#world.draw(this.#world.delays.ssm.visible);
    const command = { ...order, id: this.#world.uuid(), requested, visible };
    this.#commands.set(command.id, command);
    for (const instance of command.instances) this.#sendTo(command, instance);
    if (command.instances.length === 0) this.#announceCommand(command);
    return command;
  }

  #sendTo(command: Command, instance: string): void {
    const pending: Invocation = {
      command,
      instance,
      status: "Pending",
      detail: "Pending",
      code: -1,
      stdout: "",
      stderr: "",
    };
    this.#invocations.set(key(command, instance), pending);
    this.#limit(pending, command.timeout, "DeliveryTimedOut");
    const about = { id: command.id, instance, comment: command.comment };
    for (const extra of this.#world.faults.command?.(about) ?? [0]) {
      const delay = extra + this.#world.draw(this.#world.delays.ssm.deliver);
      this.#world.after(delay, () => this.#deliver(command, instance));
    }
  }

  /**
   * The agent runs it, if there still is one. A delivery that comes late or twice runs the script all the same; its
   * invocation tells of the first run only, and not even of that once it has timed out.
   */
  #deliver(command: Command, instance: string): void {
    const machine = this.#instances.machine(instance);
    if (!machine) return;
    const started = this.#world.now();
    const invocation = this.#invocations.get(key(command, instance));
    const first = invocation?.status === "Pending";
    if (first) {
      // The limit of the execution itself is the machine's; this one is for a node that never tells.
      const latest = command.requested + command.timeout + command.script.timeout;
      this.#limit(
        this.#change(invocation, { status: "InProgress", detail: "InProgress", started }),
        latest - started,
        "ExecutionTimedOut",
      );
    }
    const { script, environment, timeout } = command.script;
    machine.run(script, environment, timeout).then(
      (result) => {
        if (first && this.#instances.machine(instance) === machine) this.#report(command, instance, result);
      },
      (error: unknown) => this.#world.log(`command ${command.id} on ${instance}: ${String(error)}`),
    );
  }

  #report(command: Command, instance: string, result: ScriptResult): void {
    const ended = this.#world.now();
    this.#world.after(this.#world.delays.ssm.report, () => {
      const invocation = this.#invocations.get(key(command, instance));
      if (invocation?.status !== "InProgress") return;
      const outlived = result.code === 137 && ended - (invocation.started ?? ended) >= command.script.timeout;
      const outcome = outlived
        ? ({ status: "TimedOut", detail: "ExecutionTimedOut" } as const)
        : result.code === 0
          ? ({ status: "Success", detail: "Success" } as const)
          : ({ status: "Failed", detail: "Failed" } as const);
      const stderr =
        result.code === 0 ? result.stderr : `${result.stderr}failed to run commands: exit status ${result.code}`;
      this.#change(invocation, {
        ...outcome,
        code: result.code,
        stdout: truncated(result.stdout, LIMITS.stdout),
        stderr: truncated(stderr, LIMITS.stderr),
        ended,
      });
    });
  }

  /** What it ends as where nothing else is heard in time. */
  #limit(invocation: Invocation, ms: number, detail: InvocationDetail): void {
    const { command, instance } = invocation;
    const id = key(command, instance);
    this.#limits.get(id)?.cancel();
    const timer = this.#world.after(ms, () => {
      const now = this.#invocations.get(id);
      if (now) this.#change(now, { status: "TimedOut", detail, ended: this.#world.now() });
    });
    this.#limits.set(id, timer);
  }

  #change(invocation: Invocation, change: Partial<Invocation>): Invocation {
    const { command, instance } = invocation;
    const before = this.status(command).status;
    const changed = { ...invocation, ...change };
    this.#invocations.set(key(command, instance), changed);
    if (changed.ended !== undefined) this.#limits.get(key(command, instance))?.cancel();
    this.#announceInvocation(changed);
    if (this.status(command).status !== before) this.#announceCommand(command);
    return changed;
  }

  /** The command as a whole. */
  status(command: Command, asOf?: number): { readonly status: InvocationStatus; readonly detail: InvocationDetail } {
    const invocations = this.invocations(command, asOf);
    if (invocations.length === 0) return { status: "Success", detail: "NoInstancesInTag" };
    const failed = invocations.find((i) => i.status === "Failed") ?? invocations.find((i) => i.status === "TimedOut");
    const open = invocations.filter((i) => i.status === "Pending" || i.status === "InProgress");
    if (open.length === 0) return failed ?? { status: "Success", detail: "Success" };
    const untouched = open.every((i) => i.status === "Pending") && open.length === invocations.length;
    return untouched ? { status: "Pending", detail: "Pending" } : { status: "InProgress", detail: "InProgress" };
  }

  #announceInvocation({ command, instance, status }: Invocation): void {
    this.#announce("EC2 Command Invocation Status-change Notification", [instance], {
      "command-id": command.id,
      "document-name": command.document,
      "instance-id": instance,
      "requested-date-time": new Date(command.requested).toISOString(),
      status,
    });
  }

  #announceCommand(command: Command): void {
    this.#announce("EC2 Command Status-change Notification", command.instances, {
      "command-id": command.id,
      "document-name": command.document,
      "expire-after": new Date(command.requested + command.timeout).toISOString(),
      parameters: command.parameters,
      "requested-date-time": new Date(command.requested).toISOString(),
      status: this.status(command).status,
    });
  }

  /** Samples in "Amazon EventBridge event examples for Systems Manager", its user guide. */
  #announce(detailType: string, instances: readonly string[], detail: object): void {
    const resources = instances.map((instance) => this.#world.arn("ec2", `instance/${instance}`));
    this.#world.emit({ source: "aws.ssm", "detail-type": detailType, resources, detail });
  }
}

function key(command: Command, instance: string): string {
  return `${command.id}/${instance}`;
}

function truncated(text: string, limit: number): string {
  return text.length < limit ? text : text.slice(0, limit - TRUNCATED.length) + TRUNCATED;
}
