/**
 * What a table must do, told once more by plain bookkeeping: each call, how it is made, what it changes and answers.
 */
import type { RoleName } from "../../shared/cluster/definition.ts";
import type { Table, TableContents, Vacated } from "../../shared/lifecycle/ports.ts";
import type {
  AccessMark,
  InstanceRecord,
  QuorumMark,
  Roster,
  RosterMember,
  Turn,
} from "../../shared/lifecycle/sights.ts";

/** Everything the table should hold, members by `role id`. */
export interface State {
  members: Record<string, RosterMember>;
  records: Record<string, InstanceRecord>;
  turn?: Turn;
  quorum?: QuorumMark;
  access?: AccessMark;
}

/** One call: how it is made, and what it changes and answers by the books. */
export interface Call {
  readonly text: string;
  make(table: Table, state: State): Promise<unknown>;
  /** Changes the state; returns the answer. */
  book(state: State): unknown;
  /** The answer where the first one was lost and the SDK asked again; the same where left out. */
  again?(answer: unknown): unknown;
}

/** Whoever holds the id or has the turn when the call is made, so that what only a holder may do is often done. */
export const HOLDER = "its holder";

function holderOf(state: State, role: RoleName, id: number, who: string): string {
  return who === HOLDER ? (state.members[key(role, id)]?.owner ?? "i-nobody") : who;
}

export const roles: readonly RoleName[] = ["controller", "zookeeper", "broker"];
export const key = (role: RoleName, id: number) => `${role} ${id}`;

export function membersOf(state: State, role: RoleName): RosterMember[] {
  return Object.entries(state.members).flatMap(([k, member]) => (k.startsWith(`${role} `) ? [member] : []));
}

const plain = (role: RoleName, members: readonly RosterMember[]) => ({
  role,
  members: Object.fromEntries(members.map((m) => [m.id, m])),
});
const plainRoster = (roster: Roster) => plain(roster.role, [...roster.members.values()]);
const bookedRoster = (state: State, role: RoleName) => plain(role, membersOf(state, role));

export function toState(contents: TableContents): State {
  const members = roles.flatMap((role) =>
    [...(contents.rosters.get(role)?.members ?? [])].map(([id, m]) => [key(role, id), m]),
  );
  return {
    members: Object.fromEntries(members),
    records: Object.fromEntries(contents.records),
    ...(contents.turn ? { turn: contents.turn } : {}),
    ...(contents.quorum ? { quorum: contents.quorum } : {}),
    ...(contents.access ? { access: contents.access } : {}),
  };
}

export function claim(
  role: RoleName,
  id: number,
  instance: string,
  since: number,
  address: string | undefined,
  generation: number | undefined,
): Call {
  const zone = `zone-${id % 3}`;
  const given = {
    ...(address === undefined ? {} : { address }),
    ...(generation === undefined ? {} : { generation }),
  };
  return {
    text: `claim ${role} ${id} for ${instance}${address ? ` at ${address}` : ""}`,
    make: (table) =>
      table.claim(role, { id, zone, since, ...given }, instance).then(({ won, roster }) => [won, plainRoster(roster)]),
    book(state) {
      const former = state.members[key(role, id)];
      const free = !former?.owner && !membersOf(state, role).some((m) => m.owner === instance);
      if (free) {
        const kept = former?.address === undefined ? {} : { address: former.address };
        state.members[key(role, id)] = {
          id,
          owner: instance,
          zone,
          since,
          served: former?.served ?? false,
          ...kept,
          ...given,
        };
      }
      return [state.members[key(role, id)]?.owner === instance, bookedRoster(state, role)];
    },
  };
}

export function release(role: RoleName, id: number, who: string, now: number, left: Vacated): Call {
  return {
    text: `release ${role} ${id} of ${who}, leaving ${JSON.stringify(left)}`,
    make: (table, before) => table.release(role, id, holderOf(before, role, id, who), now, left).then(plainRoster),
    book(state) {
      const member = state.members[key(role, id)];
      if (member?.owner === holderOf(state, role, id, who)) {
        const { owner: _, ...rest } = member;
        state.members[key(role, id)] = { ...rest, since: now, ...left };
      }
      return bookedRoster(state, role);
    },
  };
}

export function serve(role: RoleName, id: number, who: string, address: string): Call {
  return {
    text: `serve ${role} ${id} on ${who} at ${address}`,
    make: (table, before) => table.serve(role, id, holderOf(before, role, id, who), address).then(plainRoster),
    book(state) {
      const member = state.members[key(role, id)];
      if (member?.owner === holderOf(state, role, id, who))
        state.members[key(role, id)] = { ...member, served: true, address };
      return bookedRoster(state, role);
    },
  };
}

export function noteGeneration(role: RoleName, id: number, who: string, generation: number): Call {
  return {
    text: `note generation ${generation} of ${role} ${id} on ${who}`,
    make: (table, before) =>
      table.noteGeneration(role, id, holderOf(before, role, id, who), generation).then(plainRoster),
    book(state) {
      const member = state.members[key(role, id)];
      if (member?.owner === holderOf(state, role, id, who)) state.members[key(role, id)] = { ...member, generation };
      return bookedRoster(state, role);
    },
  };
}

/** A record with something in every property, read at that distance before the stored version. */
export function save(instance: string, at: number, behind: number, full: boolean): Call {
  const record = (state: State): InstanceRecord => ({
    instance,
    role: "broker",
    group: "lab-broker-a",
    zone: "a",
    ...(full
      ? {
          action: { kind: "launch", since: at },
          heartbeat: at,
          address: "10.0.1.7",
          command: { action: at % 2 ? "stop" : "access", digest: "", attempt: 1, sent: at, id: "c-1" },
          configured: { digest: "d", at, times: 1 },
          stopped: at,
          unregistered: at,
          alone: at,
          hold: { reason: "waits for an operator", since: at },
          attended: at,
        }
      : {}),
    version: Math.max(0, (state.records[instance]?.version ?? 0) - behind),
  });
  return {
    text: `save the record of ${instance}, ${behind} versions behind`,
    make: (table, before) => table.save(record(before)),
    book(state) {
      const next = record(state);
      if ((state.records[instance]?.version ?? 0) !== next.version) return "changed";
      state.records[instance] = { ...next, version: next.version + 1 };
      return state.records[instance];
    },
    again: () => "changed",
  };
}

export function takeTurn(turn: Turn): Call {
  const asked = (state: State): Turn =>
    turn.instance === HOLDER ? { ...turn, instance: state.turn?.instance ?? "i-0" } : turn;
  return {
    text: `take the turn for ${turn.instance} as ${turn.role} ${turn.id}`,
    make: (table, before) => table.takeTurn(asked(before)),
    book(state) {
      const standing = state.turn;
      if (!standing) state.turn = asked(state);
      else if (standing.role === asked(state).role && standing.id === asked(state).id) state.turn = asked(state);
      return state.turn;
    },
  };
}

/** That one, or the one that stands. */
export function giveTurn(turn: Turn | undefined): Call {
  const none: Turn = { role: "broker", id: 1, instance: "i-0", since: 0, reason: "none" };
  const given = (state: State): Turn => turn ?? state.turn ?? none;
  return {
    text: `give back the turn of ${turn ? `${turn.role} ${turn.id} (${turn.reason})` : HOLDER}`,
    make: (table, before) => table.giveTurn(given(before)),
    book(state) {
      if (inOrder(state.turn) === inOrder(given(state))) delete state.turn;
      return undefined;
    },
  };
}

const inOrder = (turn: Turn | undefined): string =>
  JSON.stringify(turn && [turn.role, turn.id, turn.instance, turn.since, turn.reason]);

export function found(clusterId: string): Call {
  const mark = { clusterId, voters: [{ id: 101, directoryId: `${clusterId}-dir` }] };
  return {
    text: `found ${clusterId}`,
    make: (table) => table.found(mark),
    book(state) {
      state.quorum ??= { ...mark, formed: false };
      return state.quorum;
    },
  };
}

export function saveAccess(at: number, digest: string): Call {
  const mark: AccessMark = { digest, at, versions: { app: `v-${at}` }, drift: [`removed ACL ${digest}`] };
  return {
    text: `save the access mark ${digest} of ${at}`,
    make: (table) => table.saveAccess(mark),
    book(state) {
      if ((state.access?.at ?? 0) <= at) state.access = mark;
      return state.access;
    },
  };
}

export function form(): Call {
  return {
    text: "form",
    make: async (table) => {
      const { quorum } = await table.readAll();
      return table.form(quorum ?? { clusterId: "none", voters: [], formed: false });
    },
    book(state) {
      if (!state.quorum) {
        return new Error("a quorum cannot be marked formed before it is founded: there is no quorum mark");
      }
      state.quorum = { ...state.quorum, formed: true };
      return state.quorum;
    },
  };
}

/** By somebody who knows of so many founders that were let go. */
export function formKnowing(left: number): Call {
  const seen = { clusterId: "any", voters: [], formed: false, left: Array.from({ length: left }, (_, n) => `i-${n}`) };
  return {
    text: `form, knowing of ${left} that left`,
    make: (table) => table.form(seen),
    book(state) {
      if (!state.quorum) {
        return new Error("a quorum cannot be marked formed before it is founded: there is no quorum mark");
      }
      if ((state.quorum.left?.length ?? 0) === left) state.quorum = { ...state.quorum, formed: true };
      return state.quorum;
    },
  };
}

export function leaveFounding(instance: string): Call {
  return {
    text: `${instance} leaves the founding`,
    make: (table) => table.leaveFounding(instance),
    book(state) {
      if (!state.quorum) {
        return new Error("no founder can leave a quorum before it is founded: there is no quorum mark");
      }
      const left = new Set(state.quorum.left).add(instance);
      if (!state.quorum.formed) state.quorum = { ...state.quorum, left: [...left].sort() };
      return state.quorum;
    },
  };
}
