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
  await second.release("controller", 101, "i-a", 2);

  expect((await second.readAll()).rosters.get("controller")?.members.get(101)?.owner).toBeUndefined();
  expect((await first.readAll()).rosters.get("controller")?.members.get(101)?.owner).toBe("i-a");
});
