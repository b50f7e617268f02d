/** Builds the facts of one decision: a healthy three-zone cluster, with whatever a test changes in it. */
import { readFileSync } from "node:fs";
import { type Definition, type RoleName, roleOf } from "../../shared/cluster/definition.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import { kindOf, quorumRole } from "../../shared/cluster/role-kinds.ts";
import { decide } from "../../shared/lifecycle/decide/index.ts";
import type { Facts, Plan, Seen, Sights } from "../../shared/lifecycle/facts.ts";
import { planFor } from "../../shared/lifecycle/plan.ts";
import type {
  AccessMark,
  AddressSight,
  BrokerSight,
  GroupSight,
  InstanceRecord,
  KafkaSight,
  LifecycleState,
  QuorumAnswer,
  QuorumMark,
  RosterMember,
  Turn,
} from "../../shared/lifecycle/sights.ts";
import type { Change, Step } from "../../shared/lifecycle/steps.ts";

function declared(name: string): Definition {
  const file = `clusters/${name}.yml`;
  return parseDefinition(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"), file);
}

export const definition: Definition = declared("lab");
export const plan: Plan = planFor(definition);
/** Kafka on a ZooKeeper ensemble 1, 2, 3; asks everybody who he is. */
export const classic: Plan = planFor(declared("zookeeper"));
export const NOW = 1_800_000_000_000;
export const A = "eu-central-1a";
export const B = "eu-central-1b";
export const C = "eu-central-1c";

export const mark: QuorumMark = {
  clusterId: "4L6g3nShT-eMCtK--X86sw",
  voters: [101, 102, 103].map((id) => ({ id, directoryId: `dir-${id}` })),
  formed: true,
};

export interface Node {
  readonly instance: string;
  readonly zone: string;
  readonly state?: LifecycleState;
  /** The id it holds. */
  readonly id?: number;
  readonly served?: boolean;
  readonly address?: string;
  /** How long it has held its id, ms; a second where left out. */
  readonly held?: number;
  /** Of the nodes' own credential; the declared one where left out. */
  readonly generation?: number;
}

export const groupName = (role: RoleName, zone: string, of: Definition = definition): string => {
  const group = roleOf(of, role).groups.find((g) => g.zone === zone);
  if (!group) throw new Error(`no group of ${role} in ${zone}`);
  return group.name;
};

/** The mark of a cluster whose quorum has formed. */
export const markOf = ({ definition }: Plan): QuorumMark => ({
  ...mark,
  voters: quorumRole(definition).ids.map((id) => ({ id, directoryId: `dir-${id}` })),
});

export interface Setting {
  /** Of the plain KRaft cluster where left out. */
  readonly plan?: Plan;
  readonly role?: RoleName;
  readonly nodes: readonly Node[];
  /** Of each zone's group; 1 where left out. */
  readonly desired?: Readonly<Record<string, number>>;
  readonly deleting?: readonly string[];
  readonly vacant?: readonly { id: number; zone: string; served?: boolean; address?: string }[];
  readonly record?: Partial<InstanceRecord>;
  readonly turn?: Partial<Turn>;
  readonly quorum?: QuorumMark | null;
  readonly access?: AccessMark;
  readonly seen?: Partial<{ [F in keyof Sights]: Sights[F] }>;
  readonly stale?: Partial<Record<keyof Sights, number>>;
  readonly attempt?: number;
  readonly echo?: boolean;
  readonly ended?: string;
  readonly suspect?: boolean;
  readonly begun?: number | null;
}

/** `i-1`, `i-2` and `i-3`: a member in service in each zone, with these ids, at `10.0.1.HOST`, `10.0.2.HOST` and `10.0.3.HOST`. */
export const inEachZone = (ids: readonly [number, number, number], host: number) =>
  ids.map((id, n) => ({
    instance: `i-${n + 1}`,
    zone: [A, B, C][n] ?? A,
    state: "InService" as const,
    id,
    served: true,
    address: `10.0.${n + 1}.${host}`,
  }));

/** The network interface of controller 101, attached to `i-1` but for what is said otherwise; or free. */
export const interfaceOf101 = (attachment?: Partial<NonNullable<AddressSight["attachment"]>>): AddressSight => ({
  address: "10.0.1.10",
  eni: "eni-1",
  zone: A,
  ...(attachment && {
    attachment: { id: "attach-1", instance: "i-1", status: "attached", deleteOnTermination: false, ...attachment },
  }),
});

/** The facts as seen by the first node of the setting. */
export function facts(setting: Setting): Facts {
  const role = setting.role ?? "broker";
  const cluster = setting.plan ?? plan;
  const subject = setting.nodes[0];
  if (!subject) throw new Error("a setting needs a node");
  const groups: GroupSight[] = [A, B, C].map((zone) => ({
    name: groupName(role, zone, cluster.definition),
    desired: setting.desired?.[zone] ?? 1,
    deleting: setting.deleting?.includes(zone) ?? false,
    members: setting.nodes
      .filter((n) => n.zone === zone && n.state !== undefined)
      .map((n) => ({ instance: n.instance, state: n.state ?? "Pending:Wait", zone, healthy: true })),
  }));
  const members = new Map<number, RosterMember>();
  const declared = kindOf({ name: role }).runs === "kafka" ? cluster.definition.security?.generation : undefined;
  for (const n of setting.nodes) {
    if (n.id === undefined) continue;
    members.set(n.id, {
      id: n.id,
      owner: n.instance,
      zone: n.zone,
      since: NOW - (n.held ?? 1000),
      served: n.served ?? false,
      ...(n.address !== undefined && { address: n.address }),
      ...(declared !== undefined && { generation: n.generation ?? declared }),
    });
  }
  for (const v of setting.vacant ?? []) members.set(v.id, { since: NOW - 1000, served: false, ...v });
  const record = setting.record && {
    instance: subject.instance,
    role,
    group: groupName(role, subject.zone, cluster.definition),
    zone: subject.zone,
    version: 1,
    ...setting.record,
  };
  const quorum = setting.quorum === undefined ? markOf(cluster) : setting.quorum;
  const stamp = <T>(name: keyof Sights, value: T): Seen<T> => ({ at: NOW - (setting.stale?.[name] ?? 0), value });
  const seen: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(setting.seen ?? {})) seen[name] = stamp(name as keyof Sights, value);
  return {
    now: NOW,
    instance: subject.instance,
    attempt: setting.attempt ?? 0,
    echo: setting.echo ?? false,
    ...(setting.ended !== undefined && { ended: setting.ended }),
    suspect: setting.suspect ?? false,
    ...(setting.begun !== null && { begun: setting.begun ?? NOW }),
    fleet: stamp("fleet", { groups }),
    table: stamp("table", {
      rosters: new Map([[role, { role, members }]]),
      ...(record && { record }),
      ...(setting.turn && {
        turn: { role, id: 9, instance: "i-other", since: NOW, reason: "a test", ...setting.turn },
      }),
      ...(quorum && { quorum }),
      ...(setting.access && { access: setting.access }),
    }),
    ...seen,
  } as Facts;
}

export const step = (setting: Setting): Step => decide(setting.plan ?? plan, facts(setting));

/** The change a setting leads to; fails with the step's own words where it leads to anything else. */
export function changeOf(setting: Setting): Change & { row: string; reason: string } {
  const answer = step(setting);
  if (answer.do !== "change") throw new Error(`${answer.do} (${answer.row}): ${answer.reason}`);
  return { ...answer.change, row: answer.row, reason: answer.reason };
}

/** What that note leaves in the record. */
export function notedBy(change: Change): Partial<InstanceRecord> {
  if (change.kind !== "note") throw new Error(`${change.kind} notes nothing`);
  return Object.fromEntries(Object.entries(change.patch).filter(([, value]) => value !== undefined));
}

export const safe = { safe: true, reason: "a test says so" };
export const unsafe = { safe: false, reason: "orders-0 has no other in-sync replica" };

export function kafka(brokers: Readonly<Record<number, Partial<BrokerSight>>>): KafkaSight {
  const sights = Object.entries(brokers).map(([id, sight]): [number, BrokerSight] => [
    Number(id),
    { replicas: 0, missing: 0, stop: safe, startEmpty: safe, ...sight },
  ]);
  return { seen: true, clusterId: mark.clusterId, brokers: new Map(sights) };
}

export const at = (host: string) => ({ registered: { host, port: 9092 } });

export function quorumOf(
  voters: Readonly<Record<number, number>>,
  observers: readonly number[] = [],
  leader = 101,
): QuorumAnswer & { seen: true } {
  const replica = (id: number, caughtUpAgo: number) => ({
    id,
    directoryId: `dir-${id}`,
    logEndOffset: 100,
    lag: caughtUpAgo > 7000 ? 9 : 0,
    caughtUpAgo,
  });
  return {
    seen: true,
    leader,
    voters: Object.entries(voters).map(([id, ago]) => replica(Number(id), ago)),
    observers: observers.map((id) => replica(id, 0)),
  };
}

/** The digest that node's configuration has now. */
export function digestOf(role: RoleName, id: number, zone: string, address: string, quorum: QuorumMark = mark): string {
  return digestIn(plan, role, id, zone, address, quorum);
}

/** The same in another cluster. */
export function digestIn(
  cluster: Plan,
  role: RoleName,
  id: number,
  zone: string,
  address: string,
  quorum: QuorumMark = markOf(cluster),
): string {
  return cluster.render({ role: roleOf(cluster.definition, role), id, zone, address }, quorum).digest;
}
