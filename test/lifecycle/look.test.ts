import { expect, test } from "vitest";
import { questionFor } from "../../shared/lifecycle/look.ts";
import type { InstanceRecord, Roster } from "../../shared/lifecycle/sights.ts";
import { A, definition, NOW } from "./scene.ts";

const member = (id: number, owner: string, served: boolean) => ({
  id,
  owner,
  served,
  zone: A,
  since: NOW,
  address: `10.0.1.${id}`,
});
const roster: Roster = {
  role: "broker",
  members: new Map([1, 2, 3].map((id) => [id, member(id, `i-${id}`, id !== 3)])),
};
const rosters = new Map([["broker", roster] as const]);
const record = (id: number, more: Partial<InstanceRecord>): [string, InstanceRecord] => [
  `i-${id}`,
  { instance: `i-${id}`, role: "broker", group: "g", zone: A, version: 1, ...more },
];
const configured = { digest: "d", at: NOW, times: 1 };

test("Kafka is asked through who was in service, where the roster says", () => {
  expect(questionFor(definition, rosters).bootstrap).toEqual(["10.0.1.1:9092", "10.0.1.2:9092"]);
});

test("where the records are known, through who is configured: the roster may still have a former incarnation's address", () => {
  const records = new Map([
    record(1, { configured, address: "10.0.1.91" }),
    record(2, { address: "10.0.1.92" }),
    record(3, { configured, address: "10.0.1.93" }),
  ]);
  expect(questionFor(definition, rosters, undefined, records).bootstrap).toEqual(["10.0.1.91:9092", "10.0.1.93:9092"]);
});
