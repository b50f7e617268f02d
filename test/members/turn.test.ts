import { expect, test } from "vitest";
import type { Turn } from "../../shared/lifecycle/sights.ts";
import { turnGiven, turnTaken } from "../../shared/members/turn.ts";

const turn: Turn = { role: "broker", id: 2, instance: "i-2", since: 10, reason: "its group ends its instance" };
/** The same turn but for one thing. */
const others: readonly Turn[] = [
  { ...turn, role: "controller" },
  { ...turn, id: 3 },
  { ...turn, instance: "i-3" },
  { ...turn, since: 11 },
  { ...turn, reason: "its configuration has changed" },
];

test("a free turn goes to whoever asks", () => {
  expect(turnTaken(undefined, turn)).toEqual(turn);
});

test.each(others.slice(0, 2))("a turn stays with the member that has it: %o asks in vain", (asked) => {
  expect(turnTaken(turn, asked)).toEqual(turn);
});

test.each(others.slice(2))("its own turn a member takes anew, as it asks for it now: %o", (asked) => {
  expect(turnTaken(turn, asked)).toEqual(asked);
});

test("the very turn that stands is given back", () => {
  expect(turnGiven(turn, { ...turn })).toBeUndefined();
});

test.each(others)("another turn than the one that stands gives nothing back: %o", (given) => {
  expect(turnGiven(turn, given)).toEqual(turn);
});

test("where nobody has the turn there is none to give back", () => {
  expect(turnGiven(undefined, turn)).toBeUndefined();
});
