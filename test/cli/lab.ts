/** A cluster of modelled nodes behind the lab's HTTP door, on a clock that runs faster, and the command line on it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { ExitCode } from "../../cli/exit.ts";
import { run, type Surroundings } from "../../cli/run.ts";
import type { LoggedCall } from "../../lab/cloud/calls.ts";
import type { CloudFaults } from "../../lab/cloud/faults.ts";
import { compileTemplate } from "../../lab/compile.ts";
import { type Lab, startLab } from "../../lab/lab.ts";
import type { ModelledKafka } from "../../lab/machines/modelled-kafka.ts";
import { modelledNodes } from "../../lab/nodes.ts";
import { waits } from "../../lab/tour/hurt.ts";
import { until } from "../../lab/tour/until.ts";
import type { Definition, RoleName } from "../../shared/cluster/definition.ts";
import { definitionJson } from "../../shared/cluster/json.ts";
import type { Telemetry } from "../../shared/lambda/telemetry.ts";
import type { Clock } from "../../shared/lifecycle/ports.ts";
import type { InstanceRecord, RosterMember } from "../../shared/lifecycle/sights.ts";
import { definition as small } from "../definition.ts";
import { retryAtOnce } from "../retry-at-once.ts";
import { quickClock } from "./quick-clock.ts";

export interface Answer {
  readonly status: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** `npx rollcall` in this process. */
export interface CommandLine {
  /** The definition's file. */
  readonly file: string;
  /** The world around a call, with nothing to read or write. */
  readonly surroundings: Surroundings;
  /** One call of the command line; `--cluster` is given. */
  rollcall(...args: readonly string[]): Promise<Answer>;
  /** The same with `--json`: the object it told. */
  json(...args: readonly string[]): Promise<{ readonly status: ExitCode; readonly told: Told }>;
  /** The same on a terminal, where somebody thinks about the question before they type an answer to it. */
  answering(think: () => Promise<string>, ...args: readonly string[]): Promise<Answer>;
  /** The same, with that signal for Ctrl-C. */
  interruptible(interrupted: AbortSignal, ...args: readonly string[]): Promise<Answer>;
  /** From now on that is in the definition's file. */
  declare(definition: Definition): void;
  close(): void;
}

export interface Bench extends Omit<CommandLine, "close" | "declare"> {
  readonly lab: Lab;
  readonly kafka: ModelledKafka;
  /** For a child process. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the operator has called since that many calls of the cloud. */
  operatorCalls(since: number): LoggedCall[];
  /** Everybody in service with an id, and the turn free. */
  whole(): Promise<void>;
  member(role: RoleName, id: number): Promise<RosterMember & { owner: string }>;
  record(instance: string): Promise<InstanceRecord | undefined>;
  /** The definition as it stands in its file. */
  readonly declared: Definition;
  /** Writes another one. */
  declare(definition: Definition): void;
  /** The stack again, from the one that is declared. */
  deploy(): Promise<void>;
  /** Looks again until the probe answers something. */
  until<T>(what: string, probe: () => Promise<T | undefined> | T | undefined): Promise<T>;
  close(): Promise<void>;
}

/** JSON, as a test looks into it. */
// biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for
export type Told = any;

/** Actions that may change something. Invoking the Kafka function only asks. */
export const MUTATING = /^(?!Describe|Get|List|BatchGet|Query|Scan|Invoke|Simulate)/;

const FACTOR = 60;
/** Milliseconds of the lab's clock. */
const LIMIT = 600_000;

export interface BenchOptions {
  /** The lab's own by default. */
  readonly definition?: Definition;
  readonly faults?: CloudFaults;
  /** Gets what the sweep counts and measures. */
  readonly telemetry?: Telemetry;
  /** What an operator does once the stack is there and nothing runs yet; the cluster is then not waited for. */
  readonly beforeLaunch?: (lab: Lab) => Promise<void>;
}

export async function startBench(options: BenchOptions = {}): Promise<Bench> {
  const { definition = small, faults, telemetry, beforeLaunch } = options;
  const clock = quickClock(FACTOR);
  const nodes = modelledNodes(clock, "a test");
  const { kafka } = nodes.truth;
  if (!kafka) throw new Error("modelled nodes have a modelled Kafka");
  const lab = await startLab({
    definition,
    template: compileTemplate(definition),
    clock,
    machines: nodes.machines,
    kafka: nodes.view,
    seed: 1,
    say: () => {},
    retryStrategy: retryAtOnce,
    ...(faults && { faults }),
    ...(telemetry && { telemetry }),
  });
  const line = commandLine({ definition, clock, endpoint: lab.endpoint });

  let declared = definition;
  let broken: unknown;
  const bench: Bench = {
    ...line,
    lab,
    kafka,
    environment: {
      AWS_ENDPOINT_URL: lab.endpoint,
      AWS_ACCESS_KEY_ID: "operator",
      AWS_SECRET_ACCESS_KEY: "lab",
      ROLLCALL_CLUSTER: line.file,
    },
    operatorCalls: (since) =>
      lab.cloud.calls
        .all()
        .slice(since)
        .filter((call) => call.caller.role === "operator"),
    async whole() {
      // Whoever comes after a test that left it broken need not wait for it, too.
      if (broken) throw broken;
      const size = declared.roles.reduce((sum, r) => sum + r.perZone * r.groups.length, 0);
      try {
        await bench.until("the cluster is whole", async () => {
          const members = lab.cloud.snapshot().groups.flatMap((g) => g.members);
          const { turn, rosters } = await lab.table.readAll();
          const owners = [...rosters.values()].flatMap((r) => [...r.members.values()].map((m) => m.owner));
          const seated = members.every((m) => m.state === "InService" && owners.includes(m.instance));
          return (members.length === size && seated && turn === undefined) || undefined;
        });
      } catch (error) {
        broken = error;
        throw error;
      }
    },
    async member(role, id) {
      const member = (await lab.table.readAll()).rosters.get(role)?.members.get(id);
      if (member?.owner === undefined) throw new Error(`nobody holds ${role} ${id}`);
      return { ...member, owner: member.owner };
    },
    get declared() {
      return declared;
    },
    declare(next) {
      declared = next;
      line.declare(next);
    },
    deploy: async () => void (await lab.stack.stack.update(compileTemplate(declared), { code: lab.code(declared) })),
    record: async (instance) => (await lab.table.read(instance)).record,
    until: (what, probe) => until(clock, what, LIMIT, probe, () => waits(lab)),
    async close() {
      await lab.close();
      clock.close();
      line.close();
    },
  };
  try {
    await beforeLaunch?.(lab);
    await lab.launch();
    if (!beforeLaunch) await bench.whole();
  } catch (error) {
    await bench.close();
    throw error;
  }
  return bench;
}

export interface CommandLineOptions {
  readonly definition: Definition;
  readonly clock: Clock;
  readonly endpoint: string;
}

/** @param options the definition is written to a file of its own, until it is closed */
export function commandLine({ definition: cluster, clock, endpoint }: CommandLineOptions): CommandLine {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-cli-"));
  const file = join(folder, "cluster.json");
  const declare = (definition: Definition): void => writeFileSync(file, JSON.stringify(definitionJson(definition)));
  declare(cluster);

  const surroundings: Surroundings = {
    streams: { out: writing(() => {}), err: writing(() => {}), input: Readable.from([]) },
    environment: { USER: "alice" },
    clock,
    interrupted: new AbortController().signal,
    connection: {
      endpoint,
      credentials: { accessKeyId: "operator", secretAccessKey: "lab" },
      retryStrategy: retryAtOnce,
    },
  };

  async function call(
    args: readonly string[],
    input: Readable & { isTTY?: boolean },
    heard: (text: string) => void = () => {},
    interrupted: AbortSignal = surroundings.interrupted,
  ): Promise<Answer> {
    let out = "";
    let err = "";
    const status = await run([...args, "--cluster", file], {
      ...surroundings,
      interrupted,
      streams: {
        out: writing((text) => {
          out += text;
          heard(text);
        }),
        err: writing((text) => {
          err += text;
        }),
        input,
      },
    });
    return { status, out, err };
  }

  const rollcall: CommandLine["rollcall"] = (...args) => call(args, Readable.from([]));

  return {
    file,
    declare,
    surroundings,
    rollcall,
    interruptible: (interrupted, ...args) => call(args, Readable.from([]), undefined, interrupted),
    answering(think, ...args) {
      const input = Object.assign(new Readable({ read() {} }), { isTTY: true });
      const type = (answer: string) => input.push(`${answer}\n`);
      return call(args, input, (text) => {
        if (text.includes("[y/N]")) think().then(type, (error) => input.destroy(error));
      });
    },
    async json(...args) {
      const { status, out, err } = await rollcall(...args, "--json");
      const line = out.trimEnd().split("\n").at(-1) ?? "";
      try {
        return { status, told: JSON.parse(line) };
      } catch {
        throw new Error(`rollcall ${args.join(" ")} told no JSON, but ${out}${err}`);
      }
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const writing = (write: (text: string) => void) => ({ write });
