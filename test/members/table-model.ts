/**
 * Commands for fast-check: calls one at a time, calls whose answer is lost, callers that die over a call, and crowds that
 * call at once. After each the whole table is compared with the books.
 */
import fc from "fast-check";
import { expect } from "vitest";
import type { RoleName } from "../../shared/cluster/definition.ts";
import type { Table, TableContents } from "../../shared/lifecycle/ports.ts";
import {
  type Call,
  claim,
  form,
  formKnowing,
  found,
  giveTurn,
  HOLDER,
  key,
  leaveFounding,
  membersOf,
  noteGeneration,
  release,
  roles,
  type State,
  save,
  saveAccess,
  serve,
  takeTurn,
  toState,
} from "./table-books.ts";

/** A table under test, and the network that its callers reach it by. */
export interface Side {
  readonly table: Table;
  /** The next call takes effect, its answer is lost, and the SDK asks again. */
  loseAnswer(): void;
  /** The next call may take effect or not, and its caller never learns. */
  loseCaller(): void;
}

export interface Model {
  state: State;
  /** Highest version each record was ever stored at since it was last dropped. */
  versions: Map<string, number>;
}

export const emptyModel = (): Model => ({ state: { members: {}, records: {} }, versions: new Map() });

type Fate = "answered" | "answer lost" | "caller lost";

/** The rules that no interleaving may break, asked of the table itself. */
function checkInvariants(contents: TableContents, model: Model): void {
  for (const [role, roster] of contents.rosters) {
    const owners = [...roster.members.values()].flatMap((m) => m.owner ?? []);
    expect(new Set(owners).size, `${role}: no instance holds two ids`).toBe(owners.length);
    for (const [id, member] of roster.members) {
      const before = model.state.members[key(role, id)];
      if (before?.served) expect(member.served, `${role} ${id} stays known to have been in service`).toBe(true);
    }
  }
  for (const [instance, record] of contents.records) {
    expect(record.version, `version of ${instance}`).toBeGreaterThanOrEqual(model.versions.get(instance) ?? 0);
    model.versions.set(instance, record.version);
  }
  const { quorum: founded } = model.state;
  const latest = model.state.access?.at ?? 0;
  expect(contents.access?.at ?? 0, "the access mark never goes back").toBeGreaterThanOrEqual(latest);
  if (founded) {
    const { clusterId, voters } = founded;
    expect(contents.quorum, "one founding").toMatchObject({ clusterId, voters });
    if (founded.formed) expect(contents.quorum, "what has formed stays so").toEqual(founded);
  }
}

class Single implements fc.AsyncCommand<Model, Side> {
  readonly #call: Call;
  readonly #fate: Fate;
  constructor(call: Call, fate: Fate) {
    this.#call = call;
    this.#fate = fate;
  }
  toString() {
    return this.#fate === "answered" ? this.#call.text : `${this.#call.text} (${this.#fate})`;
  }
  check() {
    return true;
  }
  async run(model: Model, { table, loseAnswer, loseCaller }: Side) {
    const before = structuredClone(model.state);
    if (this.#fate === "answer lost") loseAnswer();
    if (this.#fate === "caller lost") loseCaller();
    const outcome = await this.#call.make(table, before).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error: String(error) }),
    );
    const booked = this.#call.book(model.state);

    const contents = await table.readAll();
    const state = toState(contents);
    if (this.#fate === "caller lost") {
      expect([before, model.state]).toContainEqual(state);
      model.state = state;
    } else {
      const answer = this.#fate === "answer lost" && this.#call.again ? this.#call.again(booked) : booked;
      expect(outcome).toEqual(booked instanceof Error ? { error: String(booked) } : { answer });
      expect(state).toEqual(model.state);
    }
    checkInvariants(contents, { ...model, state: before });
  }
}

class Drop implements fc.AsyncCommand<Model, Side> {
  readonly #instance: string;
  constructor(instance: string) {
    this.#instance = instance;
  }
  toString() {
    return `drop the record of ${this.#instance}`;
  }
  check() {
    return true;
  }
  async run(model: Model, { table }: Side) {
    await table.drop(this.#instance);
    delete model.state.records[this.#instance];
    model.versions.delete(this.#instance);
    expect(toState(await table.readAll())).toEqual(model.state);
  }
}

/** What one instance is told: the rosters, turn and mark of all, and its own record. */
class Read implements fc.AsyncCommand<Model, Side> {
  readonly #instance: string;
  constructor(instance: string) {
    this.#instance = instance;
  }
  toString() {
    return `read for ${this.#instance}`;
  }
  check() {
    return true;
  }
  async run({ state }: Model, { table }: Side) {
    const { record, ...rest } = await table.read(this.#instance);
    expect(record).toEqual(state.records[this.#instance]);
    expect(toState({ ...rest, records: new Map(Object.entries(state.records)) })).toEqual(state);
    expect([...rest.rosters.keys()]).toEqual(roles);
  }
}

/** Instances that claim at once: each free id goes to exactly one of those who may have it, and each learns the truth. */
class ClaimingCrowd implements fc.AsyncCommand<Model, Side> {
  readonly #role: RoleName;
  readonly #wishes: readonly (readonly [instance: string, id: number])[];
  constructor(role: RoleName, wishes: readonly (readonly [string, number])[]) {
    this.#role = role;
    this.#wishes = wishes;
  }
  toString() {
    return `crowd of ${this.#role}s claims ${this.#wishes.map(([instance, id]) => `${id} for ${instance}`).join(", ")}`;
  }
  check() {
    return true;
  }
  async run(model: Model, { table }: Side) {
    const role = this.#role;
    const before = structuredClone(model.state);
    const owners = new Set(membersOf(before, role).map((m) => m.owner));
    const answers = await Promise.all(
      this.#wishes.map(([instance, id]) => table.claim(role, { id, zone: "a", since: 7 }, instance)),
    );

    const contents = await table.readAll();
    const state = toState(contents);
    for (const [index, [instance, id]] of this.#wishes.entries()) {
      const owner = state.members[key(role, id)]?.owner;
      expect(answers[index]?.won, `${instance} is told whether ${id} is its`).toBe(owner === instance);
      const formerOwner = before.members[key(role, id)]?.owner;
      const able = this.#wishes.flatMap(([i, wanted]) => (wanted === id && !owners.has(i) ? [i] : []));
      if (formerOwner) expect(owner).toBe(formerOwner);
      else if (able.length > 0) expect(able).toContain(owner);
      else expect(owner).toBeUndefined();
    }
    checkInvariants(contents, model);
    model.state = state;
  }
}

/** Instances that ask for the turn, save one record, or found the quorum at once: one of them has its way. */
class Crowd implements fc.AsyncCommand<Model, Side> {
  readonly #kind: "turn" | "save" | "found";
  constructor(kind: "turn" | "save" | "found") {
    this.#kind = kind;
  }
  toString() {
    return `crowd: ${this.#kind}`;
  }
  check() {
    return true;
  }
  async run(model: Model, { table }: Side) {
    const before = structuredClone(model.state);
    const four = [0, 1, 2, 3];
    if (this.#kind === "turn") {
      const asked = four.map((n) => ({
        role: "broker" as const,
        id: n,
        instance: `i-${n}`,
        since: n,
        reason: "crowd",
      }));
      const answers = await Promise.all(asked.map((turn) => table.takeTurn(turn)));
      const standing = (await table.readAll()).turn;
      // Whose the turn was may take it anew meanwhile; nobody else gets it.
      for (const answer of answers) expect([before.turn?.instance, standing?.instance]).toContain(answer.instance);
      if (before.turn && !asked.some((turn) => turn.id === before.turn?.id && turn.role === before.turn.role)) {
        expect(standing).toEqual(before.turn);
      }
    } else if (this.#kind === "save") {
      const version = before.records["i-0"]?.version ?? 0;
      const record = { instance: "i-0", role: "broker" as const, group: "g", zone: "a", version };
      const answers = await Promise.all(four.map((n) => table.save({ ...record, heartbeat: n })));
      expect(answers.filter((answer) => answer !== "changed")).toHaveLength(1);
      expect(answers).toContainEqual((await table.readAll()).records.get("i-0"));
    } else {
      const answers = await Promise.all(four.map((n) => table.found({ clusterId: `crowd-${n}`, voters: [] })));
      for (const answer of answers) expect(answer).toEqual(answers[0]);
    }
    const contents = await table.readAll();
    checkInvariants(contents, model);
    model.state = toState(contents);
  }
}

const instance = fc.constantFrom("i-0", "i-1", "i-2", "i-3", "i-4", "i-5", "i-6", "i-7");
const recorded = fc.constantFrom("i-0", "i-1");
const who = fc.oneof(instance, fc.constant(HOLDER));
const role = fc.constantFrom(...roles);
const id = fc.integer({ min: 1, max: 3 });
const time = fc.integer({ min: 0, max: 2_000_000_000_000 });
const generation = fc.integer({ min: 1, max: 3 });
const address = fc.constantFrom("10.0.1.1", "10.0.1.2", "10.0.2.1");
const left = fc.record({ address, retired: fc.constant(true as const) }, { requiredKeys: [] });

const calls: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        role,
        id,
        instance,
        time,
        fc.option(address, { nil: undefined }),
        fc.option(generation, { nil: undefined }),
      )
      .map((a) => claim(...a)),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(role, id, who, time, left).map((a) => release(...a)),
  },
  { weight: 2, arbitrary: fc.tuple(role, id, who, address).map((a) => serve(...a)) },
  { weight: 1, arbitrary: fc.tuple(role, id, who, generation).map((a) => noteGeneration(...a)) },
  {
    weight: 4,
    arbitrary: fc.tuple(recorded, time, fc.constantFrom(0, 0, 0, 1, -1), fc.boolean()).map((a) => save(...a)),
  },
  {
    weight: 2,
    arbitrary: fc.record({ role, id, instance: who, since: time, reason: fc.constantFrom("one", "two") }).map(takeTurn),
  },
  {
    weight: 2,
    arbitrary: fc
      .option(fc.record({ role, id, instance, since: time, reason: fc.constantFrom("one", "two") }), { nil: undefined })
      .map(giveTurn),
  },
  { weight: 1, arbitrary: fc.constantFrom("one", "two").map(found) },
  { weight: 1, arbitrary: fc.constant(form()) },
  { weight: 1, arbitrary: fc.nat({ max: 2 }).map(formKnowing) },
  { weight: 2, arbitrary: fc.constantFrom("i-1", "i-2").map(leaveFounding) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom("one", "two")).map((a) => saveAccess(...a)),
  },
);

const fate = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fate>("answered") },
  { weight: 2, arbitrary: fc.constant<Fate>("answer lost") },
  { weight: 1, arbitrary: fc.constant<Fate>("caller lost") },
);

const wishes = fc.uniqueArray(fc.tuple(instance, id), { minLength: 2, maxLength: 6, selector: ([i]) => i });

export const commands: fc.Arbitrary<fc.AsyncCommand<Model, Side>>[] = [
  fc.tuple(calls, fate).map((a) => new Single(...a)),
  fc.tuple(calls, fate).map((a) => new Single(...a)),
  fc.tuple(calls, fate).map((a) => new Single(...a)),
  fc.tuple(role, wishes).map((a) => new ClaimingCrowd(...a)),
  fc.constantFrom("turn" as const, "save" as const, "found" as const).map((kind) => new Crowd(kind)),
  recorded.map((i) => new Read(i)),
  recorded.map((i) => new Drop(i)),
];
