/** Powertools' logger and metrics: structured lines and CloudWatch metrics (EMF), both on standard output. */
import { Logger } from "@aws-lambda-powertools/logger";
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { logMetrics } from "@aws-lambda-powertools/metrics/middleware";
import type { MiddlewareObj } from "@middy/core";
import type { Gauges } from "../lifecycle/gauges.ts";
import type { Log } from "../lifecycle/ports.ts";
import type { Outcome } from "../lifecycle/reconcile.ts";
import { type Counter, FREE_IDS, GAUGES, type Gauge, NAMESPACE } from "./metrics.ts";

export interface Telemetry {
  readonly log: Log;
  count(counter: Counter, by?: number): void;
  measure(gauge: Gauge, value: number): void;
  /** Puts the invocation's context into the log lines, and writes the metrics out at its end, however it ends. */
  readonly middlewares: readonly MiddlewareObj[];
}

/** Nothing is logged or counted. */
export const silence: Telemetry = {
  log: { info() {}, warn() {} },
  count() {},
  measure() {},
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

/** The cluster's gauges as metrics, times in seconds. */
export function measureCluster(telemetry: Pick<Telemetry, "measure">, gauges: Gauges): void {
  telemetry.measure("MissingNodes", gauges.missing);
  telemetry.measure("LongestLaunch", gauges.longestLaunch / 1000);
  telemetry.measure("LongestAbsence", gauges.longestAbsence / 1000);
  if (gauges.access) {
    telemetry.measure("AccessDrift", gauges.access.drift);
    telemetry.measure("AccessAge", gauges.access.age / 1000);
  }
  for (const [role, free] of gauges.freeIds) telemetry.measure(FREE_IDS[role], free);
}

/** A function's telemetry, each line and metric with the service's and the cluster's name. */
export function powertools(service: string, cluster: string): Telemetry {
  const logger = new Logger({ serviceName: service, persistentKeys: { cluster } });
  const metrics = new Metrics({ namespace: NAMESPACE, serviceName: service, defaultDimensions: { cluster } });
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
    measure(gauge, value) {
      metrics.addMetric(gauge, GAUGES[gauge], value);
    },
    // What is used last hears of an error first, so that the failure is counted before the metrics get out.
    middlewares: [
      injectLambdaContext(logger),
      logMetrics(metrics, { captureColdStartMetric: true }),
      { onError: () => count("Failed") },
    ],
  };
}
