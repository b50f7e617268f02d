/** `npm start` as its users run it, on real Kafka with users and ACLs: both whole tours, and what is left after them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ended, leftIn, linesOf, startTour, summaryOf, type TourProcess } from "../lab/tour-process.ts";
import { type FoundKafka, kafkaFor, kafkaTitle } from "./found-kafka.ts";

/** Ms. A tour by itself is to take five minutes at most on two cores of its own. */
const TOUR = 800_000;

interface Told {
  readonly cluster: string;
  readonly kafka: FoundKafka;
  readonly quorum: { readonly role: string; readonly ids: readonly number[] };
}

const TOURS: readonly Told[] = [
  {
    cluster: "clusters/zookeeper.yml",
    kafka: await kafkaFor("zookeeper"),
    quorum: { role: "zookeeper", ids: [1, 2, 3] },
  },
  {
    cluster: "clusters/secure.yml",
    kafka: await kafkaFor("kraft"),
    quorum: { role: "controller", ids: [101, 102, 103] },
  },
];

const environmentOf = (kafka: FoundKafka): Record<string, string> =>
  "missing" in kafka ? {} : { KAFKA_HOME: kafka.home, JAVA_HOME: kafka.java.replace(/\/bin\/java$/, "") };

for (const { cluster, kafka, quorum } of TOURS) {
  describe.skipIf("missing" in kafka)(`npm start -- --cluster ${cluster} --json on ${kafkaTitle(kafka)}`, () => {
    let tour: TourProcess;
    let end: Ended;
    beforeAll(async () => {
      tour = startTour(["--cluster", cluster, "--json"], environmentOf(kafka));
      end = await tour.ended;
    }, TOUR);
    afterAll(() => tour.clear());

    test("ends well, and every line is JSON", () => {
      expect(end).toMatchObject({ status: 0, stderr: "" });
      const types = linesOf(end).map(({ type }) => type);
      expect(types.filter((type) => type === "step")).toHaveLength(quorum.role === "zookeeper" ? 12 : 11);
      expect(types).not.toContain("problem");
    });

    test("every replacement came back as itself, in each of the ways to be lost", () => {
      const { ok, kafka: ran, nodes, replacements } = summaryOf(end);
      expect({ ok, ran }).toEqual({ ok: true, ran: { real: true, version: "missing" in kafka ? "" : kafka.version } });
      expect(nodes.map(({ role, id, state }) => `${role} ${id} ${state}`)).toEqual([
        ...quorum.ids.map((id) => `${quorum.role} ${id} InService`),
        ...[1, 2, 3].map((id) => `broker ${id} InService`),
      ]);
      expect(
        replacements.map(({ role, id, kind, sameId, sameAddress }) => ({ role, id, kind, sameId, sameAddress })),
      ).toEqual([
        { role: "broker", id: 1, kind: "died", sameId: true, sameAddress: null },
        { role: "broker", id: 2, kind: "terminated", sameId: true, sameAddress: null },
        { role: "broker", id: 3, kind: "unhealthy", sameId: true, sameAddress: null },
        { role: quorum.role, id: quorum.ids[0], kind: "terminated", sameId: true, sameAddress: true },
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

    test("whoever has no leave was refused, and who has was let in by the load balancer's address alone", () => {
      expect(summaryOf(end).security).toEqual({
        anonymous: "refused",
        wrongPassword: "refused",
        unauthorised: "refused",
        allowed: "ok",
      });
    });

    test("the nodes' own password was rotated under load, and none was refused by another", () => {
      const { rotation } = summaryOf(end);
      // The one before is accepted until the next rotation.
      const wanted = quorum.role === "zookeeper" ? { to: 3, former: "refused" } : { to: 2, former: "ok" };
      expect(rotation).toMatchObject({ from: 1, ...wanted, present: "ok", refusals: 0 });
    });

    if (quorum.role === "controller") {
      test("with it came another certificate, which every node shows", () => {
        expect(summaryOf(end).renewal).toEqual({ servers: 6, certificate: "renewed" });
      });
    }

    if (quorum.role === "zookeeper") {
      test("without a majority of the ensemble nothing was worsened, and what was held went on after it", () => {
        const { outage } = summaryOf(end);
        expect(outage).toMatchObject({ down: [1, 2], worsened: [] });
        expect(outage?.held).toEqual([
          { role: "zookeeper", id: 3, reason: expect.stringMatching(/^stopping zookeeper 3 is not safe: /) },
          { role: "broker", id: 2, reason: expect.stringContaining("of 3 members of the quorum") },
        ]);
      });

      test("the ensemble served on while a member of it was replaced", () => {
        const { ensemble } = summaryOf(end);
        expect(ensemble).toMatchObject({ replacedWhileServing: true });
        expect(ensemble?.members.map(({ id }) => id)).toEqual(quorum.ids);
        expect(ensemble?.members.map(({ mode }) => mode).sort()).toEqual(["follower", "follower", "leader"]);
      });
    }

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
}

const [, plain] = TOURS.map(({ kafka }) => kafka);
if (plain) {
  describe.skipIf("missing" in plain)(`Ctrl-C on ${kafkaTitle(plain)}`, () => {
    test("in the middle of the launch, with Kafka running: 130, and nothing is left", async () => {
      const tour = startTour([], environmentOf(plain));
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
}
