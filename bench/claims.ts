/**
 * A hundred new brokers at once, each in search of a node id, through the DynamoDB client and the expressions that run in
 * production, on a local DynamoDB.
 */
import { type Random, seededRandom } from "../lab/random.ts";
import { type Role, roleOf } from "../shared/cluster/definition.ts";
import type { Table } from "../shared/lifecycle/ports.ts";
import { claim, crowdOf, type Share } from "./claimants.ts";
import { classic } from "./classic.ts";
import { labDefinition } from "./definition.ts";
import { type Figure, mean, median, type Section } from "./figure.ts";
import { startLocalTable } from "./local-table.ts";

const CLAIMANTS = 100;
const RUNS = 5;

/** The lab's brokers in their three groups, as many as there are claimants. */
const role: Role = {
  ...roleOf(labDefinition(), "broker"),
  perZone: Math.ceil(CLAIMANTS / 3),
  ids: Array.from({ length: CLAIMANTS }, (_, index) => index + 1),
};

export async function claims(): Promise<Section> {
  const random = seededRandom(20_261_101);
  const local = await startLocalTable();
  try {
    let clusters = 0;
    const crowds = async (seen: Share) => {
      const runs: Run[] = [];
      for (let run = 0; run < RUNS; run += 1) {
        clusters += 1;
        const table = local.of(`bench-${clusters}`);
        runs.push(await allAtOnce(table, seen, random.fork(`crowd ${clusters}`)));
      }
      return runs;
    };
    // The first crowd warms up the code and the connections.
    await crowds({ from: 1, to: 1 });
    const together = await crowds({ from: 1, to: 1 });
    const lagging = await crowds({ from: 0.8, to: 0.98 });
    const most = await crowds({ from: 0.98, to: 0.98 });
    const least = await crowds({ from: 0.8, to: 0.8 });
    const old = await Promise.all(
      Array.from({ length: 101 }, (_, run) => classic(CLAIMANTS, random.fork(`classic ${run}`))),
    );
    return {
      title: `Claims: ${CLAIMANTS} new brokers at once`,
      method:
        `dynalite over loopback, the SDK's DynamoDB client, ${RUNS} runs each: mean of attempts, median of time. ` +
        "A view that lags shows an instance each of the others with the given probability, its own for the whole run; " +
        "what a look lacks, the next shows likewise. Classic: sleep 0–20 s, read the live ids, take the lowest free one, " +
        "register 6 s later; who is lost is replaced at once. 101 runs on a virtual clock, medians.",
      figures: [
        {
          name: "different ids, fewest of any run",
          value: Math.min(...[together, lagging, most, least].flat().map((run) => run.ids)),
          unit: "ids",
          target: { exactly: CLAIMANTS },
        },
        { name: "attempts, all see the same group", ...attempts(together), target: { atMost: 1.1 } },
        { name: "attempts, views lag: 80–98 % of the others seen", ...attempts(lagging), target: { atMost: 1.6 } },
        { name: "attempts, 98 % seen by everybody", ...attempts(most) },
        { name: "attempts, 80 % seen by everybody", ...attempts(least) },
        { name: "time for all (all see the same group)", value: median(together.map((run) => run.time)), unit: "ms" },
        {
          name: "classic way: lost of the first hundred",
          value: median(old.map((run) => run.lost)),
          unit: "instances",
        },
        {
          name: "classic way: lost with replacements",
          value: median(old.map((run) => run.lostInAll)),
          unit: "instances",
        },
        { name: "classic way: time for all", value: median(old.map((run) => run.registered)) / 1000, unit: "s" },
      ],
    };
  } finally {
    local.close();
  }
}

interface Run {
  /** Different ids that were claimed. */
  readonly ids: number;
  /** Claims made per claimant, in the mean. */
  readonly attempts: number;
  /** ms until the last one had its id. */
  readonly time: number;
}

function attempts(runs: readonly Run[]): Pick<Figure, "value" | "unit"> {
  return { value: mean(runs.map((run) => run.attempts)), unit: "attempts" };
}

async function allAtOnce(table: Table, seen: Share, random: Random): Promise<Run> {
  const crowd = crowdOf(role, CLAIMANTS, table, random);
  const started = performance.now();
  const won = await Promise.all(crowd.claimants.map((claimant) => claim(crowd, claimant, seen, random)));
  return {
    ids: new Set(won.map(({ id }) => id)).size,
    attempts: mean(won.map(({ attempts }) => attempts)),
    time: performance.now() - started,
  };
}
