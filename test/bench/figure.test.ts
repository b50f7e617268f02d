import { expect, test } from "vitest";
import { isMet, mean, median } from "../../bench/figure.ts";
import { table } from "../../bench/table.ts";

const figure = { name: "calls of a launch", unit: "calls" };

test("a target is met up to its limit, or exactly; a figure without one is only told", () => {
  expect(isMet({ ...figure, value: 12, target: { atMost: 12 } })).toBe(true);
  expect(isMet({ ...figure, value: 12.1, target: { atMost: 12 } })).toBe(false);
  expect(isMet({ ...figure, value: 100, target: { exactly: 100 } })).toBe(true);
  expect(isMet({ ...figure, value: 99, target: { exactly: 100 } })).toBe(false);
  expect(isMet({ ...figure, value: Number.NaN, target: { atMost: 12 } })).toBe(false);
  expect(isMet({ ...figure, value: 1e9 })).toBe(true);
});

test("median and mean, and none of nothing", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 2, 9])).toBe(3);
  expect(mean([1, 2, 6])).toBe(3);
  expect(() => median([])).toThrow("no values");
  expect(() => mean([])).toThrow("no values");
});

test("the table shows value, unit and target of every figure, and which are missed", () => {
  const figures = [
    { ...figure, value: 14, target: { atMost: 12 } },
    { name: "time", value: 1.23456, unit: "s" },
  ];
  expect(table([{ title: "API calls", method: "Counted at the cloud.", figures }])).toBe(
    [
      "API calls",
      "  Counted at the cloud.",
      "",
      "  calls of a launch  14 calls  ≤ 12  MISSED",
      "  time                 1.23 s",
    ].join("\n"),
  );
});
