import type { MiddlewareObj } from "@middy/core";
import type { Telemetry } from "../../shared/lambda/telemetry.ts";

export interface Recorded extends Telemetry {
  readonly lines: readonly { readonly level: "info" | "warn"; readonly message: string; readonly detail: unknown }[];
  readonly counts: ReadonlyMap<string, number>;
  readonly measured: ReadonlyMap<string, number>;
  /** How the invocations ended, as the middlewares were told. */
  readonly ends: readonly ("after" | "error")[];
}

/** Keeps what is logged and counted. */
export function recorded(): Recorded {
  const lines: { level: "info" | "warn"; message: string; detail: unknown }[] = [];
  const counts = new Map<string, number>();
  const measured = new Map<string, number>();
  const ends: ("after" | "error")[] = [];
  const watcher: MiddlewareObj = {
    after: () => {
      ends.push("after");
    },
    onError: () => {
      ends.push("error");
    },
  };
  return {
    lines,
    counts,
    measured,
    ends,
    log: {
      info: (message, detail) => lines.push({ level: "info", message, detail }),
      warn: (message, detail) => lines.push({ level: "warn", message, detail }),
    },
    count: (counter, by = 1) => counts.set(counter, (counts.get(counter) ?? 0) + by),
    measure: (gauge, value) => {
      measured.set(gauge, value);
    },
    middlewares: [watcher],
  };
}
