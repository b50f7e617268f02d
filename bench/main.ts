/**
 * The project's figures: `npm run bench`, `npm run bench -- --json`, `npm run bench -- --only claims,cold`.
 * Exit status 1 where a target is missed, 2 where the options are wrong.
 */
import { parseArgs } from "node:util";
import { apiCalls } from "./api-calls.ts";
import { claims } from "./claims.ts";
import { cold } from "./cold.ts";
import { isMet, type LeftOut, type Section } from "./figure.ts";
import { firstLaunches } from "./first-launches.ts";
import { latency } from "./latency.ts";
import { table } from "./table.ts";

type Measurement = () => Promise<Section | LeftOut>;

const measurements: ReadonlyMap<string, Measurement> = new Map<string, Measurement>([
  ["claims", claims],
  ["launches", firstLaunches],
  ["calls", apiCalls],
  ["latency", latency],
  ["cold", cold],
]);

function chosen(args: string[]): { readonly json: boolean; readonly names: readonly string[] } {
  const { values } = parseArgs({
    args,
    options: { json: { type: "boolean", default: false }, only: { type: "string" } },
  });
  const names = values.only?.split(",") ?? [...measurements.keys()];
  const unknown = names.filter((name) => !measurements.has(name));
  if (unknown.length > 0) {
    throw new TypeError(`--only ${unknown.join(",")}: choose from ${[...measurements.keys()].join(", ")}`);
  }
  return { json: values.json, names };
}

async function main(): Promise<number> {
  const { json, names } = chosen(process.argv.slice(2));
  const sections: Section[] = [];
  const leftOut: LeftOut[] = [];
  for (const name of names) {
    const measure = measurements.get(name);
    if (!measure) continue;
    if (!json && process.stderr.isTTY) process.stderr.write(`measuring ${name} …\n`);
    const measured = await measure();
    if ("missing" in measured) leftOut.push(measured);
    else sections.push(measured);
  }
  const missed = sections.flatMap((section) => section.figures).filter((figure) => !isMet(figure));
  if (json) {
    console.log(JSON.stringify({ ok: missed.length === 0, node: process.version, sections, leftOut }));
  } else {
    console.log(table(sections));
    for (const { title, missing } of leftOut) console.log(`\nLEFT OUT: ${title}: ${missing}`);
    if (missed.length > 0) console.log(`\n${missed.length} missed: ${missed.map((figure) => figure.name).join("; ")}`);
  }
  return missed.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
