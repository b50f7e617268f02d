/** `npm start` as its users run it, on real Kafka: the whole tour, and what is left after it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ended, leftIn, linesOf, startTour, summaryOf, type TourProcess } from "../lab/tour-process.ts";
import { kafka, kafkaTitle } from "./real-cluster.ts";

/** Ms. The tour itself is to take four minutes at most on two cores of its own. */
const TOUR = 400_000;
const environment = (): Record<string, string> =>
  "missing" in kafka ? {} : { KAFKA_HOME: kafka.home, JAVA_HOME: kafka.java.replace(/\/bin\/java$/, "") };

describe.skipIf("missing" in kafka)(`npm start -- --json on ${kafkaTitle}`, () => {
  let tour: TourProcess;
  let end: Ended;
  beforeAll(async () => {
    tour = startTour(["--json"], environment());
    end = await tour.ended;
  }, TOUR);
  afterAll(() => tour.clear());

  test("ends well, and every line is JSON", () => {
    expect(end).toMatchObject({ status: 0, stderr: "" });
    const types = linesOf(end).map(({ type }) => type);
    expect(types.filter((type) => type === "step")).toHaveLength(9);
    expect(types).not.toContain("problem");
  });

  test("every replacement came back as itself, in each of the ways to be lost", () => {
    const { ok, kafka: ran, nodes, replacements } = summaryOf(end);
    expect({ ok, ran }).toEqual({ ok: true, ran: { real: true, version: "missing" in kafka ? "" : kafka.version } });
    expect(nodes.map(({ role, id, state }) => `${role} ${id} ${state}`)).toEqual([
      ...[101, 102, 103].map((id) => `controller ${id} InService`),
      ...[1, 2, 3].map((id) => `broker ${id} InService`),
    ]);
    expect(
      replacements.map(({ role, id, kind, sameId, sameAddress }) => ({ role, id, kind, sameId, sameAddress })),
    ).toEqual([
      { role: "broker", id: 1, kind: "died", sameId: true, sameAddress: null },
      { role: "broker", id: 2, kind: "terminated", sameId: true, sameAddress: null },
      { role: "broker", id: 3, kind: "unhealthy", sameId: true, sameAddress: null },
      { role: "controller", id: 101, kind: "terminated", sameId: true, sameAddress: true },
    ]);
    for (const { role, id, old, new: replacement } of replacements) {
      expect(replacement).not.toBe(old);
      expect(nodes).toContainEqual(expect.objectContaining({ role, id, instance: replacement }));
    }
  });

  test("nothing acknowledged was lost, and there was enough to lose", () => {
    const { messages } = summaryOf(end);
    expect(messages).toMatchObject({ lost: 0 });
    expect(messages.acknowledged).toBeGreaterThan(1_000);
    expect(messages.read).toBeGreaterThanOrEqual(messages.acknowledged);
  });

  test("every event again changed nothing, and the calls were counted", () => {
    const { replay, apiCalls, launch } = summaryOf(end);
    expect(replay).toMatchObject({ changes: 0 });
    expect(replay.events).toBeGreaterThan(50);
    expect(apiCalls["autoscaling:CompleteLifecycleAction"]).toBeGreaterThanOrEqual(10);
    expect(launch.seconds).toBeGreaterThan(0);
  });

  test("no process and no file is left", () => {
    expect(tour.descendants()).toEqual([]);
    expect(leftIn(tour.folder)).toEqual([]);
  });
});

describe.skipIf("missing" in kafka)(`Ctrl-C on ${kafkaTitle}`, () => {
  test("in the middle of the launch, with Kafka running: 130, and nothing is left", async () => {
    const tour = startTour([], environment());
    try {
      await tour.said(/only \d of 3 controllers listen yet|Kafka: listening/, 120_000);
      expect(tour.descendants().length).toBeGreaterThan(0);
      tour.interrupt();
      const { status, stderr } = await tour.ended;
      expect({ status, stderr }).toEqual({ status: 130, stderr: "" });
      expect(tour.descendants()).toEqual([]);
      expect(leftIn(tour.folder)).toEqual([]);
    } finally {
      await tour.clear();
    }
  }, 180_000);
});
