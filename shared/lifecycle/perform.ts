/**
 * Performs one change through the ports and answers what is known after it: facts the change brought along, facts it
 * made stale. Each change is safe to perform again after a crash: it is conditional, idempotent, or both.
 */
import type { Role } from "../cluster/definition.ts";
import { groupOf } from "../cluster/definition.ts";
import type { FactName, Facts, Plan } from "./facts.ts";
import type { Ports } from "./ports.ts";
import type { InstanceRecord, Roster, SentCommand, TableSight } from "./sights.ts";
import type { Change, RecordPatch } from "./steps.ts";

export interface Effect {
  /** The table as it is now known to be, where the change told. */
  readonly table?: TableSight;
  /** Facts to forget: they are no longer what was seen. */
  readonly stale: readonly FactName[];
  /** A claim was lost. */
  readonly lost?: true;
  /** The world was not ready for it, or is further than what was seen of it: look again, but not at once. */
  readonly early?: true;
  /** The lifecycle action, or the instance's part in the cluster, has ended: nothing more to decide. */
  readonly ended?: true;
}

/** @param attended until when this invocation will be at work on it, ms since the epoch; undefined: no longer than now */
export async function perform(
  change: Change,
  plan: Plan,
  ports: Ports,
  facts: Facts,
  attended: number | undefined,
): Promise<Effect> {
  const table = facts.table?.value;
  if (!table) throw new Error(`decide answered ${change.kind} before the table was seen`);
  const { instance, now } = facts;
  const withRoster = (roster: Roster): TableSight => ({
    ...table,
    rosters: new Map(table.rosters).set(roster.role, roster),
  });

  switch (change.kind) {
    case "note":
      return saved(table, await save(ports, facts, table, change.patch, attended));

    case "drop-record":
      await ports.table.drop(instance);
      return { stale: ["table"], ended: true };

    case "claim": {
      const { kind: _, role, ...wanted } = change;
      const claim = await ports.table.claim(role, { ...wanted, since: now }, instance);
      return { table: withRoster(claim.roster), stale: [], ...(!claim.won && { lost: true as const }) };
    }

    case "release":
      return {
        table: withRoster(await ports.table.release(change.role, change.id, instance, now, change.left)),
        stale: ["address"],
      };

    case "serve":
      return {
        table: withRoster(await ports.table.serve(change.role, change.id, instance, change.address)),
        stale: [],
      };

    case "note-generation": {
      const { role, id, generation } = change;
      return { table: withRoster(await ports.table.noteGeneration(role, id, instance, generation)), stale: [] };
    }

    case "attach": {
      const attached = await ports.addresses.attach(change.eni, instance);
      return { stale: ["address"], ...(attached !== "attached" && { early: true as const }) };
    }

    case "keep-on-termination":
      await ports.addresses.keepOnTermination(change.eni, change.attachment);
      return { stale: ["address"] };

    case "detach": {
      // Gone, though it was seen just now: a view that lags behind would show it again at once.
      const detached = await ports.addresses.detach(change.attachment);
      return { stale: ["address"], ...(detached === "gone" && { early: true as const }) };
    }

    case "found": {
      const voters = change.voters.map((id) => ({ id, directoryId: ports.ids.kafkaUuid() }));
      const quorum = await ports.table.found({ clusterId: ports.ids.kafkaUuid(), voters });
      return { table: { ...table, quorum }, stale: [] };
    }

    case "form": {
      if (!table.quorum) throw new Error("decide answered form before a quorum was founded");
      return { table: { ...table, quorum: await ports.table.form(table.quorum) }, stale: [] };
    }

    case "leave-founding":
      return { table: { ...table, quorum: await ports.table.leaveFounding(instance) }, stale: [] };

    case "note-access":
      return { table: { ...table, access: await ports.table.saveAccess(change.mark) }, stale: [] };

    case "send": {
      // The intent goes first: whoever comes after a crash knows that the command may be out there, and looks for it.
      const { action, digest, attempt, payload, address } = change;
      const command = { action, digest, attempt, sent: now };
      const configured = action === "configure" ? table.record?.configured : undefined;
      const patch = {
        command,
        ...(address !== undefined && { address }),
        // What it has by then is known again once that has succeeded; by another definition it may be another.
        ...(configured && { configured: { ...configured, digest: "" } }),
      };
      const intent = await save(ports, facts, table, patch, attended);
      if (intent === "changed") return { stale: ["table"] };
      const sent = await ports.commands.send({
        instance,
        action,
        payload,
        issued: now,
        comment: commandComment(command),
        timeout: plan.definition.periods.command,
      });
      if (sent === "unreachable") {
        return { table: { ...table, record: intent }, stale: ["agent", "command"], early: true };
      }
      // The id is kept with whatever is written next; until then the command is found again by its comment.
      return { table: { ...table, record: { ...intent, command: { ...command, id: sent.id } } }, stale: ["command"] };
    }

    case "take-turn": {
      const turn = await ports.table.takeTurn({ ...change.turn, since: now });
      return { table: { ...table, turn }, stale: [] };
    }

    case "give-turn": {
      // Another invocation may be about to use the turn, on a view of its own: of both, the one that writes the record first goes on.
      if ((await save(ports, facts, table, {}, attended)) === "changed") return { stale: ["table"] };
      await ports.table.giveTurn(change.turn);
      // It may have been another's, or for another purpose, by then.
      return { stale: ["table"] };
    }

    case "heartbeat": {
      const done = await ports.fleet.heartbeat({ group: groupName(plan, facts), instance, kind: change.action });
      if (done === "gone") return { stale: ["fleet"], early: true };
      return saved(table, await save(ports, facts, table, { heartbeat: now }, attended));
    }

    case "complete": {
      const done = await ports.fleet.complete(
        { group: groupName(plan, facts), instance, kind: change.action },
        change.result,
      );
      return done === "done" ? { stale: ["fleet"], ended: true } : { stale: ["fleet", "table"], early: true };
    }

    case "mark-unhealthy":
      await ports.fleet.markUnhealthy(instance);
      return { stale: ["fleet"], ended: true };
  }
}

/**
 * By which a command is found again where its id was not written down; SSM keeps at most 100 characters. It says when, too: the same may
 * be sent anew, and what became of the former is not its fate.
 */
export function commandComment({ action, digest, attempt, sent }: Omit<SentCommand, "id">): string {
  const what = digest === "" ? action : `${action} ${digest.slice(0, 32)}`;
  return `rollcall ${what} #${attempt} ${new Date(sent).toISOString()}`;
}

function saved(table: TableSight, record: InstanceRecord | "changed"): Effect {
  return record === "changed" ? { stale: ["table"] } : { table: { ...table, record }, stale: [] };
}

function save(
  ports: Ports,
  facts: Facts,
  table: TableSight,
  patch: RecordPatch,
  attended: number | undefined,
): Promise<InstanceRecord | "changed"> {
  const before: InstanceRecord = table.record ?? newRecord(facts);
  return ports.table.save(patched(before, { ...patch, attended }));
}

/** The first record of an instance: where it stands, and nothing yet that cannot be observed. */
export function newRecord(facts: Facts): InstanceRecord {
  const group = facts.fleet?.value.groups.find((g) => g.members.some((m) => m.instance === facts.instance));
  const roles = facts.table?.value.rosters ?? new Map<Role["name"], Roster>();
  const role = [...roles.values()].find((r) => [...r.members.values()].some((m) => m.owner === facts.instance))?.role;
  const zone = group?.members.find((m) => m.instance === facts.instance)?.zone;
  return { instance: facts.instance, role: role ?? "broker", group: group?.name ?? "", zone: zone ?? "", version: 0 };
}

/** The record with the patch applied; what the patch has as undefined is taken out. */
export function patched(record: InstanceRecord, patch: RecordPatch): InstanceRecord {
  const merged: Readonly<Record<string, unknown>> = { ...record, ...patch };
  const kept: Record<string, unknown> = {};
  for (const key of Object.keys(merged)) if (merged[key] !== undefined) kept[key] = merged[key];
  return kept as unknown as InstanceRecord;
}

function groupName(plan: Plan, facts: Facts): string {
  const group = facts.fleet?.value.groups.find((g) => g.members.some((m) => m.instance === facts.instance));
  if (!group || !groupOf(plan.definition, group.name))
    throw new Error(`no group of this cluster lists ${facts.instance}`);
  return group.name;
}
