/** `npm run simulate -- --seeds N [--from S] [--seed S --trace] [--json]` */
import { parseArgs } from "node:util";
import { play } from "./history.ts";
import { scenarioOf } from "./scenario.ts";

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
const first = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
let failed = 0;
let steps = 0;
let calls = 0;
let kills = 0;
let actions = 0;
const faults: Record<string, number> = {};
const rows: Record<string, number> = {};
const excuses: Record<string, number> = {};
for (let seed = first; seed < first + count; seed++) {
  const history = await play(scenarioOf(seed), values.trace ? { trace: (line) => console.log(line) } : {});
  steps += history.steps;
  calls += history.calls;
  kills += history.kills;
  actions += history.actions;
  for (const { kind } of history.faults) faults[kind] = (faults[kind] ?? 0) + 1;
  for (const [kind, n] of Object.entries(history.blows)) faults[kind] = (faults[kind] ?? 0) + n;
  for (const [row, n] of Object.entries(history.rows)) rows[row] = (rows[row] ?? 0) + n;
  if (history.excuse !== undefined) {
    const kind = history.excuse.replace(/i-[0-9a-f]+|\d+/g, "_");
    excuses[kind] = (excuses[kind] ?? 0) + 1;
  }
  if (history.breach) {
    failed += 1;
    console.log(`seed ${seed}: ${history.breach.invariant}: ${history.breach.detail}`);
  }
}
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ seeds: count, failed, steps, calls, kills, actions, faults, rows, excuses, seconds }));
