import { describe, expect, test } from "vitest";
import { hasMajority, isCaughtUp, isServingVoter, safeToStopVoter } from "../../shared/lifecycle/decide/quorum.ts";
import { quorumOf } from "./scene.ts";

const CAUGHT_UP = 7_000;
const AGE = 60_000;
const no = (reason: string) => ({ safe: false, reason });
const yes = (reason: string) => ({ safe: true, reason });

test.each([
  [-1, false],
  [0, true],
  [CAUGHT_UP, true],
  [CAUGHT_UP + 1, false],
])("a replica last caught up %i ms ago counts as caught up: %s", (ago, is) => {
  const [replica] = quorumOf({ 1: ago }).voters;
  expect(replica && isCaughtUp(replica)).toBe(is);
});

describe("a voter serves", () => {
  test.each<[string, Parameters<typeof isServingVoter>, ReturnType<typeof isServingVoter>]>([
    ["where it has caught up", [quorumOf({ 1: 0, 2: 0 }), 1, AGE], yes("voter 1 has caught up")],
    ["under leader 0, too", [quorumOf({ 0: 0, 1: 0 }, [], 0), 1, AGE], yes("voter 1 has caught up")],
    ["under no leader: not", [quorumOf({ 1: 0 }, [], -1), 1, AGE], no("the quorum has no leader")],
    ["as an observer: not", [quorumOf({ 2: 0 }, [1]), 1, AGE], no("1 is still an observer")],
    ["as voter and as the observer it was", [quorumOf({ 1: 0 }, [1]), 1, AGE], yes("voter 1 has caught up")],
    ["as the voter it was and as an observer: not", [quorumOf({ 1: 9000 }, [1]), 1, AGE], no("1 is still an observer")],
    ["in no list: not", [quorumOf({ 2: 0 }), 1, AGE], no("1 is not a voter yet")],
    ["caught up since it was configured", [quorumOf({ 1: 4999 }), 1, 5000], yes("voter 1 has caught up")],
    ["caught up before: not", [quorumOf({ 1: 5000 }), 1, 5000], no("voter 1 has not followed since it was configured")],
    ["not known to follow: not", [quorumOf({ 1: -1 }), 1, AGE], no("voter 1 is not known to follow the leader")],
    ["lagging: not", [quorumOf({ 1: 9000 }), 1, AGE], no("voter 1 lags 9 records behind the leader")],
  ])("%s", (_, asked, verdict) => expect(isServingVoter(...asked)).toEqual(verdict));
});

test.each([
  ["two of three", quorumOf({ 1: 0, 2: 0, 3: 9000 }), 3, true],
  ["one of two", quorumOf({ 1: 0, 2: 9000 }), 2, false],
  ["one of one", quorumOf({ 1: 0 }), 1, true],
  ["two of three, led by 0", quorumOf({ 0: 0, 1: 0, 2: 9000 }, [], 0), 3, true],
  ["two of three, led by nobody", quorumOf({ 1: 0, 2: 0, 3: 9000 }, [], -1), 3, false],
  ["two of five expected", quorumOf({ 1: 0, 2: 0 }), 5, false],
] as const)("%s caught up are a majority: see the table", (_, quorum, expected, is) => {
  expect(hasMajority(quorum, expected)).toBe(is);
});

describe("a voter may be stopped", () => {
  test.each<[string, Parameters<typeof safeToStopVoter>, ReturnType<typeof safeToStopVoter>]>([
    ["that is none", [quorumOf({ 2: 0 }, [1], -1), 1], yes("1 is not a voter")],
    ["with two others of three", [quorumOf({ 1: 0, 2: 0, 3: 0 }), 1], yes("2 other voters of 3 have caught up")],
    ["led by 0", [quorumOf({ 0: 0, 1: 0, 2: 0 }, [], 0), 1], yes("2 other voters of 3 have caught up")],
    ["while nobody leads: not", [quorumOf({ 1: 0, 2: 0, 3: 0 }, [], -1), 1], no("the quorum has no leader")],
    [
      "with one other of three: not",
      [quorumOf({ 1: 0, 2: 0, 3: 9000 }), 1],
      no("only 1 other voters of 3 have caught up, 2 are needed"),
    ],
    ["of two: not", [quorumOf({ 1: 0, 2: 0 }), 1], no("only 1 other voters of 2 have caught up, 2 are needed")],
    ["alone: not", [quorumOf({ 1: 0 }), 1], no("only 0 other voters of 1 have caught up, 1 are needed")],
    ["with three others of four", [quorumOf({ 1: 0, 2: 0, 3: 0, 4: 0 }), 1], yes("3 other voters of 4 have caught up")],
    [
      "with three others of five",
      [quorumOf({ 1: 0, 2: 0, 3: 0, 4: 0, 5: 9000 }), 1],
      yes("3 other voters of 5 have caught up"),
    ],
  ])("%s", (_, asked, verdict) => expect(safeToStopVoter(...asked)).toEqual(verdict));
});
