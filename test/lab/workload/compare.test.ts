import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compare, type Message, type ReadBack } from "../../../lab/workload/compare.ts";

const message = (partition: number, offset: number, value = `p/${partition}/${offset}`): Message => ({
  partition,
  offset,
  value,
});
/** A log of that many messages in each of two partitions. */
const log = (length: number): Message[] =>
  [0, 1].flatMap((partition) => Array.from({ length }, (_, offset) => message(partition, offset)));
const readBack = (messages: readonly Message[], end = 10): ReadBack => ({
  messages,
  ends: new Map([
    [0, end],
    [1, end],
  ]),
});
const written = (acknowledged: readonly Message[]) => ({ acknowledged, unknown: 0 });

describe("compare", () => {
  test("finds nothing lost where all is there, and more besides", () => {
    const acknowledged = log(10).filter(({ offset }) => offset % 3 > 0);
    expect(compare({ acknowledged, unknown: 4 }, readBack(log(10)))).toEqual({
      acknowledged: 12,
      read: 20,
      lost: 0,
      duplicated: 0,
      unknown: 4,
      examples: [],
    });
  });

  test("counts what is missing in the middle", () => {
    const read = log(10).filter(({ partition, offset }) => partition !== 1 || offset !== 4);
    const { lost, examples } = compare(written(log(10)), readBack(read));
    expect([lost, examples]).toEqual([1, ["p/1/4 was acknowledged at partition 1, offset 4, but nothing is there"]]);
  });

  test("counts what is past the end of a log that was cut", () => {
    const { lost, examples } = compare(written(log(10)), readBack(log(7), 7));
    expect(lost).toBe(6);
    expect(examples).toHaveLength(5);
    expect(examples[0]).toBe("p/0/7 was acknowledged at partition 0, offset 7, but the log ends at 7");
  });

  test("counts another value at the same offset, also where the value is found elsewhere", () => {
    const read = [
      ...log(10).filter(({ offset }) => offset !== 9),
      message(0, 9, "x"),
      message(1, 9),
      message(0, 10, "p/0/9"),
    ];
    const { lost, examples } = compare(written(log(10)), readBack(read, 11));
    expect([lost, examples]).toEqual([1, ["p/0/9 was acknowledged at partition 0, offset 9, but x is there"]]);
  });

  test("counts copies, which are no loss", () => {
    const read = [...log(3), message(0, 3, "p/0/1"), message(1, 3, "p/0/1")];
    expect(compare(written(log(3)), readBack(read))).toMatchObject({ read: 8, lost: 0, duplicated: 2 });
  });

  test("whatever is taken out of the log is counted, message by message", () => {
    const gaps = fc.uniqueArray(fc.nat({ max: 19 }));
    fc.assert(
      fc.property(gaps, (gone) => {
        const read = log(10).filter((_, index) => !gone.includes(index));
        expect(compare(written(log(10)), readBack(read)).lost).toBe(gone.length);
      }),
    );
  });
});
