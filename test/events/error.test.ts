import { describe, expect, test } from "vitest";
import { EventError, type EventIssue } from "../../shared/lifecycle/events/error.ts";

const told = (event: unknown, ...issues: EventIssue[]): string => new EventError(event, issues).message;
const PATTERN =
  "Nothing was done: narrow the pattern of the rule that sends it, so that only the cluster's own kinds of events come.";
const SWEEP =
  "Nothing was done, and nothing is lost: the sweep looks at every instance anyway. " +
  "Drop it from the failure queue, or send it again with these fields as expected.";

test("an event that cannot be read is named by its id and kind, each thing wrong with it, and what to do", () => {
  const event = { id: "e-1", "detail-type": "A Kind", detail: { state: "odd" } };
  const error = new EventError(event, [
    { message: "a known state", path: [{ key: "detail" }, { key: "state" }] },
    { message: "an instance id", path: ["detail", "instance-id"] },
  ]);
  expect(error.name).toBe("EventError");
  expect(error.message).toBe(
    `event "e-1" ("A Kind") cannot be read: detail.state is "odd", expected a known state; detail.instance-id is missing. ${SWEEP}`,
  );
  expect(error.problems).toEqual([
    { field: "detail.state", value: "odd", expected: "a known state" },
    { field: "detail.instance-id", value: undefined, expected: "an instance id" },
  ]);
});

test.each<[string, unknown, string]>([
  ["nothing at all", null, "event without an id cannot be read"],
  ["no object", "text", "event without an id cannot be read"],
  ["an id and a kind that are none", { id: 1, "detail-type": 2 }, "event without an id cannot be read"],
  ["a kind alone", { "detail-type": "A Kind" }, 'event without an id ("A Kind") cannot be read'],
])("%s is named as far as it goes", (_, event, begins) => {
  expect(told(event, { message: "text", path: ["detail"] })).toContain(`${begins}: detail is missing. `);
});

describe("what to do", () => {
  const event = { id: "e-1", "detail-type": "A Kind", source: "theirs", time: 5 };
  const time: EventIssue = { message: "a time", path: ["time"] };
  test.each<[string, EventIssue]>([
    ["another kind", { message: "a kind", path: ["detail-type"] }],
    ["another source", { message: "ours", path: ["source"] }],
    ["no object at all", { message: "an object" }],
  ])("%s should not have come at all, whatever else is wrong with it", (_, issue) => {
    expect(told(event, time, issue).endsWith(PATTERN)).toBe(true);
  });
  test("an event of a known kind can be sent again", () => {
    expect(told(event, time)).toBe(`event "e-1" ("A Kind") cannot be read: time is 5, expected a time. ${SWEEP}`);
  });
  test("the event itself is told of as that", () => {
    expect(told("text", { message: "an object" })).toContain(
      'cannot be read: the event is "text", expected an object. ',
    );
  });
});

test.each([
  [78, `"${"x".repeat(78)}"`],
  [79, `"${"x".repeat(76)}…`],
])("a value of %i characters is cut to what a log line bears", (length, shown) => {
  expect(told({ id: "e-1", time: "x".repeat(length) }, { message: "a time", path: ["time"] })).toContain(
    `time is ${shown}, expected`,
  );
});
