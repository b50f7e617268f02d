/** The runbook, tried on a cluster that asks everybody who he is: what goes wrong with users, ACLs and secrets. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { AwsError, type Call } from "../../lab/cloud/service.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import { adminSecret, adminUser, observerSecret, type Security } from "../../shared/cluster/security.ts";
import { type Section, source } from "./runbook.ts";
import { Trial, type Tried } from "./trial.ts";

const definition = parseDefinition(
  source("secure.yml")
    .replace("register: 90", "register: 20")
    .replace("access: 60", "access: 20")
    .replaceAll(/(command|stop): 90/g, "$1: 30"),
  "secure.yml",
);
const { cluster } = definition;

export function tryOnSecuredCluster(sections: readonly Section[], tried: Tried): void {
  const trial = new Trial(definition, sections, tried);
  const { run, rings, ends, held, operate } = trial;

  /** As where the brokers' role lost the right to read some secrets. */
  const denyBrokers =
    (secrets: RegExp) =>
    ({ service, action, input, caller }: Call): void => {
      if (service !== "secretsmanager" || action !== "GetSecretValue" || !secrets.test(JSON.stringify(input))) return;
      if (!caller.role.endsWith("-NodeRole")) return;
      throw new AwsError("AccessDeniedException", "User is not authorized to perform: secretsmanager:GetSecretValue");
    };
  const secured = (change: Partial<Security>): Definition => {
    const { security } = trial.bench.declared;
    if (!security) throw new Error("the cluster asks nobody who he is");
    return { ...trial.bench.declared, security: { ...security, ...change } };
  };
  /** Whose record says that. */
  const holder = (words: RegExp): Promise<string> =>
    trial.bench.until(`somebody is held: ${words}`, async () => {
      const { records } = await trial.bench.lab.table.readAll();
      return [...records.values()].find(({ hold }) => hold && words.test(hold.reason))?.instance;
    });
  const configuredSince = (since: number): Promise<true> =>
    trial.bench.until("each node is configured", async () => {
      const { records } = await trial.bench.lab.table.readAll();
      return [...records.values()].every(({ configured }) => (configured?.at ?? 0) > since) || undefined;
    });
  const textOf = async (SecretId: string): Promise<string> => {
    const answer = await operate("secretsmanager", "GetSecretValue", { SecretId });
    return "SecretString" in answer ? String(answer.SecretString) : "";
  };

  beforeAll(async () => {
    await trial.start(async () => {
      trial.refuse = denyBrokers(/observer/);
    });
  });
  afterAll(trial.close);

  test("node-held: users and ACLs of a new cluster wait for the secrets that they are made of", async () => {
    const launching = await holder(/users and ACLs cannot be applied/);
    await held(launching, "launch/10", /cannot be applied/, /users and ACLs cannot be applied: .*observer/);
    trial.refuse = () => {};
    await trial.bench.whole();
  });

  test("access-changed: what somebody changed is put right and told; what was wanted is declared", async () => {
    const title = "access-changed";
    const { access } = trial.bench.kafka;
    const stranger = "User:stranger * ALLOW ALL TOPIC LITERAL *";
    access.addAcl(stranger);
    access.setUser("billing", { password: "made by hand", version: "none" });
    await rings(title);
    const [doctor] = await run(title, [/rollcall doctor/]);
    expect(doctor?.out).toContain("somebody had changed them past the definition");
    expect(doctor?.out).toContain("user billing");
    expect(access.acls).not.toContain(stranger);
    expect(access.users).not.toContain("billing");
    const users = trial.bench.declared.security?.users ?? [];
    trial.bench.declare(secured({ users: [...users, { name: "billing", acls: [] }] }));
    await run(title, [/sls deploy/]);
    await trial.bench.until("it is there", () => access.users.get("billing"));
    await ends(title);
  });

  test("access-changed: after the second new generation the password that was known opens nothing", async () => {
    const { access } = trial.bench.kafka;
    const known = JSON.parse(await textOf(adminSecret(cluster, 1))).password as string;
    for (const generation of [2, 3]) {
      expect(access.lets(adminUser(1), known)).toBe(true);
      const since = trial.bench.lab.clock.now();
      trial.bench.declare(secured({ generation }));
      await run("access-changed", [/sls deploy/]);
      await configuredSince(since);
      await trial.bench.whole();
    }
    await trial.bench.until("it opens nothing", () => !access.lets(adminUser(1), known) || undefined);
  });

  test("access-not-kept: a secret that is to be deleted is restored, and a password of Rollcall's own put back", async () => {
    const title = "access-not-kept";
    const SECRET = observerSecret(cluster);
    await operate("secretsmanager", "DeleteSecret", { SecretId: SECRET, RecoveryWindowInDays: 7 });
    await rings(title);
    const holding = await holder(/users and ACLs cannot be applied/);
    await held(holding, "in-service/5", /users and ACLs cannot be applied/, /cannot be applied: .*observer/);
    const [status, doctor] = await run(title, [/rollcall status/], [/rollcall doctor/]);
    expect(status?.out).toContain("(in-service/5)");
    expect(doctor?.out).toContain("users and ACLs were last compared");
    await run(title, [/restore-secret/, { SECRET }]);
    await ends(title);
    await ends("node-held");

    const admin = adminSecret(cluster, 3);
    const former = await textOf(admin);
    const put = (SecretString: string) =>
      operate("secretsmanager", "PutSecretValue", { SecretId: admin, SecretString });
    await put(JSON.stringify({ password: "another" }));
    await rings(title);
    await put(former);
    await ends(title);
  });

  test("node-held: a user whose secret is gone is named, and kept again as soon as it is back", async () => {
    const SECRET = `rollcall/${cluster}/users/reporting`;
    await operate("secretsmanager", "DeleteSecret", { SecretId: SECRET, RecoveryWindowInDays: 7 });
    const holding = await holder(/user reporting/);
    await held(holding, "in-service/5", /cannot be kept as declared/, /cannot be kept as declared: user reporting/);
    await run("access-not-kept", [/restore-secret/, { SECRET }]);
    await ends("node-held");
    await trial.bench.whole();
  });

  test("node-held: a configuration that cannot be brought to a node comes as soon as it can", async () => {
    const { kafka } = trial.bench.declared;
    const since = trial.bench.lab.clock.now();
    trial.refuse = denyBrokers(/./);
    trial.bench.declare({
      ...trial.bench.declared,
      kafka: { ...kafka, settings: { ...kafka.settings, "num.io.threads": "4" } },
    });
    await trial.bench.deploy();
    const holding = await holder(/its new configuration cannot be brought to it/);
    const reason = /its new configuration cannot be brought to it: .*GetSecretValue/;
    await held(holding, "in-service/3", /cannot be brought to it/, reason);
    const [doctor] = await run("node-held", [/rollcall doctor/]);
    expect(doctor?.out).toMatch(/configure #3 of .* failed/);
    trial.refuse = () => {};
    await configuredSince(since);
    await trial.bench.whole();
    await ends("node-held");
  });
}
