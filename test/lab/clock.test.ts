import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { realClock, virtualClock } from "../../lab/clock.ts";

describe("virtual clock", () => {
  test("calls in the order of time, then of scheduling", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20), { maxLength: 60 }), async (delays) => {
        const clock = virtualClock(1000);
        const seen: [number, number][] = [];
        delays.forEach((ms, index) => {
          clock.after(ms, () => seen.push([clock.now(), index]));
        });
        await clock.runUntilIdle(100);
        const expected = delays
          .map((ms, index): [number, number] => [1000 + ms, index])
          .sort((x, y) => x[0] - y[0] || x[1] - y[1]);
        expect(seen).toEqual(expected);
      }),
    );
  });

  test("does not move before what a call set off has drained", async () => {
    const clock = virtualClock(0);
    const seen: string[] = [];
    clock.after(1, async () => {
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      seen.push(`drained at ${clock.now()}`);
      await clock.wait(1);
      seen.push(`waited until ${clock.now()}`);
    });
    clock.after(5, () => seen.push("later"));
    await clock.runUntilIdle(10);
    expect(seen).toEqual(["drained at 1", "waited until 2", "later"]);
  });

  test("runUntil calls what is due at that very moment, nothing later, and it is that time then", async () => {
    const clock = virtualClock(0);
    const seen: number[] = [];
    for (const ms of [5, 10, 11]) clock.after(ms, () => seen.push(ms));
    await clock.runUntil(10);
    expect(seen).toEqual([5, 10]);
    expect(clock.now()).toBe(10);
    await clock.runFor(1);
    expect(seen).toEqual([5, 10, 11]);
  });

  test("a cancelled timer is not called and does not count as pending, cancelled twice or late or not", async () => {
    const clock = virtualClock(0);
    const seen: string[] = [];
    const first = clock.after(1, () => seen.push("first"));
    const second = clock.after(2, () => seen.push("second"));
    first.cancel();
    first.cancel();
    expect(clock.pending).toBe(1);
    await clock.runUntilIdle(10);
    second.cancel();
    expect(seen).toEqual(["second"]);
    expect(clock.pending).toBe(0);
    expect(clock.now()).toBe(2);
  });

  test("runUntilIdle throws where a timer comes again and again", async () => {
    const clock = virtualClock(0);
    const again = () => {
      clock.after(10, again);
    };
    again();
    await expect(clock.runUntilIdle(100)).rejects.toThrow("not idle after 100 ms");
  });

  test("runUntilTrue stops at the moment the condition holds, and says where it never does", async () => {
    const clock = virtualClock(0);
    let count = 0;
    const again = () => {
      count++;
      clock.after(10, again);
    };
    again();
    expect(await clock.runUntilTrue(() => count === 4, 100)).toBe(true);
    expect(clock.now()).toBe(30);
    expect(await clock.runUntilTrue(() => count === 0, 100)).toBe(false);
    expect(clock.now()).toBeLessThanOrEqual(130);
  });

  test("settle gives what the promise gives, its rejection too, and gives up after its bound", async () => {
    const clock = virtualClock(0);
    expect(await clock.settle(clock.wait(5).then(clock.now), 10)).toBe(5);
    const failing = clock.wait(5).then(() => Promise.reject(new Error("broken")));
    await expect(clock.settle(failing, 10)).rejects.toThrow("broken");
    await expect(clock.settle(clock.wait(50), 10)).rejects.toThrow("not settled after 10 ms");
  });

  test("what a called function throws comes out of the run, and the clock can go on", async () => {
    const clock = virtualClock(0);
    clock.after(1, () => {
      throw new Error("broken");
    });
    const seen: number[] = [];
    clock.after(2, () => seen.push(2));
    await expect(clock.runUntilIdle(10)).rejects.toThrow("broken");
    await clock.runUntilIdle(10);
    expect(seen).toEqual([2]);
  });

  test("refuses a delay of NaN and a second run beside the first", async () => {
    const clock = virtualClock(0);
    expect(() => clock.after(Number.NaN, () => {})).toThrow("NaN");
    const first = clock.runFor(10);
    await expect(clock.runFor(10)).rejects.toThrow("already running");
    await first;
  });
});

describe("real clock", () => {
  test("calls after the delay; a cancelled timer never", async () => {
    const clock = realClock();
    let cancelled = true;
    clock
      .after(1, () => {
        cancelled = false;
      })
      .cancel();
    const start = clock.now();
    await clock.wait(10);
    expect(clock.now() - start).toBeGreaterThanOrEqual(9);
    expect(cancelled).toBe(true);
    clock.close();
  });

  test("after close nothing is called any more, and nothing new is taken", async () => {
    const clock = realClock();
    const seen: string[] = [];
    clock.after(1, () => seen.push("before"));
    clock.close();
    clock.after(1, () => seen.push("after"));
    const other = realClock();
    await other.wait(15);
    other.close();
    expect(seen).toEqual([]);
  });
});
