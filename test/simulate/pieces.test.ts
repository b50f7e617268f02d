/** What histories rest on: dice that do not hang together, an order that does not depend on the way, and a twin that is compared. */
import { describe, expect, test } from "vitest";
import { virtualClock } from "../../lab/clock.ts";
import { Barrier } from "../../lab/simulate/barrier.ts";
import { contentOf } from "../../lab/simulate/content.ts";
import { named, seededDice } from "../../lab/simulate/dice.ts";
import { firstDifference } from "../../lab/simulate/twin.ts";

describe("dice", () => {
  test("say the same of the same, whatever else is asked", () => {
    const [one, other] = [seededDice(7), seededDice(7)];
    one.roll(named("something else"), 3);
    expect(one.roll(named("killed: sweep"), 5)).toBe(other.roll(named("killed: sweep"), 5));
  });
  test("are uniform, and others for other seeds, names and numbers", () => {
    const dice = seededDice(1);
    const rolls = Array.from({ length: 4_000 }, (_, n) => dice.roll(named("killed"), n));
    for (const tenth of Array.from({ length: 10 }, (_, n) => n / 10)) {
      const count = rolls.filter((roll) => roll >= tenth && roll < tenth + 0.1).length;
      expect(count).toBeGreaterThan(330);
      expect(count).toBeLessThan(470);
    }
    expect(new Set(rolls).size).toBeGreaterThan(3_990);
    expect(seededDice(2).roll(named("killed"), 1)).not.toBe(dice.roll(named("killed"), 1));
  });
});

describe("the barrier", () => {
  test("lets in whoever has come, in the order of what they are", () => {
    const entered: string[] = [];
    const barrier = new Barrier();
    for (const name of ["c", "a", "b"]) barrier.arrive("one", name, () => entered.push(name));
    expect(entered).toEqual([]);
    expect(barrier.release()).toBe(true);
    expect(entered).toEqual(["a", "b", "c"]);
    expect(barrier.release()).toBe(false);
  });
  test("asks what it is about only of those who come with the same several times", () => {
    const entered: string[] = [];
    const barrier = new Barrier();
    const unasked = (): string => {
      throw new Error("nobody needs to know");
    };
    for (const who of ["b", "a"]) {
      for (const what of ["read", "ask"]) barrier.arrive(who, what, () => entered.push(`${who} ${what}`), unasked);
    }
    expect(barrier.release()).toBe(true);
    for (const about of ["2", "1"]) {
      barrier.arrive(
        "a",
        "ask",
        () => entered.push(about),
        () => about,
      );
    }
    expect(barrier.release()).toBe(true);
    expect(entered).toEqual(["a ask", "a read", "b ask", "b read", "1", "2"]);
  });
  test("keeps those who come meanwhile for the next time", () => {
    const entered: string[] = [];
    const barrier = new Barrier();
    barrier.arrive("one", "a", () => barrier.arrive("another", "b", () => entered.push("b")));
    barrier.release();
    expect(entered).toEqual([]);
    barrier.release();
    expect(entered).toEqual(["b"]);
  });
});

test("the virtual clock tells whether more is to be called at this very moment", async () => {
  const told: [number, boolean][] = [];
  const clock = virtualClock(0, async (more) => {
    told.push([clock.now(), more()]);
  });
  for (const ms of [5, 5, 9]) clock.after(ms, () => {});
  await clock.runUntil(10);
  expect(told).toEqual([
    [0, false],
    [5, true],
    [5, false],
    [9, false],
  ]);
});

describe("what a call is about", () => {
  test("is the same text for what says the same", () => {
    const bytes = new TextEncoder().encode('{"a":1}');
    expect(contentOf({ b: [1, "x"], a: bytes, c: undefined })).toBe(contentOf({ a: bytes.slice(), b: [1, "x"] }));
  });
  test("is another text for what says something else", () => {
    const inputs = [{ a: 1 }, { a: "1" }, { a: [1] }, { a: { b: 1 } }, { b: 1 }, [1], null, "a", { a: new Date(1) }];
    expect(new Set(inputs.map(contentOf)).size).toBe(inputs.length);
  });
});

describe("twins", () => {
  test("differ in the first line that is another", () => {
    expect(firstDifference(["a", "b", "c"], ["a", "x", "y"])).toBe('line 2 is "b", and through the SDK "x"');
  });
  test("differ where one goes on", () => {
    expect(firstDifference(["a"], ["a", "b"])).toBe('line 2 is "", and through the SDK "b"');
  });
  test("do not differ where they are the same", () => {
    expect(firstDifference(["a", "b"], ["a", "b"])).toBeUndefined();
  });
});
