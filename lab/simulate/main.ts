/**
 * `npm run simulate -- --seeds N [--from S] [--json]`: plays N histories and says what became of them.
 * `npm run simulate -- --seed S [--trace]`: plays one again, and with `--trace` tells all of it.
 */
import { parseArgs } from "node:util";
import { play } from "./history.ts";
import { playOnThreads } from "./pool.ts";
import { scenarioOf } from "./scenario.ts";
import { count, emptyTally, type Tally } from "./tally.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

const started = performance.now();
const tally = values.seed === undefined ? await many() : await one(whole("seed", values.seed));
const seconds = (performance.now() - started) / 1000;
for (const { seed, invariant, detail } of tally.failures) {
  console.log(`seed ${seed} breaks invariant ${invariant}: ${detail}`);
}
if (values.json) {
  const { failures: _, ...counts } = tally;
  console.log(JSON.stringify({ ...counts, seconds: Math.round(seconds * 10) / 10 }));
} else {
  const rate = (tally.seeds / seconds).toFixed(0);
  console.log(`${tally.seeds} histories, ${tally.failed} failed, ${seconds.toFixed(1)} s (${rate} a second)`);
}
process.exitCode = tally.failed > 0 ? 1 : 0;

function many(): Promise<Tally> {
  return playOnThreads({ from: whole("from", values.from), seeds: whole("seeds", values.seeds) });
}

async function one(seed: number): Promise<Tally> {
  const alone = emptyTally();
  count(alone, await play(scenarioOf(seed), values.trace ? { trace: (line) => console.log(line) } : {}));
  return alone;
}

function whole(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) {
    console.error(`--${name} takes a whole number, not ${text}`);
    process.exit(2);
  }
  return number;
}
