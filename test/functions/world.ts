/** A small cluster behind ports in memory: what the handlers need to be called, and no more. */
import { planFor } from "../../shared/lifecycle/plan.ts";
import type { Ports } from "../../shared/lifecycle/ports.ts";
import type { FleetSight, InstanceState, LifecycleState } from "../../shared/lifecycle/sights.ts";
import { memoryTable } from "../../shared/members/memory.ts";
import { definition } from "../definition.ts";

export { definition } from "../definition.ts";
export const plan = planFor(definition);
export const group = "lab-broker-eu-central-1a";
export const zone = "eu-central-1a";

const START = Date.parse("2026-09-14T08:21:07Z");

export interface World {
  readonly ports: Ports;
  /** Every call of a port, `port.method`, in order. */
  readonly calls: readonly string[];
  /** ms gone by, all of it in waits. */
  elapsed(): number;
}

/** Every port whose answer is not given refuses, so that a test sees what its handler rests on. */
export function world(members: Readonly<Record<string, LifecycleState>>, given: Partial<Ports> = {}): World {
  let now = START;
  const calls: string[] = [];
  const fleet: FleetSight = {
    groups: [
      {
        name: group,
        desired: Object.keys(members).length,
        deleting: false,
        members: Object.entries(members).map(([instance, state]) => ({ instance, state, zone, healthy: true })),
      },
    ],
  };
  const refuse = (what: string) => async () => {
    throw new Error(`${what} is not to be called here`);
  };
  const ports: Ports = {
    clock: {
      now: () => now,
      wait: async (ms) => {
        now += ms;
      },
    },
    fleet: {
      look: async () => fleet,
      complete: refuse("complete"),
      heartbeat: refuse("heartbeat"),
      markUnhealthy: refuse("markUnhealthy"),
    },
    instances: {
      look: async (asked) => new Map(asked.map((id): [string, InstanceState] => [id, "running"])),
    },
    addresses: {
      look: refuse("addresses.look"),
      attach: refuse("attach"),
      detach: refuse("detach"),
      keepOnTermination: refuse("keepOnTermination"),
    },
    commands: { agent: refuse("agent"), send: refuse("send"), look: refuse("commands.look") },
    table: memoryTable(),
    kafka: {
      brokers: async () => ({ seen: false, reason: "no Kafka here" }),
      listeners: async () => new Map(),
      quorum: refuse("quorum"),
      ensemble: refuse("ensemble"),
    },
    ids: { kafkaUuid: () => "AAAAAAAAAAAAAAAAAAAAAA" },
    log: { info() {}, warn() {} },
    ...given,
  };
  return { ports: traced(ports, calls), calls, elapsed: () => now - START };
}

function traced(ports: Ports, calls: string[]): Ports {
  const trace = <Port extends object>(name: string, port: Port): Port =>
    new Proxy(port, {
      get(target, method, receiver) {
        calls.push(`${name}.${String(method)}`);
        return Reflect.get(target, method, receiver);
      },
    });
  const { fleet, instances, addresses, commands, table, kafka } = ports;
  return {
    ...ports,
    fleet: trace("fleet", fleet),
    instances: trace("instances", instances),
    addresses: trace("addresses", addresses),
    commands: trace("commands", commands),
    table: trace("table", table),
    kafka: trace("kafka", kafka),
  };
}
