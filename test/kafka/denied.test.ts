/** A cluster that asks who one is: what the view may believe, and what it must not. */
import { afterEach, expect, test } from "vitest";
import { makeCertificate } from "../../lab/certificates.ts";
import { observerLogin } from "../../shared/kafka/login.ts";
import { ACL, type TopicAcl } from "../../shared/kafka/rights.ts";
import { brokerView } from "../../shared/kafka/view.ts";
import { type FakeBroker, fakeBroker, type Guard, type Told } from "./broker.ts";

const OBSERVER = "rollcall-observer";
const describing: TopicAcl = {
  name: "*",
  pattern: ACL.pattern.literal,
  principal: `User:${OBSERVER}`,
  host: "*",
  operation: ACL.operation.describe,
  permission: ACL.permission.allow,
};
const CLUSTER_AUTHORIZATION_FAILED = 31;
const SECURITY_DISABLED = 54;

const started: FakeBroker[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((broker) => broker.close()));
});

/** Two brokers behind that guard, and a look at them with what Secrets Manager says when it is asked. */
async function guarded(guard: Partial<Guard>, passwords: string[] = ["p1"], authorities: string[] = []) {
  const list: { id: number; server: string }[] = [];
  const told = (): Told => ({
    brokers: list,
    topics: [{ name: "orders", minIsr: 1, partitions: [{ leader: 1, replicas: [1, 2], isr: [1, 2] }] }],
  });
  const all: Guard = { users: () => ({ [OBSERVER]: "p1" }), acls: () => [describing], ...guard };
  const brokers = [await fakeBroker(told, all), await fakeBroker(told, all)];
  started.push(...brokers);
  list.push(...brokers.map(({ server }, n) => ({ id: n + 1, server })));
  /** The first of them, as long as it is not the last. */
  const next = (values: string[]) => (values.length > 1 ? values.shift() : values[0]);
  const login = observerLogin(
    { read: async (id) => (id === "obs" ? { password: next(passwords) } : { authority: next(authorities) }) },
    { observer: "obs", ...(authorities.length > 0 && { authority: "ca" }) },
  );
  const view = brokerView({ connect: 10_000, request: 10_000, look: 20_000, login });
  const bootstrap = brokers.map(({ server }) => server);
  return {
    look: () => view({ bootstrap, quorum: [], asked: "tool", ids: [1, 2], ignoreTopics: [] }),
    asked: () => brokers.flatMap((broker) => broker.asked),
  };
}

test("with its password and its right it sees; the right is proven before metadata is asked for", async () => {
  const { look, asked } = await guarded({});
  const sight = await look();
  expect(sight).toMatchObject({ seen: true });
  expect(sight.seen && sight.brokers.get(1)).toMatchObject({ replicas: 1, stop: { safe: true } });
  expect(asked().indexOf("DescribeAcls")).toBeLessThan(asked().indexOf("Metadata"));
});

test.each<[string, readonly TopicAcl[] | number, string]>([
  ["no right to see topics", [], "may not describe every topic"],
  ["no right to see ACLs", CLUSTER_AUTHORIZATION_FAILED, "ACLs may not be seen"],
  [
    "a topic hidden from everybody",
    [describing, { ...describing, principal: "User:*", name: "orders", permission: ACL.permission.deny }],
    "User:* is denied to describe topic orders",
  ],
])("denied, and metadata not even asked for: %s", async (_, acls, reason) => {
  const { look, asked } = await guarded({ acls: () => acls });
  expect(await look()).toEqual({ seen: false, denied: true, reason: expect.stringContaining(reason) });
  expect(asked()).not.toContain("Metadata");
});

test("another error is no denial", async () => {
  const { look } = await guarded({ acls: () => 7 });
  const sight = await look();
  expect(sight).toMatchObject({ seen: false, reason: expect.stringContaining("not allowed") });
  expect(sight).not.toHaveProperty("denied");
});

test("without an authorizer there is nothing to prove", async () => {
  const { look } = await guarded({ acls: () => SECURITY_DISABLED });
  expect(await look()).toMatchObject({ seen: true });
});

test("denied by a wrong password, which no reason repeats", async () => {
  const { look } = await guarded({}, ["hunter2"]);
  const sight = await look();
  expect(sight).toEqual({ seen: false, denied: true, reason: expect.stringContaining("invalid credentials") });
  expect(JSON.stringify(sight)).not.toContain("hunter2");
});

test("a password that has changed is read again, in the same look", async () => {
  const { look } = await guarded({ users: () => ({ [OBSERVER]: "p2" }) }, ["p1", "p2"]);
  expect(await look()).toMatchObject({ seen: true });
});

test("behind TLS it believes whom the cluster's authority signed for, and nobody else", async () => {
  const now = Date.now();
  const [own, other] = await Promise.all([makeCertificate("own", now), makeCertificate("other", now)]);
  const certificate = { cert: own.certificate, key: own.key };
  const trusted = await guarded({ certificate }, ["p1"], [own.authority]);
  expect(await trusted.look()).toMatchObject({ seen: true });
  // An authority that has changed is read again, like a password.
  const renewed = await guarded({ certificate }, ["p1"], [other.authority, own.authority]);
  expect(await renewed.look()).toMatchObject({ seen: true });
  const stranger = await guarded({ certificate }, ["p1"], [other.authority]);
  const sight = await stranger.look();
  expect(sight).toMatchObject({ seen: false });
  expect(sight).not.toHaveProperty("denied");
  expect(stranger.asked()).toEqual([]);
});

test("unseen, but not denied, where the secret cannot be read", async () => {
  const login = observerLogin({ read: () => Promise.reject(new Error("throttled")) }, { observer: "obs" });
  const sight = await brokerView({ login })({
    bootstrap: ["127.0.0.1:9"],
    quorum: [],
    asked: "tool",
    ids: [1],
    ignoreTopics: [],
  });
  expect(sight).toEqual({ seen: false, reason: "throttled" });
});

test("one who breaks off is no denial", async () => {
  const broker = await fakeBroker(() => undefined);
  started.push(broker);
  const login = observerLogin({ read: async () => ({ password: "p1" }) }, { observer: "obs" });
  const view = brokerView({ connect: 200, request: 200, look: 5_000, login });
  const sight = await view({ bootstrap: [broker.server], quorum: [], asked: "tool", ids: [1], ignoreTopics: [] });
  expect(sight.seen).toBe(false);
  expect(sight).not.toHaveProperty("denied");
});
