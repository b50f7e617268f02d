/**
 * What it costs to start each function: the weight of its bundle, and the time until its first answer and until a launch's
 * first change, in fresh Node processes, next to a function that does nothing.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { bundle, FUNCTIONS, type Weight, weigh } from "../resources/bundle.ts";
import { type Definition, roleOf } from "../shared/cluster/definition.ts";
import { type StillCloud, startStillCloud, TABLE } from "./cloud.ts";
import { labDefinition } from "./definition.ts";
import { type Figure, median, type Section } from "./figure.ts";

const RUNS = 7;
/** ms: a process that has not come to its point by then never will. */
const PATIENCE = 30_000;
const INSTANCE = "i-0123456789abcdef0";

/** One way to call a function, from the start of a fresh process to its answer or to its first change. */
interface Course {
  readonly name: string;
  readonly function: string;
  readonly event: unknown;
  readonly until: "answer" | "change";
  /** An instance waits in its launch hook. */
  readonly waiting: boolean;
}

export async function cold(): Promise<Section> {
  const outdir = await mkdtemp(join(tmpdir(), "rollcall-cold-"));
  const cloud = await startStillCloud();
  try {
    const definition = labDefinition();
    const functions = { ...FUNCTIONS, empty: "bench/empty-function.ts", runner: "bench/cold-runner.ts" };
    const metafile = await bundle({ outdir, functions, definition });
    const weights = new Map(Object.keys(FUNCTIONS).map((name) => [name, weigh(metafile, name)]));
    const courses = coursesOf(definition);
    const times = new Map<string, number[]>(courses.map(({ name }) => [name, []]));
    // In turn, so that whatever else this machine does meets all of them alike. The first round warms up the disk's cache.
    for (let run = 0; run <= RUNS; run += 1) {
      for (const course of courses) {
        const time = await measure(course, outdir, cloud, definition);
        if (run > 0) times.get(course.name)?.push(time);
      }
    }
    const medians = new Map([...times].map(([name, runs]) => [name, median(runs)]));
    return {
      title: "Cold starts",
      method:
        `Bundles as deployed (esbuild, minified), KB of 1000 bytes. Times from the start of a fresh Node process, ${RUNS} runs ` +
        "in turn, medians; AWS is a still one behind a local endpoint. The ratio is to the function that does nothing.",
      figures: [...[...weights].flatMap(weightFigures), ...courses.flatMap(({ name }) => timeFigures(name, medians))],
    };
  } finally {
    await cloud.close();
    await rm(outdir, { recursive: true, force: true });
  }
}

function coursesOf(definition: Definition): Course[] {
  const launch = launchEvent(groupOfBrokers(definition).name);
  const foreign = launchEvent("somebody-elses");
  const answer = { until: "answer", waiting: false } as const;
  const change = { until: "change", waiting: true } as const;
  return [
    { name: "nothing: answer", function: "empty", event: {}, ...answer },
    { name: "lifecycle: answer", function: "lifecycle", event: foreign, ...answer },
    { name: "sweep: answer", function: "sweep", event: {}, ...answer },
    { name: "kafka: answer", function: "kafka", event: {}, ...answer },
    { name: "lifecycle: a launch's first change", function: "lifecycle", event: launch, ...change },
    { name: "sweep: a launch's first change", function: "sweep", event: {}, ...change },
  ];
}

function groupOfBrokers(definition: Definition) {
  const [group] = roleOf(definition, "broker").groups;
  if (!group) throw new Error("the cluster has no group of brokers");
  return group;
}

function launchEvent(group: string): unknown {
  return {
    version: "0",
    id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "EC2 Instance-launch Lifecycle Action",
    source: "aws.autoscaling",
    time: "2026-09-14T08:21:02Z",
    detail: {
      LifecycleActionToken: "87654321-4321-4321-4321-210987654321",
      AutoScalingGroupName: group,
      LifecycleHookName: "rollcall-launch",
      EC2InstanceId: INSTANCE,
      LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
      Origin: "EC2",
      Destination: "AutoScalingGroup",
      Action: "Launch",
    },
  };
}

const message = v.union([
  v.object({ began: v.number() }),
  v.object({ answered: v.number() }),
  v.object({ failed: v.string() }),
]);

/** ms from the start of a fresh process. */
async function measure(course: Course, outdir: string, cloud: StillCloud, definition: Definition): Promise<number> {
  await cloud.reset(course.waiting ? { group: groupOfBrokers(definition), instance: INSTANCE } : undefined);
  const file = join(outdir, `${course.function}.mjs`);
  const child = spawn(process.execPath, [join(outdir, "runner.mjs"), file, JSON.stringify(course.event)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: {
      AWS_ENDPOINT_URL: cloud.endpoint,
      AWS_REGION: definition.region,
      AWS_ACCESS_KEY_ID: "bench",
      AWS_SECRET_ACCESS_KEY: "bench",
      LAMBDA_TASK_ROOT: outdir,
      ROLLCALL_TABLE: TABLE,
      ROLLCALL_KAFKA_FUNCTION: "rollcall-lab-kafka",
    },
  });
  const ended = once(child, "exit");
  let began = Number.NaN;
  try {
    return await new Promise<number>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${course.name}: ${why}`));
      setTimeout(fail, PATIENCE, `nothing after ${PATIENCE / 1000} s`).unref();
      child.on("error", reject);
      child.on("exit", (code) => fail(`its process ended (${code})`));
      child.on("message", (said) => {
        const told = v.parse(message, said);
        if ("began" in told) began = told.began;
        else if ("failed" in told) fail(told.failed);
        else if (course.until === "answer") resolve(told.answered);
        else fail("it answered without a change");
      });
      if (course.until === "change") cloud.firstChange().then((at) => resolve(at - began), reject);
    });
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

const LIMIT = 400;
/** What a launch can do without until it has an id. */
const HEAVY = ["@aws-sdk/client-ec2/", "kafkajs/"];

function weightFigures([name, { first, total, inputs }]: readonly [string, Weight]): Figure[] {
  const unit = "KB";
  if (name !== "lifecycle") {
    return [
      { name: `${name}: first load`, value: first / 1000, unit },
      { name: `${name}: all it can load`, value: total / 1000, unit },
    ];
  }
  return [
    { name: `${name}: first load`, value: first / 1000, unit, target: { atMost: LIMIT } },
    { name: `${name}: all it can load`, value: total / 1000, unit },
    {
      name: `${name}: sources of EC2's client and kafkajs in the first load`,
      value: inputs.filter((input) => HEAVY.some((part) => input.includes(part))).length,
      unit: "files",
      target: { exactly: 0 },
    },
  ];
}

function timeFigures(name: string, medians: ReadonlyMap<string, number>): Figure[] {
  const time = medians.get(name) ?? Number.NaN;
  const nothing = medians.get("nothing: answer") ?? Number.NaN;
  const figure = { name, value: time, unit: "ms" };
  return time === nothing ? [figure] : [figure, { name: `${name}, ratio`, value: time / nothing, unit: "×" }];
}
