/** `npm start`: the lab comes up, gives its tour, and leaves nothing behind. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Definition } from "../shared/cluster/definition.ts";
import { parseDefinition } from "../shared/cluster/parse.ts";
import { DefinitionError } from "../shared/cluster/problems.ts";
import { type RealClock, realClock } from "./clock.ts";
import { compileTemplate } from "./compile.ts";
import type { Journal } from "./journal.ts";
import { findKafka } from "./kafka/jars.ts";
import { startLab } from "./lab.ts";
import { toLoopback } from "./loopback.ts";
import { modelledNodes, type Nodes, realNodes } from "./nodes.ts";
import { takeSlot } from "./slot.ts";
import { lookAround } from "./stay.ts";
import { giveTour } from "./tour/tour.ts";
import { createView, type View } from "./view.ts";

const USAGE = `npm start -- [options]

  --cluster FILE  the cluster's definition (default: clusters/lab.yml)
  --json          one JSON object a line, the last one the summary
  --stay          keep the cluster up until Ctrl-C, and tell how to look at it and hurt it
  --no-kafka      modelled nodes instead of real Kafka
  --help          this text`;

interface Options {
  readonly cluster: string;
  readonly json: boolean;
  readonly stay: boolean;
  readonly real: boolean;
}

class UsageError extends Error {}

/** The project's folder; what the lab keeps between runs is in `.lab` there. */
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const KEPT = join(ROOT, ".lab");

function optionsOf(args: string[]): Options | "help" {
  try {
    const { values } = parseArgs({
      args,
      options: {
        cluster: { type: "string", default: join(ROOT, "clusters/lab.yml") },
        json: { type: "boolean", default: false },
        stay: { type: "boolean", default: false },
        "no-kafka": { type: "boolean", default: false },
        help: { type: "boolean", default: false, short: "h" },
      },
    });
    if (values.help) return "help";
    return { cluster: values.cluster, json: values.json, stay: values.stay, real: !values["no-kafka"] };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

function readCluster(file: string): Definition {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `--cluster ${file}: cannot be read (${why}); name a cluster definition, e.g. clusters/lab.yml`,
    );
  }
  return parseDefinition(text, file);
}

async function main(args: string[]): Promise<number> {
  const options = optionsOf(args);
  if (options === "help") {
    console.log(USAGE);
    return 0;
  }
  const declared = readCluster(options.cluster);
  const clock = realClock();
  const view = createView({
    out: process.stdout,
    json: options.json,
    now: () => clock.now(),
    environment: process.env,
    signals: process,
  });
  try {
    return await run(options, declared, clock, view);
  } finally {
    view.close();
    clock.close();
  }
}

async function run(options: Options, declared: Definition, clock: RealClock, view: View): Promise<number> {
  const slot = await takeSlot();
  const definition = toLoopback(declared, slot.number);
  const nodes = await chooseNodes(options, definition, clock, view);
  const told: string[] = [];
  const stopped = interruption();
  const lab = await startLab({
    definition,
    template: compileTemplate(definition),
    clock,
    machines: nodes.machines,
    kafka: nodes.view,
    seed: slot.number,
    say: (line) => told.push(`${new Date(clock.now()).toISOString()} ${line}`),
  });
  try {
    view.note(`cloud: ${lab.endpoint}; addresses of ${declared.cluster}: 127.${slot.number}.0.0/16`);
    const end = await Promise.race([giveTour({ ...nodes, lab, view }), stopped.promise]);
    keepLog(lab.journal, told);
    if (end === undefined) return 130;
    const next = options.stay ? lookAround(lab) : whereNext(end.summary.ok);
    view.summary(end.summary, end.problems, next);
    if (options.stay && (await stopped.promise) === undefined && !options.json) console.log("the cluster goes down");
    return end.summary.ok ? 0 : 1;
  } finally {
    stopped.dispose();
    await lab.close();
    await slot.release();
  }
}

/** Real nodes where they are wanted and can be had; why they cannot is said, and again in the summary. */
async function chooseNodes(options: Options, definition: Definition, clock: RealClock, view: View): Promise<Nodes> {
  if (!options.real) {
    view.note("modelled nodes, as --no-kafka asks: no Kafka runs");
    return modelledNodes(clock, "--no-kafka");
  }
  const found = await findKafka({ environment: process.env, cache: KEPT, say: (line) => view.note(line) });
  if ("missing" in found) {
    view.warn(`NO REAL KAFKA: ${found.missing}. The nodes are modelled.`);
    return modelledNodes(clock, found.missing);
  }
  view.note(`Kafka ${found.version} from ${found.home}`);
  if (definition.kafka.version !== found.version) {
    view.warn(`the definition asks for Kafka ${definition.kafka.version}; the lab runs ${found.version}`);
  }
  return realNodes(found, join(KEPT, "run"), clock);
}

/** Resolves at Ctrl-C or SIGTERM. */
function interruption(): { readonly promise: Promise<undefined>; dispose(): void } {
  let stop: () => void = () => {};
  const promise = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
  });
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  return {
    promise,
    dispose() {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    },
  };
}

/** What was said in this run, for whoever wonders afterwards. */
function keepLog(journal: Journal, told: readonly string[]): void {
  mkdirSync(KEPT, { recursive: true });
  const lines = journal.sayings.map((s) => {
    const at = new Date(s.at).toISOString();
    return `${at} ${s.function} ${s.instance ?? "-"} ${s.row ?? "-"} ${s.grave ? "WARN " : ""}${s.message}`;
  });
  writeFileSync(join(KEPT, "last-run.log"), `${[...lines, ...told].sort().join("\n")}\n`);
}

function whereNext(ok: boolean): string[] {
  if (!ok) return ["What each node was told and did is in .lab/last-run.log."];
  return [
    "Next: keep the cluster up, look at it and hurt it yourself:",
    "  npm start -- --stay",
    "Define a cluster of your own: copy clusters/lab.yml, and try it with --cluster FILE.",
    "How it decides: docs/architecture.md. What was said in this run: .lab/last-run.log.",
  ];
}

// A reader that has seen enough (`npm start | head`) ends the program as Ctrl-C does, and so leaves nothing behind.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.emit("SIGTERM");
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof DefinitionError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
