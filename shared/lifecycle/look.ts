/** Fetches one fact through the ports; what to ask for is read off the facts that are already seen. */
import { CLIENT_PORT, CONTROLLER_PORT, type Definition, groupOf, type Role, roleOf } from "../cluster/definition.ts";
import type { FactName, Facts, Plan, Sights } from "./facts.ts";
import type { KafkaQuestion, Ports, TableContents } from "./ports.ts";
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
  quorum: (_plan, ports, facts, via) => ports.kafka.quorum(via ?? facts.instance),
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

/**
 * What to ask Kafka: about every broker id of the roster, through whichever broker was ever in service, and through
 * the node in question itself, which on a first launch is the only one there is.
 */
export function brokerQuestion(plan: Plan, table: TableSight, facts?: Facts): KafkaQuestion {
  const own = table.record?.role === "broker" ? (table.record.address ?? facts?.agent?.value.address) : undefined;
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
  const controllers = rosters.get("controller")?.members;
  const quorum = (roleOf(definition, "controller").pool ?? []).filter((p) => controllers?.has(p.id));
  return {
    quorum: quorum.map((p) => `${p.address}:${CONTROLLER_PORT}`),
    bootstrap: hosts.map((host) => `${host}:${CLIENT_PORT}`),
    ids: members.map((m) => m.id),
    ignoreTopics: definition.safety.ignoreTopics,
  };
}

/** TCP's word on each controller that an instance holds, by node id. */
export async function lookAtListeners(
  plan: Plan,
  ports: Ports,
  table: Pick<TableSight, "rosters">,
): Promise<ReadonlyMap<number, ListenerSight>> {
  const pool = roleOf(plan.definition, "controller").pool ?? [];
  const held = pool.filter((p) => table.rosters.get("controller")?.members.get(p.id)?.owner !== undefined);
  const server = (address: string): string => `${address}:${CONTROLLER_PORT}`;
  let heard: ReadonlyMap<string, ListenerSight> = new Map();
  try {
    heard = await ports.kafka.listeners(held.map((p) => server(p.address)));
  } catch (error) {
    // Not heard is unknown, which changes nothing; and it must not keep a sweep from everybody else.
    ports.log.warn(`controllers cannot be probed: ${error instanceof Error ? error.message : String(error)}`, {});
  }
  const byId = new Map<number, ListenerSight>();
  for (const { id, address } of held) {
    const sight = heard.get(server(address));
    if (sight) byId.set(id, sight);
  }
  return byId;
}

function tableOf(facts: Facts): TableSight {
  if (!facts.table) throw new Error("decide asked for a fact that rests on the table before the table");
  return facts.table.value;
}

function held(plan: Plan, facts: Facts): { role: Role; member: RosterMember } {
  const group = facts.fleet?.value.groups.find((g) => g.members.some((m) => m.instance === facts.instance));
  const role = group && groupOf(plan.definition, group.name)?.role;
  const members = role && tableOf(facts).rosters.get(role.name)?.members.values();
  const member = members && [...members].find((m) => m.owner === facts.instance);
  if (!role || !member) throw new Error("decide asked for the address of an instance that holds no id");
  return { role, member };
}
