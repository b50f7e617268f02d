/** Users and ACLs on modelled machines: made first, kept as declared, and what nobody can do without them. */
import { describe, expect, test } from "vitest";
import type { Machine } from "../../lab/machines/machine.ts";
import { modelledKafkaView } from "../../lab/machines/modelled-view.ts";
import { observerSecret } from "../../shared/cluster/security.ts";
import { observerLogin } from "../../shared/kafka/login.ts";
import { address, classicCluster, on, passwordOf } from "./classic-cluster.ts";

const QUESTION = {
  bootstrap: [`${address(1)}:9092`],
  quorum: [],
  asked: "words",
  ids: [1],
  ignoreTopics: [],
} as const;
const STRANGER = "User:stranger * ALLOW ALL TOPIC LITERAL *";

async function secured(ids: readonly number[] = [1, 2, 3]) {
  const cluster = classicCluster({ secure: true });
  await cluster.formEnsemble();
  const brokers: Map<number, Machine> = await cluster.startBrokers(ids);
  const { access } = cluster.kafka;
  const login = observerLogin(
    { read: async (id) => ({ password: cluster.secrets.get(id)?.password ?? passwordOf(id) }) },
    { observer: observerSecret("sim") },
  );
  const view = modelledKafkaView(cluster.kafka, login);
  return { ...cluster, brokers, users: access, look: () => view.brokers(QUESTION) };
}

describe("before anything else", () => {
  test("the first broker on ZooKeeper makes the users that nodes are, and Rollcall's", async () => {
    const { users } = await secured([1]);
    expect([...users.users.keys()]).toEqual(["rollcall-admin-1", "rollcall-admin-2", "rollcall-observer"]);
    expect(users.lets("rollcall-admin-1", passwordOf("rollcall/sim/admin-1"))).toBe(true);
    expect(users.lets("rollcall-admin-1", "wrong")).toBe(false);
  });
  test("a secret that cannot be read fails the configuration, and is not told", async () => {
    const { machineFor, configure, settle, secrets } = await secured([1]);
    secrets.set("rollcall/sim/admin-1", undefined);
    const { code, answer } = await settle(configure(machineFor(2), 2, { kind: "none" }));
    expect([code, answer.error]).toEqual([1, expect.stringMatching(/^fetching secret rollcall\/sim\/admin-1 failed/)]);
  });
  test("Kafka does not let its observer see, until users and ACLs have been applied", async () => {
    const { look, access, brokers } = await secured([1]);
    expect(await look()).toMatchObject({ seen: false, denied: true });
    const { code, answer } = await access(on(brokers, 1));
    expect([code, answer.access]).toMatchObject([
      0,
      {
        created: [
          "user orders-app",
          "allow User:orders-app describe,read,write on topic orders*",
          "allow User:rollcall-observer describe,describe-configs on cluster kafka-cluster",
          "allow User:rollcall-observer describe,describe-configs on topic *",
        ],
        changed: [],
        removed: [],
        versions: { "orders-app": "v1", "rollcall-observer": "v1" },
      },
    ]);
    expect(await look()).toMatchObject({ seen: true });
  });
});

describe("access", () => {
  test("puts right what was changed by hand, and then has nothing to do", async () => {
    const { access, brokers, users } = await secured([1]);
    await access(on(brokers, 1));
    const [acl = ""] = users.acls;
    users.removeAcl(acl);
    users.addAcl(STRANGER);
    users.setUser("stranger", { password: "x", version: "x" });
    users.setUser("orders-app", { password: "x", version: "x" });
    users.setUser("operator", { password: "kept", version: "x" });
    const { answer } = await access(on(brokers, 1), { "orders-app": "v1" });
    expect(answer.access).toMatchObject({
      created: [expect.stringMatching(/^allow /)],
      changed: ["user orders-app"],
      removed: ["allow User:stranger all on topic *", "user stranger"],
    });
    expect(users.lets("operator", "kept")).toBe(true);
    const again = await access(on(brokers, 1), { "orders-app": "v1" });
    expect(again.answer.access).toMatchObject({ created: [], changed: [], removed: [] });
  });
  test("changes the password of a user whose secret has another version", async () => {
    const { access, brokers, users, secrets } = await secured([1]);
    await access(on(brokers, 1));
    secrets.set("rollcall/sim/users/orders-app", { password: "another", version: "v2" });
    const { answer } = await access(on(brokers, 1), { "orders-app": "v1" });
    expect(answer.access).toMatchObject({ changed: ["user orders-app"], versions: { "orders-app": "v2" } });
    expect(users.lets("orders-app", "another")).toBe(true);
  });
  test("one user's secret that cannot be read keeps nobody else out, and is told of", async () => {
    const { access, brokers, users, secrets } = await secured([1]);
    secrets.set("rollcall/sim/users/orders-app", undefined);
    const { code, answer } = await access(on(brokers, 1));
    expect([code, answer.access?.troubles]).toEqual([
      0,
      { "orders-app": expect.stringContaining("rollcall/sim/users/orders-app") },
    ]);
    expect(users.letsSee("rollcall-observer")).toBe(true);
  });
  test("a secret of Rollcall's own users that cannot be read is a failure", async () => {
    const { access, brokers, users, secrets } = await secured([1]);
    secrets.set("rollcall/sim/observer", undefined);
    const { code, answer } = await access(on(brokers, 1));
    expect([code, answer.error]).toEqual([1, expect.stringContaining("rollcall/sim/observer")]);
    expect(users.lets("orders-app", passwordOf("rollcall/sim/users/orders-app"))).toBe(true);
  });
  test("an older declaration that comes late is refused where a newer one was applied, and elsewhere takes away nothing that nodes log in as", async () => {
    const { access, brokers, users } = await secured([1, 2]);
    await access(on(brokers, 1), {}, 1, 1000);
    await access(on(brokers, 1), {}, 2, 2000);
    expect(users.users.has("rollcall-admin-3")).toBe(true);
    expect((await access(on(brokers, 1), {}, 1, 1500)).answer.error).toContain(
      "a newer declaration was taken up already",
    );
    expect(users.users.has("rollcall-admin-3")).toBe(true);
    // Of a broker that knows of no newer one it is carried out.
    expect((await access(on(brokers, 2), {}, 1, 1500)).answer.access?.removed).toEqual([]);
    expect(users.users.has("rollcall-admin-3")).toBe(true);
    // As all strangers are who are no generation of the nodes' own.
    users.setUser("rollcall-admin-x", { password: "x", version: "x" });
    expect((await access(on(brokers, 2), {}, 1, 1600)).answer.access?.removed).toEqual(["user rollcall-admin-x"]);
  });
  test("needs the node's broker, and the node's own user", async () => {
    const { access, brokers, users } = await secured([1]);
    users.removeUser("rollcall-admin-1");
    expect((await access(on(brokers, 1))).answer.error).toContain("SaslAuthenticationException");
    await on(brokers, 1).breakKafka();
    expect((await access(on(brokers, 1))).answer.error).toContain("TimeoutException");
  });
});

describe("a broker whose user the others do not know", () => {
  test("stays out of the ISRs, until that user is made", async () => {
    const { kafka, brokers, settle, configure, clock, access, until } = await secured();
    kafka.createTopic("orders", { partitions: 1, replication: 3, minIsr: 2 });
    // Two generations on at once: what an operator must not do.
    await settle(configure(on(brokers, 3), 3, { kind: "none" }, 3));
    await clock.runFor(60_000);
    expect(kafka.partitions()[0]?.isr).not.toContain(3);
    await access(on(brokers, 1), {}, 3);
    await until(() => kafka.partitions()[0]?.isr.includes(3) ?? false);
  });
  test("is let in by a credential that is known in advance", async () => {
    const { kafka, brokers, settle, configure, until } = await secured();
    kafka.createTopic("orders", { partitions: 1, replication: 3, minIsr: 2 });
    await settle(configure(on(brokers, 3), 3, { kind: "none" }, 2));
    await until(() => kafka.partitions()[0]?.isr.includes(3) ?? false);
  });
});
