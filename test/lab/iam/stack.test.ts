/** The stack's own policies: nothing can be left out of them, and nothing is in them that Rollcall never needs. */
import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { compileTemplate } from "../../../lab/compile.ts";
import type { Definition } from "../../../shared/cluster/definition.ts";
import { parseDefinition } from "../../../shared/cluster/parse.ts";
import { definition } from "../../definition.ts";
import { propertiesOf, type Template } from "../formation/template.ts";
import { allInService, startTemplateCluster } from "./cluster.ts";
import { play } from "./scenario.ts";

interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: readonly string[];
}

const compiled = (of: Definition = definition): Template => compileTemplate(of) as Template;

/** Clusters that ask everybody who he is: by KRaft over TLS, and on ZooKeeper. */
const [secure, classic] = ["secure", "zookeeper"].map((name) => {
  const file = `clusters/${name}.yml`;
  return parseDefinition(readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8"), file);
}) as [Definition, Definition];

function statementsOf(template: Template, role: string): PolicyStatement[] {
  const [policy] = propertiesOf(template, role).Policies as [{ PolicyDocument: { Statement: PolicyStatement[] } }];
  return policy.PolicyDocument.Statement;
}

function statementsIn(template: Template): (PolicyStatement & { readonly role: string })[] {
  const roles = Object.entries(template.Resources).filter(([, { Type }]) => Type === "AWS::IAM::Role");
  return roles.flatMap(([role]) => statementsOf(template, role).map((s) => ({ role, ...s })));
}

const STATEMENTS = statementsIn(compiled());

/** What the history met first; where the stack itself cannot be made, why not. */
async function firstDenial(template: Template, of: Definition = definition): Promise<string | undefined> {
  try {
    const { cluster, denied } = await play(template, of);
    onTestFinished(() => cluster.close());
    return denied;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function without(logicalId: string): Template {
  const { [logicalId]: _, ...Resources } = compiled().Resources;
  for (const resource of Object.values(Resources)) {
    if (Array.isArray(resource.DependsOn)) resource.DependsOn = resource.DependsOn.filter((id) => id !== logicalId);
  }
  return { ...compiled(), Resources };
}

/**
 * Permissions that the lab never needs: the data channels are Session Manager's, as far as anybody knows, but AWS's guide
 * asks for all four channel operations together, and a node that cannot be told anything is lost.
 */
const neverUsed = (quorum: string): string[] =>
  [`${quorum}NodeRole`, "NodeRole"].flatMap((role) => [
    `${role} ssmmessages:CreateDataChannel`,
    `${role} ssmmessages:OpenDataChannel`,
  ]);

test.each([
  ["plain", definition, "Controller"],
  ["secured", secure, "Controller"],
  ["secured ZooKeeper", classic, "Zookeeper"],
])("a whole history of a %s cluster is allowed, and needs every permission there is", async (_, of, quorum) => {
  const { cluster, denied } = await play(compiled(of), of);
  onTestFinished(() => cluster.close());
  expect(denied).toBeUndefined();
  const { iam } = cluster.cloud;
  const unused = iam.unusedPermissions();
  expect(unused.map(({ role, action }) => `${role.split("-").at(-1)} ${action}`)).toEqual(neverUsed(quorum));
  // Groups of zones whose events come, or are lost, are one function's each. Every secret that a role may read, it reads.
  expect(iam.unusedResources().filter(({ sid }) => sid !== "AnswersLifecycleActions")).toEqual([]);
});

test("whoever sees Kafka is told whom to believe, and refused the key that nodes serve by", async () => {
  const cluster = await startTemplateCluster(compiled(secure), secure);
  onTestFinished(() => cluster.close());
  const { certificate, authority } = secure.security ?? {};
  for (const Name of [certificate, authority]) {
    await cluster.operate("secretsmanager", "CreateSecret", { Name, SecretString: "{}" });
  }
  const read = (SecretId: string | undefined, logicalId: string) => {
    const role = cluster.stack.stack.resource(logicalId).physicalId;
    return cluster.cloud.call("secretsmanager", "GetSecretValue", { SecretId }, { role }).then(
      () => "allowed",
      (error: Error) => error.message,
    );
  };
  expect(await read(authority, "KafkaRole")).toBe("allowed");
  expect(await read(certificate, "KafkaRole")).toMatch(
    /KafkaRole.* not authorized to perform: secretsmanager:GetSecret/,
  );
  expect(await read(certificate, "NodeRole")).toBe("allowed");
});

describe("without, in a secured cluster,", () => {
  const reading = [secure, classic].flatMap((of) =>
    statementsIn(compiled(of))
      .filter(({ Sid }) => Sid === "ReadsSecrets")
      .map(({ role }) => ({ of, mode: of.kafka.mode, role })),
  );

  test("nodes of Kafka and the function that sees it have secrets to read, members of an ensemble none", () => {
    expect(reading.map(({ mode, role }) => `${mode} ${role}`).sort()).toEqual([
      "kraft ControllerNodeRole",
      "kraft KafkaRole",
      "kraft NodeRole",
      "zookeeper KafkaRole",
      "zookeeper NodeRole",
    ]);
  });

  test.each(reading)("$mode: $role's secrets", async ({ of, role }) => {
    const denied = await firstDenial(withoutStatement(role, "ReadsSecrets", of), of);
    expect(denied).toMatch(/not authorized to perform: secretsmanager:GetSecretValue/);
  });

  const ensembles = statementsIn(compiled(classic)).filter((s) => s.role === "ZookeeperNodeRole");
  test.each(ensembles)("$role's $Sid", async ({ role, Sid, Action }) => {
    const denied = await firstDenial(withoutStatement(role, Sid, classic), classic);
    expect(Action.some((action) => denied?.includes(action.split(":")[1] ?? ""))).toBe(true);
  });
});

describe("without", () => {
  test.each(STATEMENTS.filter((s) => s.Effect === "Allow"))("$role's $Sid", async ({ role, Sid, Action }) => {
    const denied = await firstDenial(withoutStatement(role, Sid));
    expect(denied).toMatch(/not authorized to perform|does not have permissions to call/);
    expect(Action.some((action) => denied?.includes(action.split(":")[1] ?? ""))).toBe(true);
  });

  const guarded = Object.entries(compiled().Resources).filter(([, { Type }]) =>
    ["AWS::Lambda::Permission", "AWS::SQS::QueuePolicy"].includes(Type),
  );
  test.each(guarded.map(([id, { Type }]) => [id, Type]))("%s", async (id, type) => {
    const action = type === "AWS::SQS::QueuePolicy" ? "sqs:SendMessage" : "lambda:InvokeFunction";
    expect(await firstDenial(without(id))).toContain(
      `events.amazonaws.com is not authorized to perform: ${action} on resource`,
    );
  });
});

/** That role without that statement. */
function withoutStatement(role: string, sid: string, of: Definition = definition): Template {
  const template = compiled(of);
  const statements = statementsOf(template, role);
  statements.splice(
    statements.findIndex((s) => s.Sid === sid),
    1,
  );
  return template;
}

describe("where Kafka's archive is in S3", () => {
  const archive = { url: "s3://archives/kafka.tgz", sha512: "0".repeat(128) };
  const fetching: Definition = { ...definition, nodes: { archive } };

  async function launched(template: Template) {
    const cluster = await startTemplateCluster(template, fetching);
    onTestFinished(() => cluster.close());
    await cluster.clock.settle(cluster.stack.launch(), 1_000);
    await cluster.until(() => allInService(cluster));
    return cluster;
  }

  test("a node reads that object", async () => {
    const cluster = await launched(compileTemplate(fetching) as Template);
    expect(cluster.cloud.iam.denials).toEqual([]);
    expect(cluster.cloud.iam.unusedPermissions().map(({ action }) => action)).not.toContain("s3:GetObject");
  });

  test("and no other", async () => {
    const { url } = archive;
    const template = compileTemplate({ ...fetching, nodes: { archive: { ...archive, url: `${url}.old` } } });
    const { cloud } = await launched(template as Template);
    expect(cloud.iam.denials[0]?.message).toMatch(
      /perform: s3:GetObject on resource: arn:aws:s3:::archives\/kafka.tgz /,
    );
  });
});

test("the Kafka function's own code may not touch the network interfaces that Lambda has for it", async () => {
  const denials = STATEMENTS.filter((s) => s.Effect === "Deny").map(({ role, Sid }) => `${role} ${Sid}`);
  expect(denials).toEqual(["KafkaRole CodeDoesNot"]);
  const look = async (template: Template) => {
    const cluster = await startTemplateCluster(template, definition);
    onTestFinished(() => cluster.close());
    const role = cluster.stack.stack.resource("KafkaRole").physicalId;
    const call = cluster.cloud.call("ec2", "DescribeNetworkInterfaces", {}, { role });
    return call.then(
      () => "allowed",
      (error: Error) => error.message,
    );
  };
  expect(await look(compiled())).toContain("with an explicit deny in an identity-based policy");
  expect(await look(withoutStatement("KafkaRole", "CodeDoesNot"))).toBe("allowed");
});
