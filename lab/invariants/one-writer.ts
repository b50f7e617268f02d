/**
 * What each write of the table is conditional on, held to what stood there just before: nobody writes over what another wrote
 * meanwhile. An id passes on only once its holder has given it up (invariant 3), a record is written only over what its writer has
 * read (invariant 3), and the turn is only given back by whom it was taken by (invariant 9).
 */
import type { RoleName } from "../../shared/cluster/definition.ts";
import type { Table, TableContents } from "../../shared/lifecycle/ports.ts";
import type { InstanceRecord, Turn } from "../../shared/lifecycle/sights.ts";
import { nameOf, ownerOf } from "./moment.ts";

/** One call that may have changed something, with the table at the moments before and after. */
export interface Write {
  readonly method: keyof Table;
  readonly input: readonly unknown[];
  readonly before: TableContents;
  readonly after: TableContents;
}

export interface Overwritten {
  readonly invariant: number;
  readonly what: string;
}

export function wroteOver({ method, input, before, after }: Write): Overwritten[] {
  switch (method) {
    case "claim":
      return takenFromHolder(before, after);
    case "release":
      return freedByAnother(input, before, after);
    case "save":
      return recordLost(input[0] as InstanceRecord, before, after);
    case "takeTurn":
    case "giveTurn":
      return turnLost(method, input[0] as Turn, before, after);
    default:
      return [];
  }
}

function takenFromHolder(before: TableContents, after: TableContents): Overwritten[] {
  return [...before.rosters.values()].flatMap(({ role, members }) =>
    [...members.values()].flatMap(({ id, owner }) => {
      const next = ownerOf(after.rosters, role, id);
      if (owner === undefined || next === owner) return [];
      return [{ invariant: 3, what: `${nameOf({ role, id })} passed to ${next ?? "nobody"} while ${owner} held it` }];
    }),
  );
}

/** `input`: role, id, and the instance that gives it up. */
function freedByAnother(input: readonly unknown[], before: TableContents, after: TableContents): Overwritten[] {
  const [role, id, instance] = input as [RoleName, number, string];
  const owner = ownerOf(before.rosters, role, id);
  if (owner === undefined || owner === instance || ownerOf(after.rosters, role, id) === owner) return [];
  return [{ invariant: 3, what: `${nameOf({ role, id })}, which ${owner} held, was freed for ${instance}` }];
}

/** A write that was refused leaves the record as it was. */
function recordLost(written: InstanceRecord, before: TableContents, after: TableContents): Overwritten[] {
  const { instance, version } = written;
  const standing = before.records.get(instance);
  if (after.records.get(instance) === standing || (standing?.version ?? 0) === version) return [];
  const what = `version ${standing?.version ?? 0} of the record of ${instance} was overwritten by one that was read at ${version}`;
  return [{ invariant: 3, what }];
}

function turnLost(
  method: "takeTurn" | "giveTurn",
  asked: Turn,
  before: TableContents,
  after: TableContents,
): Overwritten[] {
  const standing = before.turn;
  if (!standing || isSame(after.turn, standing)) return [];
  const own =
    method === "giveTurn" ? isSame(asked, standing) : asked.role === standing.role && asked.id === standing.id;
  if (own) return [];
  const how = method === "giveTurn" ? "was given back" : "was taken";
  return [{ invariant: 9, what: `the turn of ${nameOf(standing)} ${how} by ${asked.instance} for ${nameOf(asked)}` }];
}

function isSame(one: Turn | undefined, other: Turn): boolean {
  return (
    one !== undefined && one.instance === other.instance && one.since === other.since && one.reason === other.reason
  );
}
