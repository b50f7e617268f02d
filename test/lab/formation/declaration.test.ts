/** Users and ACLs of a whole cluster: what goes wrong with one user's secret, or comes late, and how that ends. */
import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { compileTemplate } from "../../../lab/compile.ts";
import type { Definition } from "../../../shared/cluster/definition.ts";
import { parseDefinition } from "../../../shared/cluster/parse.ts";
import type { User } from "../../../shared/cluster/security.ts";
import { renderAccess } from "../../../shared/config/access.ts";
import { allInService, startTemplateCluster, type TemplateCluster } from "../iam/cluster.ts";

const HOUR = 3_600_000;
const MINUTE = 60_000;

const source = readFileSync(new URL("../../../clusters/secure.yml", import.meta.url), "utf8");
/** Compared once an hour, but for what is newly declared. */
const declared = parseDefinition(source.replace(/^ {2}access: 60$/m, "  access: 3600"), "secure.yml");

function withUsers(users: readonly User[]): Definition {
  if (!declared.security) throw new Error("nobody is asked who he is");
  return { ...declared, security: { ...declared.security, users } };
}

let cluster: TemplateCluster;
afterEach(() => cluster.close());

async function launched(definition: Definition): Promise<TemplateCluster> {
  cluster = await startTemplateCluster(compileTemplate(definition), definition);
  for (const Name of [definition.security?.certificate, definition.security?.authority]) {
    const content = { certificate: "a certificate", key: "its key", authority: "who signed it" };
    await cluster.operate("secretsmanager", "CreateSecret", { Name, SecretString: JSON.stringify(content) });
  }
  await cluster.clock.settle(cluster.stack.launch(), HOUR);
  await reached(() => allInService(cluster));
  return cluster;
}

async function reached(condition: () => boolean, within = HOUR): Promise<void> {
  expect(await cluster.clock.runUntilTrue(condition, within)).toBe(true);
}

/** Everything that Rollcall has written down. */
async function written(): Promise<string> {
  const { Items } = (await cluster.operate("dynamodb", "Scan", { TableName: cluster.stack.table })) as {
    readonly Items: readonly object[];
  };
  return JSON.stringify(Items);
}

test("a user whose secret is not there holds nobody up, is named, and let in once it is", async () => {
  const users = [...(declared.security?.users ?? []), { name: "late", secret: "theirs/late", acls: [] }];
  const { kafka } = await launched(withUsers(users));
  expect(kafka.access.users.has("orders-app")).toBe(true);
  expect(kafka.access.users.has("late")).toBe(false);
  await cluster.clock.runFor(MINUTE);
  expect(await written()).toMatch(/cannot be kept as declared: user late \(fetching secret theirs\/late failed/);
  const SecretString = JSON.stringify({ password: "theirs" });
  await cluster.operate("secretsmanager", "CreateSecret", { Name: "theirs/late", SecretString });
  await reached(() => kafka.access.users.has("late"), 5 * MINUTE);
  await cluster.clock.runFor(MINUTE);
  expect(await written()).not.toContain("cannot be kept as declared");
});

test("an older declaration that comes late through another broker is undone within as long as it was late", async () => {
  const { kafka, clock } = await launched(declared);
  const asked = () =>
    cluster.cloud.commands.everything().filter(({ command }) => command.parameters.action?.[0] === "access");
  const [first] = asked();
  await clock.runFor((first?.ended ?? 0) + 30_000 - clock.now());
  const another = cluster.cloud.groups
    .everyMember()
    .find(
      ({ group, instance }) => group.includes("broker") && !asked().some((command) => command.instance === instance),
    );
  const older = renderAccess(withUsers([]))?.payload ?? "";
  const order = { SSM_action: "access", SSM_payload: older, SSM_issued: "1" };
  const machine = cluster.machine(another?.instance ?? "");
  await clock.settle(Promise.resolve(machine?.run("", order, MINUTE)), MINUTE);
  expect(kafka.access.users.has("orders-app")).toBe(false);
  await reached(() => kafka.access.users.has("orders-app"), 2 * MINUTE);
  // What was put right is told.
  await clock.runFor(10_000);
  expect(await written()).toContain("created user orders-app");
});
