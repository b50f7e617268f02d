import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Answer, type Findings, quorumLost, sightOf, topicsOf } from "../../shared/kafka/sight.ts";
import type { KafkaQuestion } from "../../shared/lifecycle/ports.ts";
import type { BrokerSight } from "../../shared/lifecycle/sights.ts";

const QUESTION: KafkaQuestion = { bootstrap: [], quorum: [], asked: "tool", ids: [1, 2, 3], ignoreTopics: [] };

function answer(change: Partial<Answer> = {}): Answer {
  return {
    server: "10.0.1.5:9092",
    clusterId: "cluster",
    brokers: new Map([1, 2, 3].map((id) => [id, { host: `10.0.${id}.5`, port: 9092 }])),
    partitions: [{ topic: "orders", partition: 0, leader: 1, replicas: [1, 2, 3], isr: [1, 2, 3] }],
    ...change,
  };
}

function brokers(question: KafkaQuestion, answers: readonly Answer[], silent: readonly number[] = []) {
  const minIsr = new Map(answers.flatMap(({ partitions }) => partitions.map(({ topic }) => [topic, 2] as const)));
  const sight = sightOf(question, { answers, minIsr, silent: new Set(silent) });
  if (!sight.seen) throw new Error(sight.reason);
  return sight.brokers;
}

describe("two answers", () => {
  test("of different clusters are none", () => {
    const findings: Findings = {
      answers: [answer(), answer({ server: "10.0.2.5:9092", clusterId: "other" })],
      minIsr: new Map(),
      silent: new Set(),
    };
    expect(sightOf(QUESTION, findings)).toEqual({
      seen: false,
      reason: "brokers of different clusters answered: 10.0.1.5:9092 is of cluster, 10.0.2.5:9092 is of other",
    });
  });

  test("register a broker only where both do, at one address", () => {
    const all = answer().brokers;
    const fewer = new Map([...all].filter(([id]) => id !== 2));
    const moved = new Map([...all, [3, { host: "10.0.3.6", port: 9092 }] as const]);
    for (const answers of [
      [answer(), answer({ brokers: new Map([...moved].filter(([id]) => fewer.has(id))) })],
      [answer({ brokers: new Map([...moved].filter(([id]) => fewer.has(id))) }), answer()],
    ]) {
      const sights = brokers(QUESTION, answers);
      expect(sights.get(1)?.registered).toEqual({ host: "10.0.1.5", port: 9092 });
      expect(sights.get(2)).not.toHaveProperty("registered");
      expect(sights.get(3)).not.toHaveProperty("registered");
    }
  });

  test("are never laxer together than either alone", () => {
    const PARTITION = fc
      .record({
        topic: fc.constantFrom("orders", "clicks"),
        partition: fc.nat(2),
        replicas: fc.shuffledSubarray([1, 2, 3], { minLength: 1 }),
        kept: fc.nat(3),
        led: fc.boolean(),
      })
      .map(({ topic, partition, replicas, kept, led }) => {
        const isr = replicas.slice(0, kept);
        return { topic, partition, replicas, isr, leader: led ? isr[0] : undefined };
      });
    const ANSWER = fc.array(PARTITION, { maxLength: 5 }).map((partitions) => answer({ partitions }));
    const SILENT = fc.constantFrom([], [1], [2], [3]);
    fc.assert(
      fc.property(ANSWER, ANSWER, SILENT, (one, other, silent) => {
        const minIsr = new Map([
          ["orders", 2],
          ["clicks", 1],
        ]);
        const ask = (answers: readonly Answer[]): ReadonlyMap<number, BrokerSight> => {
          const sight = sightOf(QUESTION, { answers, minIsr, silent: new Set(silent) });
          return sight.seen ? sight.brokers : new Map();
        };
        const both = ask([one, other]);
        for (const single of [ask([one]), ask([other])]) {
          for (const id of QUESTION.ids) {
            const [strict, lax] = [both.get(id), single.get(id)];
            if (!lax?.stop.safe) expect(strict?.stop.safe).toBe(false);
            if (!lax?.startEmpty.safe) expect(strict?.startEmpty.safe).toBe(false);
            expect(strict?.missing).toBeGreaterThanOrEqual(lax?.missing ?? 0);
            expect(strict?.replicas).toBeGreaterThanOrEqual(lax?.replicas ?? 0);
          }
        }
      }),
    );
  });
});

describe("a broker that cannot be reached", () => {
  test("is not leant on, neither as a leader to copy from nor as in sync", () => {
    const without2 = [{ topic: "orders", partition: 0, leader: 3, replicas: [1, 2, 3], isr: [1, 3] }];
    const sights = brokers(QUESTION, [answer({ partitions: without2 })], [3]);
    expect(sights.get(2)?.startEmpty).toEqual({
      safe: false,
      reason: "orders-0 has no live leader to copy from, leaving out 3, which can't be reached from here",
    });
    expect(sights.get(1)?.stop.safe).toBe(false);
  });

  test("may itself be stopped, as far as the others keep its partitions", () => {
    expect(brokers(QUESTION, [answer()], [1]).get(1)?.stop.safe).toBe(true);
  });

  test("makes the view doubtful once it is half of them", () => {
    const two = new Map([...answer().brokers].filter(([id]) => id !== 3));
    const findings = { answers: [answer({ brokers: two })], minIsr: new Map(), silent: new Set([2]) };
    expect(sightOf(QUESTION, findings)).toMatchObject({ seen: false });
  });
});

test("ignored topics count nowhere", () => {
  const question = { ...QUESTION, ignoreTopics: ["orders"] };
  expect(topicsOf(question, [answer()])).toEqual([]);
  const offline = { topic: "orders", partition: 0, leader: undefined, replicas: [1], isr: [] };
  expect(brokers(question, [answer({ partitions: [offline] })]).get(1)).toMatchObject({
    replicas: 0,
    missing: 0,
    stop: { safe: true },
    startEmpty: { safe: true },
  });
});

test("settings are wanted only of topics with a replica on a broker in question", () => {
  expect(topicsOf({ ...QUESTION, ids: [9] }, [answer()])).toEqual([]);
  expect(topicsOf({ ...QUESTION, ids: [3, 9] }, [answer()])).toEqual(["orders"]);
});

test("no answer, no sight", () => {
  expect(sightOf(QUESTION, { answers: [], minIsr: new Map(), silent: new Set() })).toEqual({
    seen: false,
    reason: "no broker answered",
  });
});

describe("a quorum that is gone", () => {
  const heard = (...sights: ("listening" | "refused" | "silent")[]) =>
    new Map(sights.map((s, i) => [`10.0.${i}.10:9093`, s]));
  test("is told from the controllers that do not listen", () => {
    expect(quorumLost(heard("listening", "refused", "silent"))).toContain("1 of 3");
    expect(quorumLost(heard("listening", "listening", "silent"))).toBeUndefined();
    expect(quorumLost(heard("listening", "refused"))).toContain("1 of 2");
  });
  test("is no question where none is known", () => {
    expect(quorumLost(new Map())).toBeUndefined();
  });
});
