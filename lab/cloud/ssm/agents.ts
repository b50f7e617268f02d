/** SSM agents: they register some time after their instance runs, and seem online for a while after it has ended. */
import type { Instance, Instances } from "../ec2/instances.ts";
import type { Iam } from "../iam/iam.ts";
import { agentDemands, instanceMay } from "../iam/node-calls.ts";
import { Timeline } from "../timeline.ts";
import type { World } from "../world.ts";

interface Registration {
  readonly instance: string;
  /** The instance's primary private address. */
  readonly address: string;
  /** ms since the epoch. */
  readonly registered: number;
  /** From when on its silence shows: set when its instance ends. */
  readonly lost?: number;
}

export interface Agent extends Registration {
  readonly ping: "Online" | "ConnectionLost";
}

export class Agents {
  readonly #world: World;
  readonly #instances: Instances;
  readonly #iam: Iam;
  readonly #agents: Timeline<Registration>;

  constructor(world: World, instances: Instances, iam: Iam) {
    this.#world = world;
    this.#instances = instances;
    this.#iam = iam;
    this.#agents = new Timeline(() => world.now());
    instances.watch((instance) => this.#follow(instance));
  }

  /** Registered agents; those of terminated instances are gone once their silence shows. */
  all(asOf?: number): Agent[] {
    const now = Math.min(asOf ?? Number.POSITIVE_INFINITY, this.#world.now());
    const agents = this.#agents.values(asOf).map((agent): Agent => {
      const silent = agent.lost !== undefined && agent.lost <= now;
      return { ...agent, ping: silent ? "ConnectionLost" : "Online" };
    });
    return agents.filter((a) => a.ping === "Online" || this.#state(a.instance, asOf) !== "terminated");
  }

  /** SSM takes commands for registered agents whose instance is not known to have ended. */
  accepts(instance: string): boolean {
    const state = this.#state(instance);
    return this.#agents.get(instance) !== undefined && state !== "stopped" && state !== "terminated";
  }

  /** Its process dies, or comes back, while its instance runs on. */
  silence(instance: string, silent = true): void {
    const agent = this.#agents.get(instance);
    if (!agent) return;
    const { lost: _, ...online } = agent;
    this.#agents.set(instance, silent ? { ...online, lost: this.#world.now() } : online);
  }

  #state(instance: string, asOf?: number): Instance["state"] {
    return this.#instances.find(instance, asOf)?.state ?? "terminated";
  }

  #follow({ id, address, state }: Instance): void {
    if (state === "running") {
      const delay = this.#world.faults.agent?.(id) ?? this.#world.draw(this.#world.delays.ssm.register);
      if (delay !== "never") this.#world.after(delay, () => this.#register(id, address));
      return;
    }
    const agent = this.#agents.get(id);
    if (!agent || agent.lost !== undefined) return;
    this.#agents.set(id, { ...agent, lost: this.#world.now() + this.#world.draw(this.#world.delays.ssm.stale) });
  }

  #register(instance: string, address: string): void {
    const host = this.#instances.find(instance);
    if (host?.state !== "running") return;
    if (!instanceMay(this.#iam, this.#world, host, agentDemands(this.#world, instance))) return;
    this.#agents.set(instance, { instance, address, registered: this.#world.now() });
  }
}
