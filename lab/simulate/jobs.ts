/** What a thread can be told to do. Each job says in plain values what is to be played, and comes to a tally. */
import { type CrashPoints, playCrashPoints } from "./crash-points.ts";
import { type Orders, playOrders } from "./orders.ts";
import { playSeeds, type Range } from "./seeds.ts";
import type { Tally } from "./tally.ts";

export type Job =
  | ({ readonly kind: "seeds" } & Range)
  | ({ readonly kind: "crash points" } & CrashPoints)
  | ({ readonly kind: "orders" } & Orders);

export function perform(job: Job): Promise<Tally> {
  switch (job.kind) {
    case "seeds":
      return playSeeds(job);
    case "crash points":
      return playCrashPoints(job);
    case "orders":
      return playOrders(job);
  }
}
