/** The nodes' own credential is raised twice in a row, faster than nodes can be configured: each goes through both, in order. */
import { afterEach, expect, test } from "vitest";
import { compileTemplate } from "../../../lab/compile.ts";
import { codeOf } from "../../../lab/stack.ts";
import { type Definition, withGeneration } from "../../../shared/cluster/definition.ts";
import type { Security } from "../../../shared/cluster/security.ts";
import { definition } from "../../definition.ts";
import { allInService, startTemplateCluster, type TemplateCluster } from "../iam/cluster.ts";

const HOUR = 3_600_000;
const security: Security = {
  sasl: "scram-sha-512",
  acl: true,
  superUsers: [],
  users: [{ name: "reader", acls: [] }],
  certificate: "lab/tls",
  authority: "lab/authority",
  encrypt: true,
  generation: 1,
};
const secure: Definition = { ...definition, security };

let cluster: TemplateCluster;
afterEach(() => cluster.close());

async function reached(condition: () => boolean): Promise<void> {
  const yes = await cluster.until(condition);
  expect(cluster.cloud.iam.denials).toEqual([]);
  expect(yes).toBe(true);
}

async function deploy(generation: number): Promise<void> {
  const next = withGeneration(secure, generation);
  const code = codeOf(cluster.functions(next));
  await cluster.clock.settle(cluster.stack.stack.update(compileTemplate(next), { code }), HOUR);
}

/** Every configuration since then that succeeded, in order. */
function configured(since: number) {
  return cluster.cloud.commands
    .everything()
    .filter(({ command, status }) => command.parameters.action?.[0] === "configure" && status === "Success")
    .filter(({ command }) => command.requested >= since)
    .toSorted((a, b) => a.command.requested - b.command.requested);
}

test("every node has the second before one has the third, one at a time, and the first opens nothing in the end", async () => {
  cluster = await startTemplateCluster(compileTemplate(secure), secure);
  const { clock, cloud, kafka, stack } = cluster;
  for (const [Name, content] of [
    ["lab/tls", { certificate: "a certificate", key: "its key" }],
    ["lab/authority", { authority: "its authority" }],
  ] as const)
    await cluster.operate("secretsmanager", "CreateSecret", { Name, SecretString: JSON.stringify(content) });
  await clock.settle(stack.launch(), HOUR);
  await reached(() => allInService(cluster));
  kafka.createTopic("t", { partitions: 6, replication: 3, minIsr: 2 });
  const since = clock.now();

  await deploy(2);
  await deploy(3);
  let fewest = 6;
  await reached(() => {
    fewest = Math.min(fewest, kafka.processes().length);
    return configured(since).length === 12;
  });

  const all = configured(since);
  const nodes = cloud.groups.everyMember().map(({ instance }) => instance);
  for (const round of [all.slice(0, 6), all.slice(6)]) {
    expect(round.map(({ instance }) => instance).toSorted()).toEqual(nodes.toSorted());
  }
  for (const [index, later] of all.entries()) {
    expect(later.command.requested).toBeGreaterThanOrEqual(all[index - 1]?.ended ?? 0);
  }
  expect(fewest).toBeGreaterThanOrEqual(5);
  await reached(() => kafka.processes().length === 6 && kafka.registered().length === 3);
  const users = [...kafka.access.users.keys()].filter((name) => name.startsWith("rollcall-admin"));
  expect(users.toSorted()).toEqual([2, 3, 4].map((generation) => `rollcall-admin-${generation}`));
}, 120_000);
