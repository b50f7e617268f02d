/**
 * The credential of brokers, controllers and tools is rotated while clients write, and no node may ever meet another that does not
 * know its password. Where brokers alone have one, it is rotated twice, and the second deployment overtakes the roll-out of the first.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { type Definition, withGeneration } from "../../shared/cluster/definition.ts";
import { CONTROLLER_PORT, kindOf } from "../../shared/cluster/role-kinds.ts";
import { adminSecret, adminUser } from "../../shared/cluster/security.ts";
import { planFor } from "../../shared/lifecycle/plan.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { Lab } from "../lab.ts";
import type { Login } from "../workload/connection.ts";
import { waits } from "./hurt.ts";
import { clientOf, secretOf, trusted } from "./security.ts";
import { until } from "./until.ts";

export interface RotationFindings {
  /** Generations: that before, and that which every node has now. */
  readonly from: number;
  readonly to: number;
  /** From the first deployment until every node had the last password and was back, s. */
  readonly seconds: number;
  /** What comes of the password of before, at brokers and at controllers: `ok`, `refused`, or what else happened. */
  readonly former: string;
  /** Of the present one. */
  readonly present: string;
  /** Times that a node was refused by another meanwhile. */
  readonly refusals: number;
}

/** What it comes to where all goes as it must: the generation before is accepted still, the one before that is not. */
export const rotatedWell = ({
  from,
  to,
}: RotationFindings): Pick<RotationFindings, "former" | "present" | "refusals"> => ({
  former: to - from > 1 ? "refused" : "ok",
  present: "ok",
  refusals: 0,
});

export interface Rotation {
  readonly lab: Lab;
  /** The template of a definition, as a deployment makes it. */
  readonly template: (definition: Definition) => Promise<unknown>;
  /** Of real machines: has a directory for each. */
  readonly folder: string;
  /** `host:port` of the load balancer. */
  readonly door: string;
}

/** How long nodes may take for one generation, ms: one after the other, each until it is back in every ISR. */
const LIMIT = 240_000;
const CONNECT_LIMIT = 3_000;

/** @throws {Overdue} naming what every node was waiting for */
export async function rotate({ lab, template, folder, door }: Rotation): Promise<RotationFindings> {
  const { clock, definition } = lab;
  const from = definition.security?.generation ?? 0;
  const having = definition.roles.filter((role) => kindOf(role).runs === "kafka");
  // Each time, every node that has it starts anew.
  const to = having.length > 1 ? from + 1 : from + 2;
  const before = refusalsIn(folder);
  const began = clock.now();
  for (let generation = from + 1; generation <= to; generation += 1) {
    const next = withGeneration(definition, generation);
    await lab.stack.stack.update(await template(next), { code: lab.code(next) });
    const all = generation === to;
    await until(
      clock,
      `${all ? "every node" : "a node"} to have generation ${generation} of the credential`,
      LIMIT,
      async () => {
        const contents = await lab.table.readAll();
        const have = generationsOf(definition, contents);
        if (!all) return have.includes(generation) ? true : undefined;
        const applied = contents.access?.digest === planFor(next).access()?.digest;
        return have.every((one) => one === generation) && !contents.turn && applied ? true : undefined;
      },
      () => waits(lab),
    );
  }
  const seconds = (clock.now() - began) / 1000;
  const attempts = async (generation: number): Promise<string[]> => {
    const login = await adminLogin(lab, generation);
    return Promise.all([
      atBrokers(lab, login, door),
      ...controllersOf(definition).map((server) => atController(lab, login, server)),
    ]);
  };
  return {
    from,
    to,
    seconds,
    former: summedUp(await attempts(from)),
    present: summedUp(await attempts(to)),
    refusals: refusalsIn(folder) - before,
  };
}

/** Of every node that has a credential. */
function generationsOf(definition: Definition, { rosters }: TableContents): (number | undefined)[] {
  return definition.roles
    .filter((role) => kindOf(role).runs === "kafka")
    .flatMap(({ name }) => [...(rosters.get(name)?.members.values() ?? [])])
    .filter(({ owner }) => owner !== undefined)
    .map(({ generation }) => generation);
}

function controllersOf({ roles }: Definition): string[] {
  const pool = roles.find(({ name }) => name === "controller")?.pool ?? [];
  return pool.map(({ address }) => `${address}:${CONTROLLER_PORT}`);
}

async function adminLogin(lab: Lab, generation: number): Promise<Login> {
  const { cluster } = lab.definition;
  const { password } = await secretOf(lab, adminSecret(cluster, generation));
  if (password === undefined) throw new Error(`the secret of generation ${generation} has no password`);
  return { username: adminUser(generation), password };
}

/** By SCRAM, as nodes log in at brokers. */
async function atBrokers(lab: Lab, login: Login, door: string): Promise<string> {
  const admin = clientOf(door, { ...login, ...(lab.definition.security?.encrypt && (await trusted(lab))) }).admin();
  return attempt(
    async () => {
      await admin.connect();
      await admin.describeCluster();
    },
    () => admin.disconnect(),
  );
}

/** By PLAIN over TLS, as nodes log in at controllers. */
async function atController(lab: Lab, { username, password }: Login, server: string): Promise<string> {
  const { authority = "" } = await trusted(lab);
  const admin = new Kafka({
    clientId: "rollcall-tour",
    brokers: [server],
    logLevel: logLevel.NOTHING,
    connectionTimeout: CONNECT_LIMIT,
    retry: { retries: 0 },
    ssl: { ca: [authority], checkServerIdentity: () => undefined },
    sasl: { mechanism: "plain", username, password },
  }).admin();
  return attempt(
    () => admin.connect(),
    () => admin.disconnect(),
  );
}

/** `ok`, `refused`, or what else happened. */
async function attempt(work: () => Promise<void>, end: () => Promise<void>): Promise<string> {
  try {
    await work();
    return "ok";
  } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return /SASL|uthentication/.test(text) ? "refused" : text;
  } finally {
    await end();
  }
}

/** One word where all say the same. */
const summedUp = (answers: readonly string[]): string => [...new Set(answers)].join(", ");

/** As Kafka's network client says it, of whichever peer refused it. */
const REFUSAL = /failed authentication due to/g;

/** What the machines' servers have written down of it so far. */
function refusalsIn(folder: string): number {
  let count = 0;
  for (const machine of readdirSync(folder)) {
    const logs = join(folder, machine, "home/logs");
    for (const name of filesIn(logs).filter((file) => file.startsWith("server.log"))) {
      count += readFileSync(join(logs, name), "utf8").match(REFUSAL)?.length ?? 0;
    }
  }
  return count;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
