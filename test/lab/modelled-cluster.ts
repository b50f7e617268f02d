/** Modelled machines and their Kafka on a virtual clock, with what tests say of them in a few words. */
import { virtualClock } from "../../lab/clock.ts";
import type { Machine } from "../../lab/machines/machine.ts";
import { modelledMachines } from "../../lab/machines/modelled.ts";
import { ModelledKafka } from "../../lab/machines/modelled-kafka.ts";
import { seededRandom } from "../../lab/random.ts";
import { digestOf, encodePayload, type Format } from "../../shared/config/payload.ts";
import type { NodeAnswer } from "../../shared/lifecycle/sights.ts";

export const CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw";
export const CONTROLLERS = [101, 102, 103];
export const BROKERS = [1, 2, 3];
export const MINUTE = 60_000;

export const address = (id: number) => (id > 100 ? `10.0.${id - 100}.10` : `10.0.${id}.50`);
export const zoneOf = (id: number) => `eu-central-1${"abc".charAt((id > 100 ? id - 101 : id - 1) % 3)}`;
/** Of a founder: made in advance. */
export const directory = (id: number) => `founding-directory-${id}`;

export const FOUNDERS = CONTROLLERS.map((id) => `${id}@${address(id)}:9093:${directory(id)}`);
export const founder = (id: number): Format => ({ kind: "founder", directoryId: directory(id), voters: FOUNDERS });
export const JOIN: Format = { kind: "join" };

export interface Change {
  /** Another value makes another digest. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly clusterId?: string;
  readonly address?: string;
}

export function payloadFor(id: number, format: Format, change: Change = {}): string {
  const role = id > 100 ? ("controller" as const) : ("broker" as const);
  const own = change.address ?? address(id);
  const settings = {
    "advertised.listeners": role === "broker" ? `PLAINTEXT://${own}:9092` : `CONTROLLER://${own}:9093`,
    "broker.rack": zoneOf(id),
    "controller.quorum.auto.join.enable": "true",
    ...change.settings,
  };
  const content = Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
  const configuration = {
    role,
    id,
    clusterId: change.clusterId ?? CLUSTER_ID,
    address: own,
    files: [{ mode: "0644", path: "config/server.properties", content }],
    unit: { name: "rollcall-kafka.service", content: "" },
  };
  return encodePayload({ ...configuration, digest: digestOf(configuration), format });
}

export interface Ran {
  readonly code: number;
  readonly answer: NodeAnswer;
}

export function modelledCluster({ elr = true, recovery = 0 } = {}) {
  const clock = virtualClock(1_700_000_000_000);
  const kafka = new ModelledKafka({ clock, elr, recovery: () => recovery });
  const kind = modelledMachines({ clock, kafka, random: seededRandom(1) });
  let launched = 0;

  async function run(machine: Machine, action: string, payload = "", timeout = 10 * MINUTE): Promise<Ran> {
    const result = await machine.run("", { SSM_action: action, SSM_payload: payload }, timeout);
    const answer: NodeAnswer = result.stdout === "" ? { ok: false, action: "status" } : JSON.parse(result.stdout);
    return { code: result.code, answer };
  }

  function machine(primary: string): Machine {
    return kind.create({ instance: `i-${++launched}`, zone: "eu-central-1a", address: primary });
  }

  /** A new machine for that node: a broker has its address as its primary, a controller has it plugged in. */
  function machineFor(id: number): Machine {
    const created = machine(id > 100 ? `10.0.9.${launched + 1}` : address(id));
    if (id > 100) created.plug(address(id));
    return created;
  }

  const configure = (on: Machine, id: number, format: Format, change?: Change) =>
    run(on, "configure", payloadFor(id, format, change));

  /** Founds the quorum of three and starts the brokers; all of them in service, in order of id. */
  async function launch(brokers: readonly number[] = BROKERS): Promise<Map<number, Machine>> {
    const machines = new Map([...CONTROLLERS, ...brokers].map((id) => [id, machineFor(id)]));
    const all = [...machines].map(([id, on]) => configure(on, id, id > 100 ? founder(id) : JOIN));
    await clock.settle(Promise.all(all), MINUTE);
    await until(() => kafka.quorum().leader !== -1 && kafka.registered().length === brokers.length);
    return machines;
  }

  async function until(condition: () => boolean, within = 5 * MINUTE): Promise<void> {
    if (!(await clock.runUntilTrue(condition, within))) throw new Error(`not so after ${within} ms of virtual time`);
  }

  const settle = <T>(promise: Promise<T>) => clock.settle(promise, 20 * MINUTE);

  return { clock, kafka, kind, machine, machineFor, run, configure, launch, until, settle };
}

/** The machine of that node; throws where the test launched none. */
export function on(machines: ReadonlyMap<number, Machine>, id: number): Machine {
  const machine = machines.get(id);
  if (!machine) throw new Error(`no machine for ${id}`);
  return machine;
}
