/**
 * Network Load Balancers as far as they are modelled: what listens where, and which targets stand behind it. Nothing is
 * forwarded here; whoever builds a door in front of the targets has from here what it leads to.
 */
import type { Group, Member } from "../autoscaling/group.ts";
import type { Instance } from "../ec2/instances.ts";
import { AwsError } from "../service.ts";

export interface LoadBalancer {
  readonly arn: string;
  readonly name: string;
  readonly dnsName: string;
  readonly scheme: "internal" | "internet-facing";
  /** Whether connections that arrive in one zone may go to targets in another. */
  readonly crossZone: boolean;
}

export interface Listener {
  readonly arn: string;
  readonly loadBalancer: string;
  readonly protocol: string;
  readonly port: number;
  /** ARN of the target group that connections are forwarded to. */
  readonly forwardsTo: string;
}

/** How a target is found to be well: a TCP connection to its port. */
export interface HealthCheck {
  /** Milliseconds. */
  readonly interval: number;
  /** Checks in a row. */
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
}

export interface TargetGroup {
  readonly arn: string;
  readonly name: string;
  readonly port: number;
  /** `instance`: members of the Auto Scaling groups that name it; `ip`: the addresses it is given itself. */
  readonly type: "instance" | "ip";
  readonly registered: readonly { readonly address: string; readonly port: number }[];
  readonly healthCheck: HealthCheck;
}

export interface Target {
  readonly address: string;
  readonly port: number;
  /** Absent for an address. */
  readonly instance?: string;
}

interface Fleet {
  groups(): readonly Group[];
  members(group: string): readonly Member[];
  instance(id: string): Instance | undefined;
}

export class Balancers {
  readonly #fleet: Fleet;
  readonly #balancers = new Map<string, LoadBalancer>();
  readonly #listeners = new Map<string, Listener>();
  readonly #targetGroups = new Map<string, TargetGroup>();

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  putBalancer(balancer: LoadBalancer): void {
    this.#balancers.set(balancer.arn, balancer);
  }

  putListener(listener: Listener): void {
    this.#listeners.set(listener.arn, listener);
  }

  putTargetGroup(group: TargetGroup): void {
    this.#targetGroups.set(group.arn, group);
  }

  /** A load balancer, listener or target group. */
  remove(arn: string): void {
    this.#balancers.delete(arn);
    this.#listeners.delete(arn);
    this.#targetGroups.delete(arn);
  }

  all(): LoadBalancer[] {
    return [...this.#balancers.values()];
  }

  listenersOf(balancer: string): Listener[] {
    return [...this.#listeners.values()].filter(({ loadBalancer }) => loadBalancer === balancer);
  }

  /** Throws TargetGroupNotFound. */
  targetGroup(arn: string): TargetGroup {
    const found = this.#targetGroups.get(arn);
    if (found) return found;
    throw new AwsError("TargetGroupNotFound", "One or more target groups not found");
  }

  /**
   * Who is registered now, well or not. Auto Scaling registers an instance when it comes into service, and deregisters it
   * before its termination waits for a hook (its user guide, "How lifecycle hooks work"). Throws TargetGroupNotFound.
   */
  targets(arn: string): Target[] {
    const { type, port, registered } = this.targetGroup(arn);
    if (type === "ip") return [...registered];
    return this.#fleet
      .groups()
      .filter(({ targetGroups }) => targetGroups.includes(arn))
      .flatMap(({ name }) => this.#fleet.members(name))
      .filter(({ state }) => state === "InService")
      .flatMap(({ instance }) => {
        const found = this.#fleet.instance(instance);
        return found ? [{ address: found.address, port, instance }] : [];
      });
  }
}
