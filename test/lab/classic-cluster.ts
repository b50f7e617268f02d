/** Modelled machines of a cluster on ZooKeeper, on a virtual clock: from a whole definition, so that what they get is rendered. */
import { virtualClock } from "../../lab/clock.ts";
import type { AwsCall, Machine } from "../../lab/machines/machine.ts";
import { modelledMachines } from "../../lab/machines/modelled.ts";
import { ModelledKafka } from "../../lab/machines/modelled-kafka.ts";
import { seededRandom } from "../../lab/random.ts";
import { definitionOf, type Shape } from "../../lab/simulate/shape.ts";
import { renderAccess } from "../../shared/config/access.ts";
import { decodePayload, encodePayload, type Format } from "../../shared/config/payload.ts";
import { render } from "../../shared/config/render.ts";
import type { NodeAnswer } from "../../shared/lifecycle/sights.ts";

export const MEMBERS = [101, 102, 103];
export const NEW: Format = { kind: "ensemble", member: "new" };
export const SYNCING: Format = { kind: "ensemble", member: "join" };
const MINUTE = 60_000;
const MARK = { clusterId: "4L6g3nShT-eMCtK--X86sw", voters: [], formed: true };

export const address = (id: number) => (id > 100 ? `10.0.${id - 100}.10` : `10.0.${id}.50`);

export const on = (machines: ReadonlyMap<number, Machine>, id: number): Machine => {
  const machine = machines.get(id);
  if (!machine) throw new Error(`no machine for ${id}`);
  return machine;
};

/** What every secret is, but for those that a test sets. */
export const passwordOf = (secret: string) => `password of ${secret}`;

export function classicCluster({ secure = false, mode = "zookeeper" as Shape["mode"] } = {}) {
  const shape: Shape = {
    mode,
    secure,
    zones: 3,
    controllers: 1,
    brokers: 1,
    spare: 0,
    partitions: 1,
    replication: 3,
    minIsr: 2,
    elr: true,
  };
  const clock = virtualClock(1_700_000_000_000);
  const kafka = new ModelledKafka({ clock, mode });
  const kind = modelledMachines({ clock, kafka, random: seededRandom(1) });
  /** By secret, where it is not `passwordOf`; undefined: there is none. */
  const secrets = new Map<string, { readonly password: string; readonly version: string } | undefined>();
  const call: AwsCall = async (_service, _action, input) => {
    const id = "SecretId" in input ? String(input.SecretId) : "";
    const found = secrets.has(id) ? secrets.get(id) : { password: passwordOf(id), version: "v1" };
    if (!found) throw new Error("Secrets Manager can't find the specified secret.");
    return { SecretString: JSON.stringify({ password: found.password }), VersionId: found.version };
  };
  let launched = 0;

  const run = async (machine: Machine, action: string, payload = "", timeout = 10 * MINUTE, issued = "") => {
    const environment = { SSM_action: action, SSM_payload: payload, SSM_issued: issued };
    const { code, stdout } = await machine.run("", environment, timeout);
    const answer: NodeAnswer = stdout === "" ? { ok: false, action: "status" } : JSON.parse(stdout);
    return { code, answer };
  };
  const machine = (primary: string): Machine =>
    kind.create({ instance: `i-${++launched}`, zone: "eu-central-1a", address: primary, call });
  const machineFor = (id: number): Machine => {
    const created = machine(id > 100 ? `10.0.9.${launched + 1}` : address(id));
    if (id > 100) created.plug(address(id));
    return created;
  };
  const payload = (id: number, format: Format, generation = 1): string => {
    const definition = definitionOf(shape, 0, generation);
    const role = definition.roles.find(({ ids }) => ids.includes(id));
    if (!role) throw new Error(`no role has ${id}`);
    const zone = definition.zones[(id > 100 ? id - 101 : id - 1) % 3]?.name ?? "";
    const rendered = render(definition, { role, id, zone, address: address(id) }, MARK);
    return encodePayload({ ...decodePayload(rendered.payload), format });
  };
  const configure = (at: Machine, id: number, format: Format, generation = 1) =>
    run(at, "configure", payload(id, format, generation));
  const until = async (condition: () => boolean, within = 5 * MINUTE): Promise<void> => {
    if (!(await clock.runUntilTrue(condition, within))) throw new Error(`not so after ${within} ms of virtual time`);
  };
  const settle = <T>(promise: Promise<T>) => clock.settle(promise, 20 * MINUTE);

  /** All members, of a new ensemble. */
  async function formEnsemble(): Promise<Map<number, Machine>> {
    const machines = new Map(MEMBERS.map((id) => [id, machineFor(id)]));
    await settle(Promise.all([...machines].map(([id, at]) => configure(at, id, NEW))));
    await until(() => kafka.quorum().voters.every(({ caughtUpAgo }) => caughtUpAgo === 0) && kafka.hasQuorum);
    return machines;
  }

  /** These brokers, one after the other, on an ensemble that there is. */
  async function startBrokers(ids: readonly number[]): Promise<Map<number, Machine>> {
    const machines = new Map(ids.map((id) => [id, machineFor(id)]));
    for (const [id, at] of machines) await settle(configure(at, id, { kind: "none" }));
    await until(() => kafka.registered().length === ids.length);
    return machines;
  }

  /** `issued`: ms, when it was sent; undefined: now. */
  const access = (at: Machine, versions: Readonly<Record<string, string>> = {}, generation = 1, issued?: number) => {
    const mark = { digest: "", at: 0, versions, drift: [] };
    const payload = renderAccess(definitionOf(shape, 0, generation), mark)?.payload;
    return settle(run(at, "access", payload, 10 * MINUTE, issued?.toString()));
  };

  return {
    clock,
    kafka,
    secrets,
    machine,
    machineFor,
    run,
    payload,
    configure,
    until,
    settle,
    formEnsemble,
    startBrokers,
    access,
  };
}
