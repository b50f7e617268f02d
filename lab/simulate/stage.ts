/** A cluster as histories play it: the modelled cloud with Rollcall's real handlers, on a virtual clock. */

import { kafkaHandler } from "../../functions/kafka.ts";
import { type LifecycleAnswer, lifecycleHandler } from "../../functions/lifecycle.ts";
import { type SweepAnswer, sweepHandler } from "../../functions/sweep.ts";
import { awsPorts } from "../../shared/aws/ports.ts";
import type { Definition, RoleName } from "../../shared/cluster/definition.ts";
import { observerSecret } from "../../shared/cluster/security.ts";
import { observerLogin } from "../../shared/kafka/login.ts";
import type { Plan } from "../../shared/lifecycle/facts.ts";
import { planFor } from "../../shared/lifecycle/plan.ts";
import type { Clock, Log, Ports, Table } from "../../shared/lifecycle/ports.ts";
import { memoryTable } from "../../shared/members/memory.ts";
import { type VirtualClock, virtualClock } from "../clock.ts";
import { Cloud } from "../cloud/cloud.ts";
import { shortest } from "../cloud/delays.ts";
import type { CloudFaults } from "../cloud/faults.ts";
import type { Write } from "../invariants/one-writer.ts";
import type { AwsCall, Machine, MachineKind } from "../machines/machine.ts";
import { modelledMachines } from "../machines/modelled.ts";
import { ModelledKafka } from "../machines/modelled-kafka.ts";
import { modelledKafkaView } from "../machines/modelled-view.ts";
import { type Random, seededRandom } from "../random.ts";
import { Barrier } from "./barrier.ts";
import { Containers, type Handler, type Inside } from "./containers.ts";
import { type Deployment, deploy } from "./deploy.ts";
import { directClients } from "./direct-clients.ts";
import { Busy, sdkClients } from "./sdk-clients.ts";
import { CLUSTER, DELAYS, definitionOf, KAFKA, NODES, REGION, type Shape } from "./shape.ts";
import { makeSecrets, passwordIn, secretsOf } from "./stack-secrets.ts";
import { tableService, tableThrough } from "./table-service.ts";
import type { WholeSweep } from "./watch.ts";

export interface StageOptions {
  readonly seed: number;
  readonly shape: Shape;
  /** Through the SDK's clients and the in-process door; else without the wire. */
  readonly sdk: boolean;
  /** How many times as long as they mean to functions wait between two looks. */
  readonly pace: number;
  /** Whether the cloud takes no longer than it has to, for anything. */
  readonly together: boolean;
  readonly faults: (stage: { readonly clock: VirtualClock; readonly containers: Containers }) => StageFaults;
  readonly heard: Ear;
  readonly swept: (sweep: WholeSweep) => void;
}

export interface StageFaults extends CloudFaults {
  /** What a command meets on a node. */
  run?(action: string): "stuck" | "failed" | undefined;
  /** When an older configuration is run again on a node that was just stopped, ms after that; undefined: never. */
  revived?(): number | undefined;
  /** How much longer than usual a process of that role takes to start, ms. */
  recovery?(role: RoleName): number;
}

/** Who is told of what goes on. */
export interface Ear {
  readonly log: Log;
  readonly tableChanged: (write: Write) => void;
  /** That instance's machine has just been destroyed. */
  readonly destroyed: (instance: string) => void;
  /** One line about something worth telling. */
  readonly say: (line: string) => void;
  /** An invocation has left its instance to another one that is at work on it: the one decision that nobody logs. */
  readonly leftToAnother: () => void;
  /** Whatever was in progress has come to rest. */
  readonly rested: () => void;
}

export interface Stage {
  readonly clock: VirtualClock;
  readonly cloud: Cloud;
  readonly kafka: ModelledKafka;
  readonly containers: Containers;
  readonly deployment: Deployment;
  /** The table's own side: reads that are no calls. */
  readonly table: Table;
  /** What an operator has: the same as the functions, but nothing goes wrong with it. */
  readonly ports: Ports;
  readonly definition: () => Definition;
  /** The definition's. */
  readonly plan: () => Plan;
  /** From now on functions run with that definition; those that run already go on with theirs. */
  redefine(revision: number, rotate: boolean): Promise<void>;
  /** What is in that secret now. */
  passwordOf(secret: string): string | undefined;
  /** Nothing runs for so many ms. */
  cutFunctions(ms: number): void;
  machine(instance: string): Machine | undefined;
  /** A call as an operator makes it. */
  operate(service: string, action: string, input: object): Promise<object>;
}

/** 2026-09-14T08:00:00Z */
const START = Date.UTC(2026, 8, 14, 8);
/** Its row. */
export const ATTENDED = "state/attended";
const OPERATOR = { role: "operator" } as const;

export async function setStage({
  seed,
  shape,
  sdk,
  pace,
  together,
  faults: faultsOf,
  heard,
  swept,
}: StageOptions): Promise<Stage> {
  const barrier = new Barrier();
  const busy = new Busy();
  const clock = virtualClock(START, async (more) => {
    do {
      await (sdk ? busy.rest() : rest());
      // Whoever is woken at the same moment arrives before anybody is let in.
      if (more()) return;
      heard.rested();
    } while (barrier.release());
  });
  const random = seededRandom(seed);
  const kafka = new ModelledKafka({
    clock,
    mode: shape.mode,
    elr: shape.elr,
    durations: KAFKA[shape.mode],
    recovery: ({ role }) => faults.recovery?.(role) ?? 0,
  });
  const machines = new Map<string, Machine>();
  const kind = hurt(modelledMachines({ clock, random: random.fork("machines"), kafka, durations: NODES }), clock, {
    meets: (action) => faults.run?.(action),
    revived: () => faults.revived?.(),
    callOf: (instance) => (service, action, input) => cloud.call(service, action, input, { role: instance }),
    made: (instance, machine) => machines.set(instance, machine),
    destroyed: heard.destroyed,
  });
  // The cloud's calls are hurt by faults that know the containers, which call through the cloud.
  const containers: Containers = new Containers(
    clock,
    {
      call: (service, action, input, caller) => cloud.call(service, action, input, caller),
    },
    barrier,
  );
  const faults = faultsOf({ clock, containers });
  const cloud: Cloud = new Cloud({
    scheduler: clock,
    random: random.fork("cloud"),
    machines: kind,
    region: REGION,
    delays: together ? shortest(DELAYS) : DELAYS,
    faults,
    log: heard.say,
  });
  const table = memoryTable();
  cloud.register(tableService(table, heard.tableChanged));

  let definition = definitionOf(shape);
  let plan = planOf(definition);
  let cutUntil = 0;
  const ids = kafkaUuids(seededRandom(0));
  let generation = 1;
  const login = definition.security && observerLogin(secretsOf(cloud), { observer: observerSecret(CLUSTER) });
  const view = modelledKafkaView(kafka, login);

  const portsIn = (inside: Inside): Ports => ({
    ...awsPorts({
      clients: sdk ? sdkClients(inside, busy) : directClients(inside),
      definition,
      tableName: "unused",
      kafkaFunction: "rollcall-sim-kafka",
      clock: paced(inside.clock, pace),
      ids,
      log: heard.log,
    }),
    table: tableThrough(inside),
  });
  const served = (name: string, make: (inside: Inside) => Handler): Handler => {
    let revision = plan;
    let serve = containers.serve(name, make);
    return (event, context) => {
      if (clock.now() < cutUntil) return Promise.reject(new Error("Rate Exceeded."));
      if (revision !== plan) {
        revision = plan;
        serve = containers.serve(name, make);
      }
      return serve(event, context);
    };
  };
  const functions = {
    lifecycle: answering(
      served("lifecycle", (inside) => lifecycleHandler({ plan, ports: portsIn(inside) })),
      (answer: LifecycleAnswer) => {
        if ("row" in answer && answer.row === ATTENDED) heard.leftToAnother();
      },
    ),
    sweep: told(
      served("sweep", (inside) => sweepHandler({ plan, ports: portsIn(inside) })),
      clock,
      swept,
    ),
    kafka: kafkaHandler(view),
  };
  await makeSecrets(cloud, definition);
  const deployment = await deploy(cloud, definition, functions);
  return {
    clock,
    cloud,
    kafka,
    containers,
    deployment,
    table,
    ports: portsIn(containers.outsider("operator")),
    definition: () => definition,
    plan: () => plan,
    async redefine(revision, rotate) {
      if (rotate) generation += 1;
      definition = definitionOf(shape, revision, generation);
      await makeSecrets(cloud, definition);
      plan = planOf(definition);
    },
    cutFunctions(ms) {
      cutUntil = clock.now() + ms;
    },
    passwordOf: (secret) => passwordIn(cloud, secret),
    machine: (instance) => machines.get(instance),
    operate: (service, action, input) => cloud.call(service, action, input, OPERATOR),
  };
}

/** A wait is never that much longer than it is meant to be, ms: the time that is kept back at the end has to suffice. */
const LONGEST_WAIT = 4_000;

function paced(clock: Clock, pace: number): Clock {
  return { now: () => clock.now(), wait: (ms) => clock.wait(Math.max(ms, Math.min(ms * pace, LONGEST_WAIT))) };
}

/** The plans of late, by definition: configurations that were rendered in one history are the same in another. */
const plans = new Map<string, Plan>();
const MOST_PLANS = 1_024;

function planOf(definition: Definition): Plan {
  const name = JSON.stringify(definition);
  const known = plans.get(name);
  if (known) return known;
  if (plans.size >= MOST_PLANS) plans.clear();
  const plan = planFor(definition);
  plans.set(name, plan);
  return plan;
}

/** A handler whose answers are told. */
function answering<Answer>(handler: Handler, heard: (answer: Answer) => void): Handler {
  return async (event, context) => {
    const answer = await handler(event, context);
    heard(answer as Answer);
    return answer;
  };
}

/** A sweep's handler whose answers are told. */
function told(sweep: Handler, clock: VirtualClock, swept: StageOptions["swept"]): Handler {
  return async (event, context) => {
    const began = clock.now();
    const answer = (await sweep(event, context)) as SweepAnswer;
    if (answer.left === 0) {
      swept({ began, ended: clock.now(), failed: new Set(answer.failed.map(({ instance }) => instance)) });
    }
    return answer;
  };
}

/**
 * Until what is in progress has come to rest: Node calls what waits for the next tick once no promise's job is left. Without
 * the SDK nothing here goes through the event loop.
 */
function rest(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

interface Minder {
  /** What a command meets on a node, before the script itself. */
  readonly meets: (action: string) => "stuck" | "failed" | undefined;
  /** When an older configuration is run again on a node that was just stopped, ms after that. */
  readonly revived: () => number | undefined;
  /** What it calls AWS with. */
  readonly callOf: (instance: string) => AwsCall;
  readonly made: (instance: string, machine: Machine) => void;
  readonly destroyed: (instance: string) => void;
}

/** Machines whose commands can go wrong. */
function hurt(
  kind: MachineKind,
  clock: VirtualClock,
  { meets, revived, callOf, made, destroyed }: Minder,
): MachineKind {
  return {
    name: kind.name,
    create(spec) {
      const machine = kind.create({ ...spec, call: callOf(spec.instance) });
      let again: (() => void) | undefined;
      const run: Machine["run"] = async (script, environment, timeout) => {
        const action = environment.SSM_action ?? "";
        const fate = meets(action);
        if (fate === "failed") return { code: 1, stdout: "", stderr: "sh: 1: Cannot fork" };
        if (fate === "stuck") {
          await clock.wait(timeout);
          return { code: 137, stdout: "", stderr: "" };
        }
        const result = await machine.run(script, environment, timeout);
        if (action === "configure") again = () => void machine.run(script, environment, timeout);
        const after = action === "stop" && again ? revived() : undefined;
        if (again && after !== undefined) clock.after(after, again);
        return result;
      };
      const wrapped: Machine = {
        run,
        plug: (address) => machine.plug(address),
        unplug: (address) => machine.unplug(address),
        reboot: () => machine.reboot(),
        async destroy() {
          const gone = machine.destroy();
          destroyed(spec.instance);
          await gone;
        },
        breakKafka: () => machine.breakKafka(),
      };
      made(spec.instance, wrapped);
      return wrapped;
    },
    close: () => kind.close(),
  };
}

function kafkaUuids(random: Random) {
  return {
    kafkaUuid(): string {
      for (;;) {
        const uuid = Buffer.from(random.bytes(16)).toString("base64url");
        if (!uuid.startsWith("-")) return uuid;
      }
    },
  };
}
