/**
 * The credential of brokers, controllers and tools is rotated while clients write, and no node may ever meet another that does not
 * know its password. Where it is rotated twice, the second deployment overtakes the roll-out of the first.
 */
import { Kafka, logLevel } from "kafkajs";
import { type Definition, withGeneration } from "../../shared/cluster/definition.ts";
import { CONTROLLER_PORT } from "../../shared/cluster/role-kinds.ts";
import { adminSecret, adminUser } from "../../shared/cluster/security.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { Lab } from "../lab.ts";
import type { Login } from "../workload/connection.ts";
import { agreed } from "./agreed.ts";
import { waits } from "./hurt.ts";
import { refusalsIn } from "./refusals.ts";
import { deploy, everywhere, ROLL_OUT_LIMIT, type RollOut } from "./roll-out.ts";
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

export interface Rotation extends RollOut {
  /** `host:port` of the load balancer. */
  readonly door: string;
  /** How often; each time, every node that has it starts anew. */
  readonly times: 1 | 2;
}

const CONNECT_LIMIT = 3_000;

/** @throws {Overdue} naming what every node was waiting for */
export async function rotate(rotation: Rotation): Promise<RotationFindings> {
  const { lab, folder, door, times } = rotation;
  const { clock, definition } = lab;
  const from = definition.security?.generation ?? 0;
  const to = from + times;
  const before = refusalsIn(folder);
  const began = clock.now();
  for (let generation = from + 1; generation <= to; generation += 1) {
    await deploy(rotation, withGeneration(definition, generation));
    if (generation < to) await somewhere(lab, generation);
  }
  await everywhere(lab, times);
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
    former: agreed(await attempts(from)),
    present: agreed(await attempts(to)),
    refusals: refusalsIn(folder) - before,
  };
}

/** Until the first node has that generation. */
async function somewhere(lab: Lab, generation: number): Promise<void> {
  await until(
    lab.clock,
    `a node to have generation ${generation} of the credential`,
    ROLL_OUT_LIMIT,
    async () => (generationsIn(await lab.table.readAll()).has(generation) ? true : undefined),
    () => waits(lab),
  );
}

function generationsIn({ rosters }: TableContents): Set<number | undefined> {
  return new Set([...rosters.values()].flatMap(({ members }) => [...members.values()].map((m) => m.generation)));
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
