import { expect, test } from "vitest";
import type { InstanceRecord } from "../../shared/lifecycle/sights.ts";
import { recordSaved } from "../../shared/members/record.ts";

const record: InstanceRecord = { instance: "i-a", role: "broker", group: "lab-broker-a", zone: "a", version: 0 };

test("a record never stored is written as its first version", () => {
  expect(recordSaved(undefined, record)).toEqual({ ...record, version: 1 });
});

test("each write over the version it was read at is the next one", () => {
  const standing = { ...record, version: 7 };
  expect(recordSaved(standing, { ...standing, address: "10.0.1.7" })).toEqual({
    ...standing,
    address: "10.0.1.7",
    version: 8,
  });
});

test.each([
  ["moved on", 8, 7],
  ["is behind what was read", 7, 8],
  ["is there already", 1, 0],
])("a write is refused where the stored version %s", (_, stored, read) => {
  expect(recordSaved({ ...record, version: stored }, { ...record, version: read })).toBe("changed");
});

test("a write over a record that was dropped meanwhile is refused", () => {
  expect(recordSaved(undefined, { ...record, version: 3 })).toBe("changed");
});
