/** `npm start`: the lab comes up, gives its tour, and leaves nothing behind. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Definition } from "../shared/cluster/definition.ts";
import { definitionJson } from "../shared/cluster/json.ts";
import { parseDefinition } from "../shared/cluster/parse.ts";
import { DefinitionError } from "../shared/cluster/problems.ts";
import { type RealClock, realClock } from "./clock.ts";
import { Interrupted, type Interruption, interruption } from "./interruption.ts";
import type { Journal } from "./journal.ts";
import { findExhibitor } from "./kafka/exhibitor.ts";
import { findKafka } from "./kafka/jars.ts";
import { type Lab, startLab } from "./lab.ts";
import { toLoopback } from "./loopback.ts";
import { modelledNodes, type Nodes, realNodes } from "./nodes.ts";
import { packageTemplate } from "./package.ts";
import { takeSlot } from "./slot.ts";
import { lookAround } from "./stay.ts";
import { Observer } from "./tour/observe.ts";
import { castOf } from "./tour/security.ts";
import { keepShowing } from "./tour/show.ts";
import { giveTour, tooSmall } from "./tour/tour.ts";
import { createView, type View } from "./view.ts";

const USAGE = `npm start -- [options]

  --cluster FILE  the cluster's definition (default: clusters/lab.yml)
  --json          one JSON object a line, the last one the summary
  --stay          keep the cluster up until Ctrl-C, and tell how to look at it and hurt it
  --renew         renew all that nodes know each other by: their password twice in a row, certificate and authority (longer)
  --no-kafka      modelled nodes instead of real Kafka
  --help          this text

Exit status: 0 all was well; 1 something was not; 2 the options or the definition are wrong; 130 interrupted.
ROLLCALL_LAB names the folder for what the lab keeps and runs (default: .lab in the project).`;

interface Options {
  readonly cluster: string;
  readonly json: boolean;
  readonly stay: boolean;
  readonly real: boolean;
  readonly renew: boolean;
}

class UsageError extends Error {}

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** What the lab keeps between runs. */
const KEPT = resolve(process.env.ROLLCALL_LAB || join(ROOT, ".lab"));
/** Machines and packages, while it runs. */
const SCRATCH = join(KEPT, "run");
/** What each node was told and did. */
const LOG = join(KEPT, "last-run.log");

function optionsOf(args: string[]): Options | "help" {
  try {
    const { values } = parseArgs({
      args,
      options: {
        cluster: { type: "string", default: join(ROOT, "clusters/lab.yml") },
        json: { type: "boolean", default: false },
        stay: { type: "boolean", default: false },
        renew: { type: "boolean", default: false },
        "no-kafka": { type: "boolean", default: false },
        help: { type: "boolean", default: false, short: "h" },
      },
    });
    if (values.help) return "help";
    const { cluster, json, stay, renew } = values;
    return { cluster, json, stay, renew, real: !values["no-kafka"] };
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
  const definition = parseDefinition(text, file);
  const small = tooSmall(definition);
  if (small !== undefined) throw new UsageError(`--cluster ${file}: ${small}`);
  try {
    castOf(definition);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`--cluster ${file}: ${error.message}`);
  }
  return definition;
}

/** Throws where there is nothing to renew. */
function refuseRenewal({ cluster, real }: Options, { security }: Definition): void {
  if (!real) throw new UsageError("--renew shows what real nodes do: leave out --no-kafka");
  if (!security)
    throw new UsageError(
      `--renew: the nodes of --cluster ${cluster} know each other by nothing; take one with security, e.g. clusters/secure.yml`,
    );
}

function moved(definition: Definition, slot: number): Definition {
  try {
    return toLoopback(definition, slot);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(error.message);
  }
}

async function main(args: string[]): Promise<number> {
  const options = optionsOf(args);
  if (options === "help") {
    console.log(USAGE);
    return 0;
  }
  const declared = readCluster(options.cluster);
  if (options.renew) refuseRenewal(options, declared);
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
  const interrupted = interruption();
  // With JSON the summary is the last line.
  interrupted.promise.catch(() => options.json || view.note("interrupted: the cluster goes down"));
  const slot = await takeSlot();
  try {
    const definition = moved(declared, slot.number);
    const nodes = await chooseNodes(options, definition, clock, view, interrupted.signal);
    try {
      return await inLab(options, definition, nodes, slot.number, clock, view, interrupted);
    } finally {
      await nodes.machines.close();
    }
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    throw error;
  } finally {
    interrupted.dispose();
    await slot.release();
  }
}

/** @throws {Interrupted} */
async function inLab(
  { stay, json, renew }: Options,
  definition: Definition,
  nodes: Nodes,
  slot: number,
  clock: RealClock,
  view: View,
  { signal, promise }: Interruption,
): Promise<number> {
  view.step("The stack is packaged by sls, and deployed with IAM enforced");
  const template = await packageTemplate(definition, SCRATCH, signal);
  const told: string[] = [];
  const lab = await startLab({
    definition,
    template,
    clock,
    machines: nodes.machines,
    kafka: nodes.view,
    seed: slot,
    say: (line) => told.push(`${new Date(clock.now()).toISOString()} ${line}`),
  });
  try {
    view.done();
    view.note(`cloud: ${lab.endpoint}; addresses of ${definition.cluster}: 127.${slot}.0.0/16`);
    const { summary, problems } = await giveTour({
      ...nodes,
      lab,
      view,
      interrupted: promise,
      renew,
      template: (next) => packageTemplate(next, SCRATCH, signal),
    });
    if (!stay) view.summary(summary, problems, whereNext(summary.ok));
    else {
      const file = keepDefinition(lab.definition, slot);
      try {
        view.summary(summary, problems, lookAround(lab, nodes.kafka.real, file));
        await staying(lab, json ? undefined : view, promise);
      } finally {
        rmSync(file, { force: true });
      }
    }
    return summary.ok ? 0 : 1;
  } finally {
    keepLog(lab.journal, told);
    await lab.close();
  }
}

/** Until Ctrl-C; shows what happens to the cluster, but where the summary has to be the last line. */
async function staying(lab: Lab, view: View | undefined, interrupted: Promise<never>): Promise<void> {
  const screen = view && keepShowing(lab, view, new Observer(lab));
  await interrupted.catch(() => {});
  await screen?.stop();
}

/** Real nodes where they are wanted and can be had; why they cannot is said, and again in the summary. */
async function chooseNodes(
  options: Options,
  definition: Definition,
  clock: RealClock,
  view: View,
  signal: AbortSignal,
): Promise<Nodes> {
  if (!options.real) {
    view.note("modelled nodes, as --no-kafka asks: no Kafka runs");
    return modelledNodes(clock, "--no-kafka", definition.kafka.mode);
  }
  const found = await findKafka({
    mode: definition.kafka.mode,
    environment: process.env,
    cache: KEPT,
    say: (line) => view.note(line),
    signal,
  });
  if (signal.aborted) throw new Interrupted("interrupted");
  if ("missing" in found) {
    view.warn(`NO REAL KAFKA: ${found.missing}. The nodes are modelled.`);
    return modelledNodes(clock, found.missing, definition.kafka.mode);
  }
  view.note(`Kafka ${found.version} from ${found.home}`);
  if (definition.kafka.version !== found.version) {
    view.warn(`the definition asks for Kafka ${definition.kafka.version}; the lab runs ${found.version}`);
  }
  if (!definition.roles.some(({ supervisor }) => supervisor?.kind === "exhibitor"))
    return realNodes(found, SCRATCH, clock);
  const exhibitor = await findExhibitor(
    { environment: process.env, cache: KEPT, say: (line) => view.note(line), signal },
    found,
  );
  if (signal.aborted) throw new Interrupted("interrupted");
  if ("missing" in exhibitor) {
    view.warn(`NO EXHIBITOR: ${exhibitor.missing}. The nodes are modelled.`);
    return modelledNodes(clock, exhibitor.missing, definition.kafka.mode);
  }
  view.note(`Exhibitor ${exhibitor.version} from ${exhibitor.home}`);
  return realNodes(found, SCRATCH, clock, exhibitor);
}

/** The definition at this machine's addresses, for the command line while the cluster is up: where it lies. */
function keepDefinition(definition: Definition, slot: number): string {
  const file = join(KEPT, `cluster-${slot}.json`);
  mkdirSync(KEPT, { recursive: true });
  writeFileSync(file, JSON.stringify(definitionJson(definition)));
  return file;
}

/** What was said in this run, for whoever wonders afterwards. */
function keepLog(journal: Journal, told: readonly string[]): void {
  mkdirSync(KEPT, { recursive: true });
  const lines = journal.sayings.map((s) => {
    const at = new Date(s.at).toISOString();
    return `${at} ${s.function} ${s.instance ?? "-"} ${s.row ?? "-"} ${s.grave ? "WARN " : ""}${s.message}`;
  });
  writeFileSync(LOG, `${[...lines, ...told].sort().join("\n")}\n`);
}

function whereNext(ok: boolean): string[] {
  const below = relative(process.cwd(), LOG);
  const log = below.startsWith("..") ? LOG : below;
  if (!ok) return [`What each node was told and did is in ${log}.`];
  return [
    "Next: keep the cluster up, look at it and hurt it yourself:",
    "  npm start -- --stay",
    "Define a cluster of your own: copy clusters/lab.yml, and try it with --cluster FILE.",
    `How it decides: docs/architecture.md. What was said in this run: ${log}.`,
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
