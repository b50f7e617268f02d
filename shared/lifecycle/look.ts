/** Fetches one fact through the ports; what to ask for is read off the facts that are already seen. */
import { type Definition, type Role, roleOf } from "../cluster/definition.ts";
import { CLIENT_PORT, isQuorum, kindOf, type QuorumAsked, quorumRole } from "../cluster/role-kinds.ts";
import type { FactName, Facts, Plan, Sights } from "./facts.ts";
import type { EnsembleMember, KafkaQuestion, Ports, TableContents } from "./ports.ts";
import type { ListenerSight, RosterMember, TableSight } from "./sights.ts";

type Looks = { readonly [F in FactName]: (plan: Plan, ports: Ports, facts: Facts, via?: string) => Promise<Sights[F]> };

const LOOKS: Looks = {
  fleet: (_plan, ports) => ports.fleet.look(),
  table: (_plan, ports, facts) => ports.table.read(facts.instance),
  ec2: async (_plan, ports, facts) => (await ports.instances.look([facts.instance])).get(facts.instance) ?? "unknown",
  agent: (_plan, ports, facts) => ports.commands.agent(facts.instance),
  command: async (_plan, ports, facts) => {
    const command = tableOf(facts).record?.command;
    return command
      ? ports.commands.look(facts.instance, command)
      : { status: "unsent", detail: "no command in its record" };
  },
  address: async (plan, ports, facts) => {
    const { role, member } = held(plan, facts);
    const pooled = role.pool?.find((p) => p.id === member.id);
    return pooled ? ((await ports.addresses.look(role, pooled.address)) ?? null) : null;
  },
  kafka: (plan, ports, facts) => ports.kafka.brokers(brokerQuestion(plan, tableOf(facts), facts)),
  listeners: (plan, ports, facts) => lookAtListeners(plan, ports, tableOf(facts)),
  quorum: ({ definition }, ports, facts, via) =>
    quorumAsked(definition) === "words"
      ? ports.kafka.ensemble(quorumMembers(definition))
      : ports.kafka.quorum(via ?? facts.instance),
};

/** @throws whatever the port throws: the fact stays unseen, and is looked at again later */
export function lookAt<F extends FactName>(
  name: F,
  plan: Plan,
  ports: Ports,
  facts: Facts,
  via?: string,
): Promise<Sights[F]> {
  return LOOKS[name](plan, ports, facts, via);
}

type Quorum = Pick<Definition, "cluster" | "roles">;

/** How the cluster's quorum is asked whether it stands. */
export function quorumAsked(definition: Quorum): QuorumAsked {
  const { asked } = kindOf(quorumRole(definition));
  if (asked === "protocol")
    throw new Error(`the quorum of cluster ${definition.cluster} is not a quorum's kind of role`);
  return asked;
}

/** Each id of the quorum's pool, with where it is reached. */
export function quorumMembers(definition: Quorum): EnsembleMember[] {
  const role = quorumRole(definition);
  return (role.pool ?? []).map(({ id, address }) => ({ id, server: `${address}:${kindOf(role).port}` }));
}

/**
 * What to ask Kafka: about every broker id of the roster, through whichever broker was ever in service, and through
 * the node in question itself, which on a first launch is the only one there is.
 */
export function brokerQuestion(plan: Plan, table: TableSight, facts?: Facts): KafkaQuestion {
  const own =
    table.record && !isQuorum({ name: table.record.role })
      ? (table.record.address ?? facts?.agent?.value.address)
      : undefined;
  return questionFor(plan.definition, table.rosters, facts && { instance: facts.instance, address: own });
}

/**
 * The same for nobody in particular.
 *
 * @param records where they are known: a broker's record has its address as soon as it is configured, the roster not before it
 *   is in service, and until then its former incarnation's
 */
export function questionFor(
  definition: Definition,
  rosters: TableSight["rosters"],
  self?: { readonly instance: string; readonly address: string | undefined },
  records?: TableContents["records"],
): KafkaQuestion {
  const members = [...(rosters.get("broker")?.members.values() ?? [])];
  const hosts = members.flatMap(({ owner, served, address }) => {
    if (owner === undefined || owner === self?.instance) return [];
    const record = records?.get(owner);
    if (record) return record.configured && record.address !== undefined ? [record.address] : [];
    return served && address !== undefined ? [address] : [];
  });
  if (self?.address !== undefined) hosts.push(self.address);
  const quorum = rosters.get(quorumRole(definition).name)?.members;
  return {
    quorum: quorumMembers(definition).flatMap(({ id, server }) => (quorum?.has(id) ? [server] : [])),
    asked: quorumAsked(definition),
    bootstrap: hosts.map((host) => `${host}:${CLIENT_PORT}`),
    ids: members.map((m) => m.id),
    ignoreTopics: definition.safety.ignoreTopics,
  };
}

/** TCP's word on each member of the quorum that an instance holds, by node id. */
export async function lookAtListeners(
  plan: Plan,
  ports: Ports,
  table: Pick<TableSight, "rosters">,
): Promise<ReadonlyMap<number, ListenerSight>> {
  const roster = table.rosters.get(quorumRole(plan.definition).name)?.members;
  const held = quorumMembers(plan.definition).filter(({ id }) => roster?.get(id)?.owner !== undefined);
  let heard: ReadonlyMap<string, ListenerSight> = new Map();
  try {
    heard = await ports.kafka.listeners(held.map(({ server }) => server));
  } catch (error) {
    // Not heard is unknown, which changes nothing; and it must not keep a sweep from everybody else.
    ports.log.warn(`the quorum cannot be probed: ${error instanceof Error ? error.message : String(error)}`, {});
  }
  const byId = new Map<number, ListenerSight>();
  for (const { id, server } of held) {
    const sight = heard.get(server);
    if (sight) byId.set(id, sight);
  }
  return byId;
}

function tableOf(facts: Facts): TableSight {
  if (!facts.table) throw new Error("decide asked for a fact that rests on the table before the table");
  return facts.table.value;
}

function held(plan: Plan, facts: Facts): { role: Role; member: RosterMember } {
  for (const { role, members } of tableOf(facts).rosters.values()) {
    const member = [...members.values()].find(({ owner }) => owner === facts.instance);
    if (member) return { role: roleOf(plan.definition, role), member };
  }
  throw new Error("decide asked for the address of an instance that holds no id");
}
