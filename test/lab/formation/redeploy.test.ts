/** A cluster whose definition changes is deployed again: what changed is changed, node by node; and then it is deleted. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { compileTemplate } from "../../../lab/compile.ts";
import { codeOf } from "../../../lab/stack.ts";
import { type Definition, roleOf } from "../../../shared/cluster/definition.ts";
import { parseDefinition } from "../../../shared/cluster/parse.ts";
import type { Security } from "../../../shared/cluster/security.ts";
import { definition } from "../../definition.ts";
import { allInService, startTemplateCluster, type TemplateCluster } from "../iam/cluster.ts";

const HOUR = 3_600_000;
const FIRST = { certificate: "the first", key: "its key" };
const RENEWED = { certificate: "renewed", key: "another key" };

/** Asks everybody who he is, by TLS. */
const secure = parseDefinition(
  readFileSync(new URL("../../../clusters/secure.yml", import.meta.url), "utf8"),
  "clusters/secure.yml",
);

function securedBy(change: Partial<Security>): Definition {
  if (!secure.security) throw new Error("nobody is asked who he is");
  return { ...secure, security: { ...secure.security, ...change } };
}
let cluster: TemplateCluster;

afterEach(() => cluster.close());

async function inService(of: Definition = definition): Promise<TemplateCluster> {
  cluster = await startTemplateCluster(compileTemplate(of), of);
  const { certificate, authority } = of.security ?? {};
  if (certificate !== undefined) await secret("CreateSecret", { Name: certificate }, FIRST);
  if (authority !== undefined) await secret("CreateSecret", { Name: authority }, { authority: "who signs" });
  await cluster.clock.settle(cluster.stack.launch(), HOUR);
  await reached(() => allInService(cluster));
  cluster.kafka.createTopic("t", { partitions: 6, replication: 3, minIsr: 2 });
  return cluster;
}

const secret = (action: string, of: object, content: object) =>
  cluster.operate("secretsmanager", action, { ...of, SecretString: JSON.stringify(content) });

const isOf = (input: unknown, id: string): boolean =>
  typeof input === "object" && input !== null && "SecretId" in input && input.SecretId === id;

async function reached(condition: () => boolean): Promise<void> {
  const yes = await cluster.until(condition);
  expect(cluster.cloud.iam.denials).toEqual([]);
  expect(yes).toBe(true);
}

function deploy(next: Definition, template: unknown = compileTemplate(next)) {
  const code = codeOf(cluster.functions(next));
  return cluster.clock.settle(cluster.stack.stack.update(template, { code }), HOUR);
}

/** Commands with that action, sent since then. */
function commands(action: string, since: number) {
  return cluster.cloud.commands
    .everything()
    .filter((i) => i.command.parameters.action?.[0] === action && i.command.requested >= since);
}

describe("deployed again", () => {
  test("with another setting, each node is configured again, one at a time", async () => {
    const { clock, cloud, kafka } = await inService();
    const since = clock.now();
    let fewest = 6;
    const watch = (): void => {
      fewest = Math.min(fewest, kafka.processes().length);
    };
    const changes = await deploy({
      ...definition,
      kafka: { ...definition.kafka, settings: { ...definition.kafka.settings, "num.io.threads": "4" } },
    });
    expect(changes).toEqual({ created: [], updated: [], replaced: [], deleted: [], kept: [] });
    await reached(() => {
      watch();
      const done = commands("configure", since).filter((c) => c.status === "Success");
      return new Set(done.map((c) => c.instance)).size === 6;
    });
    const done = commands("configure", since).toSorted((a, b) => a.command.requested - b.command.requested);
    expect(done).toHaveLength(6);
    for (const [index, later] of done.entries()) {
      const earlier = done[index - 1];
      if (earlier) expect(later.command.requested).toBeGreaterThanOrEqual(earlier.ended ?? Number.POSITIVE_INFINITY);
    }
    expect(fewest).toBeGreaterThanOrEqual(5);
    expect(cloud.groups.everyMember()).toHaveLength(6);
  });

  test.each([
    ["the next generation", "kafka/certificate", securedBy({ generation: 2 })],
    ["another secret's name", "kafka/certificate-2027", securedBy({ certificate: "kafka/certificate-2027" })],
  ])("with a renewed certificate, by %s, each node fetches it and is configured again", async (_, name, next) => {
    const { clock, cloud } = await inService(secure);
    await clock.runFor(120_000);
    const same = name === secure.security?.certificate;
    await (same
      ? secret("PutSecretValue", { SecretId: name }, RENEWED)
      : secret("CreateSecret", { Name: name }, RENEWED));
    const since = clock.now();
    await clock.runFor(120_000);
    // Nobody restarts for that by itself.
    expect(commands("configure", since)).toEqual([]);
    await deploy(next);
    await reached(() => {
      const done = commands("configure", since).filter((c) => c.status === "Success");
      return new Set(done.map((c) => c.instance)).size === 6;
    });
    const reads = cloud.calls
      .all()
      .filter((call) => call.action === "GetSecretValue" && call.at >= since && isOf(call.input, name));
    // A modelled node asks for certificate and key one after the other.
    expect(reads).toHaveLength(2 * 6);
    await reached(() => allInService(cluster));
  });

  test("with more brokers, their groups grow", async () => {
    const { cloud } = await inService();
    const before = cloud.groups.everyMember().map((m) => m.instance);
    const roles = definition.roles.map((role) => (role.name === "broker" ? { ...role, perZone: 2 } : role));
    const changes = await deploy({ ...definition, roles });
    expect(changes.updated.filter((id) => id.includes("Group"))).toEqual([
      "BrokerGroupEuCentral1a",
      "BrokerGroupEuCentral1b",
      "BrokerGroupEuCentral1c",
    ]);
    await reached(() => cloud.groups.everyMember().length === 9 && allInService(cluster));
    expect(cloud.groups.everyMember().map((m) => m.instance)).toEqual(expect.arrayContaining(before));
  });

  test("with another node script, the document's new version is what commands run", async () => {
    const { cloud } = await inService();
    const template = compileTemplate(definition) as {
      Resources: { NodeDocument: { Properties: { Content: object } } };
    };
    const { Content } = template.Resources.NodeDocument.Properties;
    Object.assign(Content, { description: "another script" });
    expect(await deploy(definition, template)).toMatchObject({ updated: ["NodeDocument"], replaced: [] });
    const since = cluster.clock.now();
    const [controller] = cloud.groups.members(roleOf(definition, "controller").groups[0]?.name ?? "");
    await cluster.operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
      InstanceId: controller?.instance,
      ShouldDecrementDesiredCapacity: false,
    });
    await reached(() => commands("stop", since).length > 0);
    expect(commands("stop", since)[0]?.command.version).toBe(2);
  });
});

describe("deleted", () => {
  test("its nodes end in order, each by its own stop, then everything but the table goes", async () => {
    const { cloud, clock, stack } = await inService();
    const since = clock.now();
    const { deleted, kept } = await clock.settle(stack.stack.delete(), HOUR);
    expect(kept).toEqual(["Table"]);
    expect(deleted.slice(0, 6).every((id) => id.includes("Group"))).toBe(true);
    expect(commands("stop", since).map((c) => c.status)).toEqual(Array(6).fill("Success"));
    expect(cloud.snapshot()).toMatchObject({ groups: [], resources: [], interfaces: [] });
    expect(cloud.iam.denials).toEqual([]);
    expect(await cluster.operate("dynamodb", "ListTables", {})).toEqual({ TableNames: ["rollcall-lab"] });
  });
});
