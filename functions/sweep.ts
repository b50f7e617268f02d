import middy from "@middy/core";
import { deadlineOf } from "../shared/lambda/budget.ts";
import { atFirstCall, type LambdaHandler } from "../shared/lambda/handler.ts";
import { type FunctionOptions, production } from "../shared/lambda/production.ts";
import { countOutcomes, measureCluster, silence } from "../shared/lambda/telemetry.ts";
import { sweep } from "../shared/lifecycle/sweep.ts";

/** How many instances a sweep found in which outcome, and those that are held or failed, with the reason. */
export interface SweepAnswer {
  readonly settled: number;
  readonly waiting: number;
  readonly done: number;
  readonly held: readonly { readonly instance: string; readonly reason: string }[];
  readonly failed: readonly { readonly instance: string; readonly reason: string }[];
  /** Instances left for the next sweep, for want of time. */
  readonly left: number;
}

/**
 * Looks at everything once, whatever woke it. An instance whose pass fails does not fail the sweep, for the next one comes
 * within its period; it is logged, counted and answered.
 *
 * The handler throws where the first looks at the whole cluster fail.
 */
export function sweepHandler({ plan, ports, telemetry = silence }: FunctionOptions): LambdaHandler<SweepAnswer> {
  return middy({ timeoutEarlyInMillis: 0 })
    .use([...telemetry.middlewares])
    .handler(async (_event: unknown, context): Promise<SweepAnswer> => {
      const { outcomes, failures, left, gauges } = await sweep(plan, ports, {
        deadline: deadlineOf(context, ports.clock),
      });
      measureCluster(telemetry, gauges);
      countOutcomes(telemetry, outcomes);
      const failed = failures.map(({ instance, error }) => ({
        instance,
        reason: error instanceof Error ? error.message : String(error),
      }));
      for (const { instance, reason } of failed)
        telemetry.log.warn(`pass failed: ${reason}`, { instance, row: "sweep/failed" });
      telemetry.count("Failed", failed.length);
      telemetry.count("Left", left.length);
      const of = (kind: (typeof outcomes)[number]["outcome"]) => outcomes.filter(({ outcome }) => outcome === kind);
      return {
        settled: of("settled").length,
        waiting: of("waiting").length,
        done: of("done").length,
        held: of("held").map(({ instance, reason }) => ({ instance, reason })),
        failed,
        left: left.length,
      };
    });
}

/** What Lambda calls. */
export const handler = atFirstCall(() => sweepHandler(production("sweep")));
