/** Ports whose calls are written down and answered from what a test gives; a call that it gives no answer to fails. */
import type { Ports } from "../../shared/lifecycle/ports.ts";
import { memoryTable } from "../../shared/members/memory.ts";
import { NOW } from "./scene.ts";

export interface Call {
  /** E.g. `fleet.complete`. */
  readonly name: string;
  readonly given: readonly unknown[];
}

/** What each port answers; a function is called with what the port was given, and may throw. */
export interface Answers {
  readonly now?: () => number;
  readonly table?: Ports["table"];
  readonly by?: Readonly<Record<string, unknown>>;
}

export function portsOf({ now = () => NOW, table = memoryTable(), by = {} }: Answers = {}) {
  const calls: Call[] = [];
  const said: { level: "info" | "warn"; message: string; detail: Readonly<Record<string, unknown>> }[] = [];
  const answered =
    <T>(name: string) =>
    async (...given: readonly unknown[]): Promise<T> => {
      calls.push({ name, given });
      if (!(name in by)) throw new Error(`${name} is not to be called here`);
      const answer = by[name];
      return (typeof answer === "function" ? answer(...given) : answer) as T;
    };
  let uuids = 0;
  const ports: Ports = {
    clock: { now, wait: answered("clock.wait") },
    fleet: {
      look: answered("fleet.look"),
      complete: answered("fleet.complete"),
      heartbeat: answered("fleet.heartbeat"),
      markUnhealthy: answered("fleet.markUnhealthy"),
    },
    instances: { look: answered("instances.look") },
    addresses: {
      look: answered("addresses.look"),
      attach: answered("addresses.attach"),
      detach: answered("addresses.detach"),
      keepOnTermination: answered("addresses.keepOnTermination"),
    },
    commands: {
      agent: answered("commands.agent"),
      send: answered("commands.send"),
      look: answered("commands.look"),
    },
    table,
    kafka: {
      brokers: answered("kafka.brokers"),
      listeners: answered("kafka.listeners"),
      quorum: answered("kafka.quorum"),
      ensemble: answered("kafka.ensemble"),
    },
    ids: {
      kafkaUuid: () => {
        uuids += 1;
        return `uuid-${uuids}`;
      },
    },
    log: {
      info: (message, detail) => void said.push({ level: "info", message, detail }),
      warn: (message, detail) => void said.push({ level: "warn", message, detail }),
    },
  };
  return { ports, calls, said };
}
