import { expect, test } from "vitest";
import { sweepHandler } from "../../functions/sweep.ts";
import { contextWith } from "./context.ts";
import { recorded } from "./telemetry.ts";
import { group, plan, world, zone } from "./world.ts";

const minute = contextWith(60_000);
const instance = "i-0123456789abcdef0";

test("everything is looked at once, whatever woke it, and counted by outcome", async () => {
  const { ports, elapsed } = world({ "i-a": "Terminating:Proceed", "i-b": "Pending", "i-c": "Standby" });
  const telemetry = recorded();
  const answer = await sweepHandler({ plan, ports, telemetry })({ anything: true }, minute);
  expect(answer).toEqual({ settled: 2, waiting: 1, done: 0, held: [], failed: [], left: 0 });
  expect(elapsed()).toBe(0);
  expect(Object.fromEntries(telemetry.counts)).toEqual({
    Settled: 2,
    Waiting: 1,
    Held: 0,
    Done: 0,
    Changes: 0,
    Failed: 0,
    Left: 0,
  });
  expect(Object.fromEntries(telemetry.measured)).toMatchObject({
    LongestLaunch: 0,
    LongestAbsence: 0,
    FreeBrokerIds: 100,
  });
});

test("who is held is named with the reason", async () => {
  const { ports } = world({ [instance]: "Standby" });
  await ports.table.claim("broker", { id: 1, zone, since: 0 }, instance);
  await ports.table.save({ instance, role: "broker", group, zone, version: 0 });
  const telemetry = recorded();
  const answer = await sweepHandler({ plan, ports, telemetry })({}, minute);
  expect(answer.held).toEqual([{ instance, reason: expect.stringContaining("Standby: it runs on and keeps 1") }]);
  expect(telemetry.counts.get("Held")).toBe(1);
});

test("one whose pass fails is named, counted and warned of, and the others go on", async () => {
  const telemetry = recorded();
  const complete = () => Promise.reject(new Error("Rate exceeded"));
  const fleet = { ...world({ "i-bad": "Terminating:Wait", "i-good": "Pending" }).ports.fleet, complete };
  const { ports } = world({}, { fleet });
  const answer = await sweepHandler({ plan, ports, telemetry })({}, minute);
  expect(answer).toMatchObject({ waiting: 1, failed: [{ instance: "i-bad", reason: "Rate exceeded" }] });
  expect(telemetry.counts.get("Failed")).toBe(1);
  expect(telemetry.lines).toContainEqual({
    level: "warn",
    message: "pass failed: Rate exceeded",
    detail: { instance: "i-bad", row: "sweep/failed" },
  });
});

test("throws where the cluster as a whole cannot be looked at", async () => {
  const broken = world({}).ports;
  const fleet = { ...broken.fleet, look: () => Promise.reject(new Error("Rate exceeded")) };
  const { ports } = world({}, { fleet });
  await expect(sweepHandler({ plan, ports })({}, minute)).rejects.toThrow("Rate exceeded");
});

test("what its time does not suffice for is left to the next sweep", async () => {
  const { ports } = world({ "i-a": "Pending", "i-b": "Pending" });
  expect(await sweepHandler({ plan, ports })({}, contextWith(1_000))).toMatchObject({ waiting: 0, left: 2 });
});
