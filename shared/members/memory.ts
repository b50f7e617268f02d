/**
 * The table in memory, for simulation, tests and measurements: what DynamoDB does with one conditional write at a time.
 * Values are copied on the way in and frozen, so that what a caller holds is never the table's own.
 */
import type { RoleName } from "../cluster/definition.ts";
import type { Table, TableContents } from "../lifecycle/ports.ts";
import type { AccessMark, InstanceRecord, QuorumMark, Roster, Turn } from "../lifecycle/sights.ts";
import { accessSaved } from "./access.ts";
import { founderLeft, quorumFormed, quorumFounded } from "./quorum.ts";
import { recordSaved } from "./record.ts";
import { claimed, emptyRoster, generationNoted, released, roleNames, servedAt } from "./roster.ts";
import { turnGiven, turnTaken } from "./turn.ts";

export interface MemoryTableOptions {
  /** What the table holds at first; nothing where left out. */
  readonly contents?: Partial<TableContents>;
}

/** An empty table, or one with those contents. Every call takes effect at once and answers asynchronously. */
export function memoryTable(options: MemoryTableOptions = {}): Table {
  const { contents = {} } = options;
  const rosters = new Map<RoleName, Roster>(
    roleNames.map((role) => [role, copiedRoster(contents.rosters?.get(role) ?? emptyRoster(role))]),
  );
  const records = new Map<string, InstanceRecord>();
  for (const [instance, record] of contents.records ?? []) records.set(instance, copied(record));
  let turn: Turn | undefined = copied(contents.turn);
  let quorum: QuorumMark | undefined = copied(contents.quorum);
  let access: AccessMark | undefined = copied(contents.access);

  const rosterOf = (role: RoleName): Roster => rosters.get(role) ?? emptyRoster(role);
  /** What readers get of the rosters, until one changes. */
  let shown: ReadonlyMap<RoleName, Roster> | undefined;
  const keep = (roster: Roster): Roster => {
    const kept = copiedRoster(roster);
    rosters.set(roster.role, kept);
    shown = undefined;
    return handedOut(kept);
  };
  const show = (): ReadonlyMap<RoleName, Roster> => {
    shown ??= new Map([...rosters].map(([role, roster]) => [role, handedOut(roster)]));
    return shown;
  };
  const shared = () => ({
    rosters: show(),
    ...(turn ? { turn } : {}),
    ...(quorum ? { quorum } : {}),
    ...(access ? { access } : {}),
  });

  return {
    async read(instance) {
      const record = records.get(instance);
      return { ...shared(), ...(record ? { record } : {}) };
    },
    async readAll() {
      return { ...shared(), records: new Map(records) };
    },
    async claim(role, member, instance) {
      const claim = claimed(rosterOf(role), member, instance);
      return { won: claim.won, roster: keep(claim.roster) };
    },
    async release(role, id, instance, now, left) {
      return keep(released(rosterOf(role), id, instance, now, left));
    },
    async serve(role, id, instance, address) {
      return keep(servedAt(rosterOf(role), id, instance, address));
    },
    async noteGeneration(role, id, instance, generation) {
      return keep(generationNoted(rosterOf(role), id, instance, generation));
    },
    async save(record) {
      const saved = recordSaved(records.get(record.instance), record);
      if (saved === "changed") return saved;
      const kept = copied(saved);
      records.set(record.instance, kept);
      return kept;
    },
    async drop(instance) {
      records.delete(instance);
    },
    async takeTurn(asked) {
      turn = copied(turnTaken(turn, asked));
      return turn;
    },
    async giveTurn(given) {
      turn = turnGiven(turn, given);
    },
    async found(mark) {
      quorum = copied(quorumFounded(quorum, mark));
      return quorum;
    },
    async form(seen) {
      quorum = copied(quorumFormed(quorum, seen));
      return quorum;
    },
    async leaveFounding(instance) {
      quorum = copied(founderLeft(quorum, instance));
      return quorum;
    },
    async saveAccess(mark) {
      access = copied(accessSaved(access, mark));
      return access;
    },
  };
}

/** By id, each member a frozen copy. */
function copiedRoster(roster: Roster): Roster {
  const members = [...roster.members].sort(([a], [b]) => a - b);
  return { role: roster.role, members: new Map(members.map(([id, member]) => [id, copied(member)])) };
}

/** The members are frozen already; the map around them is another than the table's own. */
function handedOut(roster: Roster): Roster {
  return { role: roster.role, members: new Map(roster.members) };
}

/** What the table holds is plain objects, arrays and primitives; for these it is many times faster than `structuredClone`. */
function copied<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(copied)) as T;
  const copy: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) copy[name] = copied(part);
  return Object.freeze(copy) as T;
}
