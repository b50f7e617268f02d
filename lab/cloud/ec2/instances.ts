/** EC2 instances: their states, the machines that run them, and their primary network interfaces. */
import type { Machine, MachineKind } from "../../machines/machine.ts";
import { AwsError } from "../service.ts";
import { Timeline } from "../timeline.ts";
import type { World } from "../world.ts";
import type { Interfaces } from "./interfaces.ts";
import type { Subnet } from "./subnets.ts";
import type { Tag } from "./tags.ts";

/** `StopInstances` ends the machine too: nothing here starts a stopped instance again. */
export type InstanceState = "pending" | "running" | "stopping" | "stopped" | "shutting-down" | "terminated";

export interface Instance {
  readonly id: string;
  readonly type: string;
  readonly subnet: Subnet;
  /** Primary private address; EC2 no longer tells it once the instance is terminated. */
  readonly address: string;
  /** Name or ARN of its instance profile. */
  readonly profile?: string;
  readonly tags: readonly Tag[];
  readonly state: InstanceState;
  /** ms since the epoch. */
  readonly launched: number;
  readonly ended?: number;
  readonly reason?: { readonly code: string; readonly message: string };
}

export interface Launch {
  readonly type: string;
  readonly subnet: Subnet;
  readonly tags: readonly Tag[];
  readonly profile?: string | undefined;
}

export class Instances {
  readonly #world: World;
  readonly #machines: MachineKind;
  readonly #interfaces: Interfaces;
  readonly #instances: Timeline<Instance>;
  readonly #running = new Map<string, Machine>();
  readonly #watchers: ((instance: Instance) => void)[] = [];

  constructor(world: World, machines: MachineKind, interfaces: Interfaces) {
    this.#world = world;
    this.#machines = machines;
    this.#interfaces = interfaces;
    this.#instances = new Timeline(() => world.now());
  }

  /** Calls back after every change of state. */
  watch(watcher: (instance: Instance) => void): void {
    this.#watchers.push(watcher);
  }

  /** Throws where the subnet has no address left, or EC2 no capacity. */
  launch({ type, subnet, tags, profile }: Launch): Instance {
    const refusal = this.#world.faults.launch?.(subnet.zone);
    if (refusal) {
      throw new AwsError(
        refusal,
        `We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${subnet.zone}).`,
        500,
      );
    }
    const id = this.#world.id("i");
    const address = this.#interfaces.createPrimary(subnet, id);
    const instance: Instance = {
      id,
      type,
      subnet,
      address,
      tags,
      state: "pending",
      launched: this.#world.now(),
      ...(profile !== undefined && { profile }),
    };
    this.#enter(instance);
    this.#world.after(this.#world.delays.ec2.boot, () => this.#boot(id));
    return instance;
  }

  /** Described until some time after their end, as it was `asOf`. */
  all(asOf?: number): Instance[] {
    const oldest = this.#world.now() - this.#world.delays.ec2.remember;
    return this.#instances.values(asOf).filter((i) => i.state !== "terminated" || (i.ended ?? 0) > oldest);
  }

  find(id: string, asOf?: number): Instance | undefined {
    const instance = this.#instances.get(id, asOf);
    const forgotten = this.#world.now() - this.#world.delays.ec2.remember;
    return instance?.state === "terminated" && (instance.ended ?? 0) <= forgotten ? undefined : instance;
  }

  /** Throws InvalidInstanceID.Malformed or .NotFound. */
  get(id: string, asOf?: number): Instance {
    if (!/^i-[0-9a-f]{8}([0-9a-f]{9})?$/.test(id)) {
      throw new AwsError("InvalidInstanceID.Malformed", `Invalid id: "${id}"`);
    }
    const instance = this.find(id, asOf);
    if (!instance) throw new AwsError("InvalidInstanceID.NotFound", `The instance ID '${id}' does not exist`);
    return instance;
  }

  /** What runs it; undefined before it runs and after its end. */
  machine(id: string): Machine | undefined {
    return this.#running.get(id);
  }

  /** Power off, disk gone, at once: what runs on it gets no warning. Harmless where it ends already. */
  terminate(id: string, reason: Instance["reason"]): void {
    const instance = this.get(id);
    if (instance.state === "terminated" || instance.state === "shutting-down") return;
    this.#enter({ ...instance, state: "shutting-down", ended: this.#world.now(), ...(reason && { reason }) });
    this.#end(id, () => {
      this.#interfaces.release(id);
      this.#change(id, "terminated");
    });
  }

  /** Throws IncorrectInstanceState where it does not run. */
  stop(id: string): void {
    const instance = this.get(id);
    if (instance.state === "stopped" || instance.state === "stopping") return;
    if (instance.state !== "running") {
      throw new AwsError(
        "IncorrectInstanceState",
        `The instance '${id}' is not in a state from which it can be stopped.`,
      );
    }
    this.#enter({ ...instance, state: "stopping", ended: this.#world.now() });
    this.#end(id, () => {
      if (this.#instances.get(id)?.state === "stopping") this.#change(id, "stopped");
    });
  }

  reboot(id: string): void {
    const machine = this.machine(this.get(id).id);
    if (!machine) throw new AwsError("IncorrectInstanceState", `The instance '${id}' is not in the 'running' state.`);
    machine.reboot().catch((error: unknown) => this.#world.log(`reboot of ${id} failed: ${String(error)}`));
  }

  #boot(id: string): void {
    const instance = this.#instances.get(id);
    if (instance?.state !== "pending") return;
    const { subnet, address } = instance;
    this.#running.set(id, this.#machines.create({ instance: id, zone: subnet.zone, address }));
    this.#change(id, "running");
  }

  /** Calls back when nothing of it runs any more, and EC2 has taken its time. */
  #end(id: string, ended: () => void): void {
    const machine = this.#running.get(id);
    this.#running.delete(id);
    const gone = machine?.destroy() ?? Promise.resolve();
    this.#world.after(this.#world.delays.ec2.shutdown, () => {
      gone.then(ended, (error: unknown) => {
        this.#world.log(`the machine of ${id} would not end: ${String(error)}`);
      });
    });
  }

  #change(id: string, state: InstanceState): void {
    const instance = this.#instances.get(id);
    if (instance) this.#enter({ ...instance, state });
  }

  #enter(instance: Instance): void {
    this.#instances.set(instance.id, instance);
    // Sample in AWS's guide "State change events for Amazon EC2 instances".
    this.#world.emit({
      source: "aws.ec2",
      "detail-type": "EC2 Instance State-change Notification",
      resources: [this.#world.arn("ec2", `instance/${instance.id}`)],
      detail: { "instance-id": instance.id, state: instance.state },
    });
    for (const watcher of this.#watchers) watcher(instance);
  }
}
