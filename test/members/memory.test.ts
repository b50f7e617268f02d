import { expect, test } from "vitest";
import type { InstanceRecord } from "../../shared/lifecycle/sights.ts";
import { memoryTable } from "../../shared/members/memory.ts";

const record: InstanceRecord = {
  instance: "i-a",
  role: "broker",
  group: "lab-broker-a",
  zone: "a",
  action: { kind: "launch", since: 1 },
  version: 0,
};

test("what a caller does to a value after writing it does not reach the table", async () => {
  const table = memoryTable();
  const action = { kind: "launch" as const, since: 1 };
  await table.save({ ...record, action });

  action.since = 99;

  expect((await table.read("i-a")).record?.action?.since).toBe(1);
});

test("what a caller does to a roster it was given does not reach the table", async () => {
  const table = memoryTable();
  const { roster } = await table.claim("broker", { id: 1, zone: "a", since: 1 }, "i-a");
  if (roster.members instanceof Map) roster.members.clear();

  expect((await table.read("i-a")).rosters.get("broker")?.members.get(1)?.owner).toBe("i-a");
});

test("a table is started with contents and does not share them", async () => {
  const first = memoryTable();
  await first.claim("controller", { id: 101, zone: "a", since: 1, address: "10.0.1.10" }, "i-a");
  const contents = await first.readAll();

  const second = memoryTable({ contents });
  await second.release("controller", 101, "i-a", 2, {});

  expect((await second.readAll()).rosters.get("controller")?.members.get(101)?.owner).toBeUndefined();
  expect((await first.readAll()).rosters.get("controller")?.members.get(101)?.owner).toBe("i-a");
});

test("a record that is dropped is gone, and may be written anew", async () => {
  const table = memoryTable();
  await table.save(record);
  await table.drop("i-a");
  expect((await table.read("i-a")).record).toBeUndefined();
  expect(await table.save(record)).toMatchObject({ version: 1 });
});

test("the turn is one for all: who asks is told who has it, until that one gives it back", async () => {
  const table = memoryTable();
  const turn = { role: "broker", id: 1, instance: "i-a", since: 1, reason: "a test" } as const;
  expect(await table.takeTurn(turn)).toEqual(turn);
  expect(await table.takeTurn({ ...turn, id: 2, instance: "i-b" })).toEqual(turn);
  expect((await table.read("i-b")).turn).toEqual(turn);
  await table.giveTurn(turn);
  expect((await table.readAll()).turn).toBeUndefined();
});

test("the quorum mark is the first that was written, and formed once", async () => {
  const table = memoryTable();
  const mark = { clusterId: "c", voters: [{ id: 101, directoryId: "d" }] };
  expect(await table.found(mark)).toEqual({ ...mark, formed: false });
  expect(await table.found({ ...mark, clusterId: "other" })).toEqual({ ...mark, formed: false });
  expect(await table.form({ ...mark, formed: false })).toEqual({ ...mark, formed: true });
  expect((await table.read("i-a")).quorum).toEqual({ ...mark, formed: true });
});

test("members are listed by id, in whatever order they were claimed", async () => {
  const table = memoryTable();
  for (const id of [10, 9, 1]) await table.claim("broker", { id, zone: "a", since: 1 }, `i-${id}`);
  expect([...((await table.readAll()).rosters.get("broker")?.members.keys() ?? [])]).toEqual([1, 9, 10]);
});

test("holds what it is given at first", async () => {
  const turn = { role: "broker", id: 1, instance: "i-a", since: 1, reason: "a test" } as const;
  const table = memoryTable({ contents: { records: new Map([["i-a", { ...record, version: 3 }]]), turn } });
  expect((await table.readAll()).records.size).toBe(1);
  expect(await table.read("i-a")).toMatchObject({ record: { version: 3 }, turn });
  expect([...(await memoryTable().readAll()).records]).toEqual([]);
});
