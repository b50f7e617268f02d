/**
 * The table's items: their keys, and what they mean once read. One table, the cluster's name as partition key `pk`, and as
 * sort key `sk`
 *
 *     roster#broker                 who holds which id, of each role
 *     turn                          who may be taken down on purpose
 *     quorum                        how the quorum was founded, and that it formed
 *     access                        how far users and ACLs are as declared
 *     record#i-0123456789abcdef0    what cannot be observed about that instance
 *
 * No item holds a secret.
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import type { RoleName } from "../../cluster/definition.ts";
import type {
  AccessMark,
  InstanceRecord,
  NodeAction,
  QuorumMark,
  Roster,
  RosterMember,
  Turn,
} from "../../lifecycle/sights.ts";
import { roleNames } from "../../members/roster.ts";
import { fromAttributes } from "./attributes.ts";

export type Item = Record<string, AttributeValue>;

export const turnKey = "turn";
export const quorumKey = "quorum";
export const accessKey = "access";
/** Sort key of a role's roster. */
export const rosterKey = (role: RoleName): string => `roster#${role}`;
/** Sort key of an instance's record. */
export const recordKey = (instance: string): string => `${recordPrefix}${instance}`;
export const recordPrefix = "record#";

const role = v.picklist(roleNames);
const whole = v.pipe(v.number(), v.safeInteger());

/**
 * A roster item. What a claim writes (`members`) stands apart from what outlives it (`addresses`, `served`), so that a claim
 * is one SET that need not know what was there. About 110 bytes a member: some 3,700 fit into an item's 400 KB, and
 * each write costs one write unit for every KB of the item.
 */
const rosterItem = v.object({
  members: v.record(
    v.string(),
    v.object({
      owner: v.exactOptional(v.string()),
      zone: v.string(),
      since: whole,
      retired: v.exactOptional(v.literal(true)),
      generation: v.exactOptional(whole),
    }),
  ),
  addresses: v.record(v.string(), v.string()),
  served: v.exactOptional(v.array(whole), []),
  owners: v.exactOptional(v.array(v.string()), []),
});

const turnItem = v.object({ role, id: whole, instance: v.string(), since: whole, reason: v.string() });

const quorumItem = v.object({
  clusterId: v.string(),
  voters: v.array(v.object({ id: whole, directoryId: v.string() })),
  formed: v.boolean(),
  left: v.exactOptional(
    v.pipe(
      v.array(v.string()),
      v.transform((instances) => instances.sort()),
    ),
  ),
} satisfies Record<keyof QuorumMark, v.GenericSchema>);

const accessItem = v.object({
  digest: v.string(),
  at: whole,
  since: v.exactOptional(whole),
  versions: v.record(v.string(), v.string()),
  troubles: v.exactOptional(v.record(v.string(), v.string())),
  drift: v.array(v.string()),
} satisfies Record<keyof AccessMark, v.GenericSchema>);

/** Every property of a record, or what is saved would be lost at the next read. */
const recordItem = v.object({
  instance: v.string(),
  role,
  group: v.string(),
  zone: v.string(),
  action: v.exactOptional(v.object({ kind: v.picklist(["launch", "terminate"]), since: whole })),
  heartbeat: v.exactOptional(whole),
  address: v.exactOptional(v.string()),
  command: v.exactOptional(
    v.object({
      action: v.picklist(["configure", "stop", "status", "verify", "access"] satisfies NodeAction[]),
      digest: v.string(),
      attempt: whole,
      sent: whole,
      id: v.exactOptional(v.string()),
    }),
  ),
  configured: v.exactOptional(v.object({ digest: v.string(), at: whole, times: whole })),
  stopped: v.exactOptional(whole),
  unregistered: v.exactOptional(whole),
  alone: v.exactOptional(whole),
  hold: v.exactOptional(v.object({ reason: v.string(), since: whole })),
  operator: v.exactOptional(
    v.object({
      wish: v.picklist(["hold", "force", "abandon", "release"]),
      since: whole,
      action: v.exactOptional(v.picklist(["launch", "terminate"])),
      reason: v.string(),
      id: v.exactOptional(whole),
    }),
  ),
  attended: v.exactOptional(whole),
  version: whole,
} satisfies Record<keyof InstanceRecord, v.GenericSchema>);

/** @throws where the item is broken, naming its key and attribute; so do all that follow. */
export function toRoster(name: RoleName, item: Item): Roster {
  const { members, addresses, served, owners } = parsed(rosterItem, item);
  const inService = new Set(served);
  const roster = new Map<number, RosterMember>();
  for (const [key, member] of Object.entries(members)) {
    const id = Number(key);
    if (!Number.isSafeInteger(id) || id < 0) throw broken(item, `members.${key} is not under a node id`);
    const address = addresses[key];
    roster.set(id, { id, ...member, served: inService.has(id), ...(address === undefined ? {} : { address }) });
  }
  const holding = [...roster.values()].flatMap((member) => member.owner ?? []);
  const listed = new Set(owners);
  if (holding.length !== listed.size || holding.some((owner) => !listed.has(owner))) {
    throw broken(item, `owners lists ${owners.join(", ") || "nobody"}, but members are held by ${holding.join(", ")}`);
  }
  return { role: name, members: new Map([...roster].sort(([a], [b]) => a - b)) };
}

/** An item read as the turn. */
export function toTurn(item: Item): Turn {
  return parsed(turnItem, item);
}

/** An item read as the quorum mark. */
export function toQuorumMark(item: Item): QuorumMark {
  return parsed(quorumItem, item);
}

/** An item read as the access mark. */
export function toAccessMark(item: Item): AccessMark {
  return parsed(accessItem, item);
}

/** An item read as a record. */
export function toRecord(item: Item): InstanceRecord {
  return parsed(recordItem, item);
}

function parsed<S extends v.GenericSchema>(schema: S, item: Item): v.InferOutput<S> {
  const { success, output, issues } = v.safeParse(schema, fromAttributes(item));
  if (success) return output;
  const [issue] = issues;
  throw broken(item, `${v.getDotPath(issue) ?? "it"}: ${issue.message}`);
}

function broken(item: Item, what: string): Error {
  const key = `${item.pk?.S ?? "?"} / ${item.sk?.S ?? "?"}`;
  return new Error(`table item ${key} is broken: ${what}; nothing is changed until it is put right`);
}
