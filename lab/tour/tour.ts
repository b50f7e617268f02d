/** The tour: a whole cluster comes up at once, four things happen to it, and nothing is lost. */

import { type Definition, type Role, type RoleName, roleOf } from "../../shared/cluster/definition.ts";
import { isQuorum, kindOf, quorumRole } from "../../shared/cluster/role-kinds.ts";
import { Interrupted } from "../interruption.ts";
import type { Truth } from "../invariants/truth.ts";
import type { Lab } from "../lab.ts";
import { type Expected, type Findings, isOk, type Replacement, type Summary } from "../summary.ts";
import { inOrder } from "../view/snapshot.ts";
import type { View } from "../view.ts";
import { atTheDoor } from "./door.ts";
import { type Sessions, watchEnsemble } from "./ensemble.ts";
import { keepGuard } from "./guard.ts";
import { Hunt, secretsOf, textsOf } from "./hunt.ts";
import { type Blow, strike, waits } from "./hurt.ts";
import { Observer } from "./observe.ts";
import { loseMajority } from "./outage.ts";
import { isOwn, nameOfCall } from "./own-calls.ts";
import { changeAuthority, renewCertificate } from "./renew.ts";
import { replayAll } from "./replay.ts";
import type { RollOut, Template } from "./roll-out.ts";
import { rotate } from "./rotate.ts";
import { castOf, trySecurity, type WritingClient, writingClient } from "./security.ts";
import { keepShowing, type Screen } from "./show.ts";
import type { StartTraffic, Traffic } from "./traffic.ts";
import { until } from "./until.ts";

export interface TourOptions {
  readonly lab: Lab;
  readonly view: View;
  readonly kafka: Findings["kafka"];
  readonly truth: Truth;
  readonly startTraffic: StartTraffic;
  readonly sessions: Sessions;
  /** What a deployment makes of a definition; without it none is deployed after the first. */
  readonly template?: Template;
  /** Of real machines: has a directory for each. */
  readonly folder?: string;
  /** Fewest acknowledged messages for the tour to prove anything. */
  readonly atLeast: number;
  /** How long the launch may take, ms; by default LAUNCH_LIMIT. */
  readonly within?: number;
  /** Whether all that nodes know each other by is renewed, not only what goes with one roll-out: several more of them. */
  readonly renew?: boolean;
  /** What happens to the cluster; by default three brokers and a member of the quorum are lost. */
  readonly blows?: readonly Blow[];
  /** Rejects with Interrupted where the tour is to break off. */
  readonly interrupted?: Promise<never>;
}

export interface TourEnd {
  readonly summary: Summary;
  readonly problems: readonly string[];
}

const LAUNCH_LIMIT = 180_000;

/** @throws {Interrupted} once nothing of it is under way any more */
export async function giveTour(options: TourOptions): Promise<TourEnd> {
  const { lab, view, kafka, template, folder, interrupted, renew = false, within = LAUNCH_LIMIT } = options;
  const { blows = blowsFor(lab.definition) } = options;
  const observer = new Observer(lab);
  const started = lab.clock.now();
  const replacements: Replacement[] = [];
  let launch: Findings["launch"] = { seconds: Number.NaN };
  let messages: Findings["messages"] = { acknowledged: 0, read: 0, lost: 0, duplicated: 0 };
  let replay: Findings["replay"] = { events: 0, changes: 0 };
  let security: Findings["security"];
  let rotation: Findings["rotation"];
  let renewal: Findings["renewal"];
  let ensemble: Findings["ensemble"];
  let outage: Findings["outage"];
  const cast = kafka.real ? castOf(lab.definition) : undefined;
  const rollOut: RollOut | undefined = cast && template && folder !== undefined ? { lab, template, folder } : undefined;
  const certified = lab.authority !== undefined;
  const darkens = kafka.real && kindOf(quorumRole(lab.definition)).asked === "words";
  const problems: string[] = [];
  let ended = false;
  let traffic: Traffic | undefined;
  const screen = keepShowing(lab, view, observer, () => traffic?.acknowledged);
  const guard = keepGuard(lab, options.truth);
  const places = { texts: () => textsOf(lab), folder, clock: lab.clock };
  const hunt = cast && new Hunt(() => secretsOf(lab), places);
  hunt?.start();
  const steps = async (): Promise<void> => {
    view.step(`${numeral(sizeOf(lab.definition))} instances launch at once`);
    await lab.launch();
    await until(
      lab.clock,
      "every node in service",
      within,
      () => allInService(observer, lab.definition),
      () => waits(lab),
    );
    launch = { seconds: (lab.clock.now() - started) / 1000, own: ownShare(lab) };

    view.step("Messages begin to flow, acknowledged by at least two of three replicas");
    const writer = cast && (await writingClient(lab, cast));
    traffic = await options.startTraffic(() => bootstrapOf(screen.latest()), writer);
    if (darkens) {
      view.step("All members of the ensemble but one go down, and just then two nodes are terminated");
      outage = await loseMajority(lab, observer, options.truth);
      view.done();
      for (const { role, id, reason } of outage.held) view.note(`${role} ${id} was held: ${reason}`);
    }
    for (const blow of blows) {
      view.step(titleOf(blow));
      const watch = isQuorum({ name: blow.role }) ? await watchEnsemble(lab, options.sessions) : undefined;
      const replacement = await strike(lab, observer, blow);
      ensemble = (await watch?.end()) ?? ensemble;
      replacements.push(replacement);
      view.done();
      view.note(
        `${blow.role} ${blow.id} is back after ${replacement.seconds.toFixed(1)} s: ${replacement.old} → ${replacement.new}`,
      );
    }

    if (rollOut && writer) ({ rotation, renewal } = await renewUnderLoad(rollOut, view, writer, renew));

    view.step("Everything acknowledged is read back and compared");
    messages = await traffic.finish();
    traffic = undefined;

    if (cast) {
      view.step("Clients that know only the load balancer try to get in, with leave and without");
      security = await atTheDoor(lab, (door) => trySecurity(lab, cast, door));
      view.done();
      for (const [attempt, outcome] of Object.entries(security)) view.note(`${attempt}: ${outcome}`);
    }

    view.step("Every event of the tour is replayed, twice and in another order");
    const replayed = await replayAll(lab, observer, started);
    replay = { events: replayed.events, changes: replayed.changes };
    for (const difference of replayed.differences) view.warn(difference);
  };
  try {
    await Promise.race([steps(), ...(interrupted ? [interrupted] : [])]);
    ended = true;
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    await traffic?.abort();
    await screen.stop();
    problems.push(...(await guard.stop()));
    problems.push(...((await hunt?.end()) ?? []));
    problems.push(...new Set(lab.cloud.iam.denials.map(({ message }) => `not allowed: ${message}`)));
  }

  const { nodes } = await observer.observe();
  const findings: Findings = {
    kafka,
    nodes: inOrder(nodes).map(({ role, id, zone, address, instance, scaling }) => ({
      role,
      id: id ?? -1,
      zone,
      address: address ?? "",
      instance,
      state: scaling,
    })),
    launch,
    replacements,
    messages,
    replay,
    ...(security && { security }),
    ...(rotation && { rotation }),
    ...(renewal && { renewal }),
    ...(ensemble && { ensemble }),
    ...(outage && { outage }),
    apiCalls: callsOf(lab),
  };
  const expected: Expected = {
    ...expectedOf(lab.definition, blows, options.atLeast),
    security: cast !== undefined,
    rotation: renew || rollOut !== undefined,
    renewal: renew && certified ? "authority" : certified && rollOut !== undefined,
    outage: darkens,
  };
  const { problems: short } = isOk(findings, expected);
  // Where the tour broke off, all that did not come after it is no news.
  if (ended) problems.push(...short);
  return { summary: { ok: problems.length === 0, ...findings }, problems };
}

/** Of each role: fewer would not stand what happens to them. */
const LEAST = 3;

/** Why this cluster cannot be given the tour; undefined where it can. */
export function tooSmall(definition: Definition): string | undefined {
  const small = definition.roles.filter((role) => sizeOfRole(role) < LEAST);
  if (small.length === 0) return undefined;
  const names = small
    .map((role) => `${sizeOfRole(role)} ${role.name}${sizeOfRole(role) === 1 ? "" : "s"}`)
    .join(" and ");
  return `the tour takes nodes away, which a cluster stands only with at least ${LEAST} of each role; ${definition.cluster} has ${names}: raise perZone`;
}

/** Three brokers, each in its own way, then a member of the quorum. Ids are handed out lowest first. */
function blowsFor(definition: Definition): Blow[] {
  const id = (role: RoleName, n: number): number => roleOf(definition, role).ids[n] ?? -1;
  const { name: quorum } = quorumRole(definition);
  return [
    { role: "broker", id: id("broker", 0), kind: "died" },
    { role: "broker", id: id("broker", 1), kind: "terminated" },
    { role: "broker", id: id("broker", 2), kind: "unhealthy" },
    { role: quorum, id: id(quorum, 0), kind: "terminated" },
  ];
}

/**
 * The nodes' own password, with it their certificate where they have one; and where all is to be renewed, whom they believe.
 *
 * @throws {Overdue} naming what every node was waiting for
 */
async function renewUnderLoad(
  rollOut: RollOut,
  view: View,
  { believe }: WritingClient,
  all: boolean,
): Promise<Pick<Findings, "rotation" | "renewal">> {
  const { lab } = rollOut;
  const also = lab.authority ? ", and their certificate renewed" : "";
  view.step(`The nodes' own password is rotated while messages flow${also}`);
  const certificate = await renewCertificate(lab);
  const rotation = await atTheDoor(lab, (door) => rotate({ ...rollOut, door, times: timesOf(lab.definition, all) }));
  const renewal = await certificate?.look();
  view.done();
  const { from, to, former, present } = rotation;
  view.note(`every node has generation ${to}: ${present}; generation ${from}: ${former}`);
  if (!renewal) return { rotation };
  view.note(`the certificate of ${renewal.servers} nodes: ${renewal.certificate}`);
  if (!all) return { rotation, renewal };
  view.step("Another authority takes over while messages flow, in three deployments");
  const authority = await changeAuthority({ ...rollOut, believe });
  view.done();
  view.note(`who believes it alone: ${authority.present}; who believes the former: ${authority.former}`);
  return { rotation, renewal: { ...renewal, authority } };
}

/** Where brokers alone have the password, a second rotation takes no longer than one of brokers and controllers does. */
function timesOf({ roles }: Definition, all: boolean): 1 | 2 {
  return all || roles.filter((role) => kindOf(role).runs === "kafka").length === 1 ? 2 : 1;
}

function titleOf({ role, id, kind }: Blow): string {
  switch (kind) {
    case "died":
      return `The instance of ${role} ${id} dies without warning, and its disk with it`;
    case "terminated":
      return `The instance of ${role} ${id} is terminated by its group, in order`;
    case "unhealthy":
      return `The process of ${role} ${id} dies and will not start again`;
  }
}

function expectedOf(
  definition: Definition,
  blows: readonly Blow[],
  acknowledged: number,
): Omit<Expected, "security" | "rotation" | "renewal" | "outage"> {
  return {
    nodes: Object.fromEntries(definition.roles.map((role) => [role.name, sizeOfRole(role)])),
    replacements: blows.map(({ role, kind }) => ({ role, kind })),
    acknowledged,
    fixedAddress: definition.roles.filter((r) => r.pool).map((r) => r.name),
    ensemble: blows.some(({ role }) => role === "zookeeper"),
  };
}

const sizeOfRole = ({ perZone, groups }: Role): number => perZone * groups.length;

const sizeOf = ({ roles }: Definition): number => roles.reduce((sum, role) => sum + sizeOfRole(role), 0);

function numeral(count: number): string {
  return ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"][count] ?? String(count);
}

async function allInService(observer: Observer, definition: Definition): Promise<true | undefined> {
  const { nodes } = await observer.observe();
  return nodes.length === sizeOf(definition) && nodes.every((n) => n.scaling === "InService") ? true : undefined;
}

/** The longest that Rollcall's own calls and decisions took of one node's launch, s. */
function ownShare(lab: Lab): number {
  const members = lab.cloud.snapshot().groups.flatMap((g) => g.members);
  return Math.max(0, ...members.map((m) => lab.journal.share(m.instance).own)) / 1000;
}

/** Calls that Rollcall's functions made, by `service:Action`. */
function callsOf(lab: Lab): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const call of lab.cloud.calls.all()) {
    if (!isOwn(call)) continue;
    const name = nameOfCall(call);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function bootstrapOf(nodes: ReturnType<Screen["latest"]>): string[] {
  return nodes.flatMap((n) =>
    n.role === "broker" && n.scaling === "InService" && n.address ? [`${n.address}:9092`] : [],
  );
}
