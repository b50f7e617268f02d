/** Powertools' logger and metrics: structured lines and CloudWatch metrics (EMF), both on standard output. */
import { Logger } from "@aws-lambda-powertools/logger";
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { logMetrics } from "@aws-lambda-powertools/metrics/middleware";
import type { MiddlewareObj } from "@middy/core";
import type { Log } from "../lifecycle/ports.ts";
import type { Outcome } from "../lifecycle/reconcile.ts";

/**
 * What the functions count; each with the dimensions `cluster` and `service` (the function).
 *
 * - `Settled`, `Waiting`, `Held`, `Done`: instances looked at, by outcome. **Held above 0 wants an operator.**
 * - `LeftAlone`: events that were nobody's business
 * - `Changes`: changes made in the world
 * - `Warnings`: warnings logged, holds among them
 * - `Failed`: invocations that failed, and in a sweep instances whose pass did
 * - `Left`: instances that a sweep's time did not suffice for
 */
export type Counter =
  | "Settled"
  | "Waiting"
  | "Held"
  | "Done"
  | "LeftAlone"
  | "Changes"
  | "Warnings"
  | "Failed"
  | "Left";

export interface Telemetry {
  readonly log: Log;
  count(counter: Counter, by?: number): void;
  /** Puts the invocation's context into the log lines, and writes the metrics out at its end, however it ends. */
  readonly middlewares: readonly MiddlewareObj[];
}

/** Nothing is logged or counted. */
export const silence: Telemetry = {
  log: { info() {}, warn() {} },
  count() {},
  middlewares: [],
};

const KINDS = { settled: "Settled", waiting: "Waiting", held: "Held", done: "Done" } as const;

/** Counts instances by outcome, each kind at least with a zero: an alarm on a kind ends with the first count without it. */
export function countOutcomes(telemetry: Pick<Telemetry, "count">, outcomes: readonly Outcome[]): void {
  for (const [kind, counter] of Object.entries(KINDS)) {
    telemetry.count(counter, outcomes.filter(({ outcome }) => outcome === kind).length);
  }
  telemetry.count(
    "Changes",
    outcomes.reduce((sum, { changes }) => sum + changes.length, 0),
  );
}

export function powertools(service: string, cluster: string): Telemetry {
  const logger = new Logger({ serviceName: service, persistentKeys: { cluster } });
  const metrics = new Metrics({ namespace: "Rollcall", serviceName: service, defaultDimensions: { cluster } });
  // Answers nothing: what a middleware answers, middy takes for the function's answer.
  const count = (counter: Counter, by = 1): void => {
    metrics.addMetric(counter, MetricUnit.Count, by);
  };
  return {
    log: {
      info: (message, detail) => logger.info(message, { ...detail }),
      warn(message, detail) {
        count("Warnings");
        logger.warn(message, { ...detail });
      },
    },
    count,
    // What is used last hears of an error first, so that the failure is counted before the metrics get out.
    middlewares: [
      injectLambdaContext(logger),
      logMetrics(metrics, { captureColdStartMetric: true }),
      { onError: () => count("Failed") },
    ],
  };
}
