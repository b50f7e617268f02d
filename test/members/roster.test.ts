import { expect, test } from "vitest";
import type { Roster } from "../../shared/lifecycle/sights.ts";
import { claimed, emptyRoster, memberOf, released, servedAt } from "../../shared/members/roster.ts";

const wish = (id: number, address?: string) => ({
  id,
  zone: "a",
  since: 10,
  ...(address === undefined ? {} : { address }),
});

/** Broker 1 of i-1, in service at 10.0.1.7. */
const serving = servedAt(claimed(emptyRoster("broker"), wish(1), "i-1").roster, 1, "i-1", "10.0.1.7");
const vacated = released(serving, 1, "i-1", 20, {});

const owners = (roster: Roster) => [...roster.members.values()].map(({ id, owner }) => [id, owner]);

test("an id that is held is not given to another", () => {
  const { won, roster } = claimed(serving, wish(1), "i-2");

  expect(won).toBe(false);
  expect(owners(roster)).toEqual([[1, "i-1"]]);
});

test("who holds an id is not given a second one", () => {
  const { won, roster } = claimed(serving, wish(2), "i-1");

  expect(won).toBe(false);
  expect(owners(roster)).toEqual([[1, "i-1"]]);
});

test("a claim repeated by its winner is won, and changes nothing", () => {
  expect(claimed(serving, { ...wish(1), since: 99 }, "i-1")).toEqual({ won: true, roster: serving });
});

test("an id freed keeps its zone, its address and that it was in service", () => {
  expect(vacated.members.get(1)).toEqual({ id: 1, zone: "a", since: 20, served: true, address: "10.0.1.7" });
});

test("an id freed keeps where a node of it ran, whether that was ever seen in service or not", () => {
  const launched = claimed(emptyRoster("broker"), wish(3), "i-3").roster;
  expect(released(launched, 3, "i-3", 20, {}).members.get(3)).toEqual({ id: 3, zone: "a", since: 20, served: false });
  const ran = released(launched, 3, "i-3", 20, { address: "10.0.1.7" });
  expect(ran.members.get(3)).toEqual({ id: 3, zone: "a", since: 20, served: false, address: "10.0.1.7" });
  expect(claimed(ran, wish(3), "i-4").roster.members.get(3)).toMatchObject({ served: false, address: "10.0.1.7" });
});

test("an id freed that its group has no more use for is retired until somebody holds it again", () => {
  const retired = released(serving, 1, "i-1", 20, { retired: true });
  expect(retired.members.get(1)).toMatchObject({ retired: true, served: true });
  expect(claimed(retired, wish(1), "i-2").roster.members.get(1)).not.toHaveProperty("retired");
});

test("the next holder of an id has what its former incarnation left, and its own address where it brings one", () => {
  const at = (address?: string) => claimed(vacated, wish(1, address), "i-2").roster.members.get(1);

  expect(at()).toEqual({ id: 1, owner: "i-2", zone: "a", since: 10, served: true, address: "10.0.1.7" });
  expect(at("10.0.1.8")?.address).toBe("10.0.1.8");
});

test("only its holder frees an id, or says that it serves", () => {
  expect(released(serving, 1, "i-2", 20, {})).toBe(serving);
  expect(servedAt(serving, 1, "i-2", "10.0.1.9")).toBe(serving);
  expect(servedAt(vacated, 1, "i-1", "10.0.1.9")).toBe(vacated);
});

test("the member of an instance is found by it", () => {
  expect(memberOf(serving, "i-1")?.id).toBe(1);
  expect(memberOf(vacated, "i-1")).toBeUndefined();
});

test("seen in service: from then on its disk counts, and its address is where it was seen", () => {
  const { roster } = claimed(emptyRoster("broker"), wish(3), "i-3");
  expect(roster.members.get(3)).toEqual({ id: 3, owner: "i-3", zone: "a", since: 10, served: false });
  expect(servedAt(roster, 3, "i-3", "10.0.1.7").members.get(3)).toMatchObject({ served: true, address: "10.0.1.7" });
});

test("an id that nobody ever claimed is neither freed nor seen in service", () => {
  expect(released(serving, 9, "i-1", 20, {})).toBe(serving);
  expect(servedAt(serving, 9, "i-1", "10.0.1.9")).toBe(serving);
});
