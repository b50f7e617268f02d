/** The stack's secrets in the lab: made, kept through deployments, readable by whom they are for, and gone with the stack. */
import { afterEach, describe, expect, test } from "vitest";
import { compileTemplate } from "../../../lab/compile.ts";
import { codeOf } from "../../../lab/stack.ts";
import type { Definition } from "../../../shared/cluster/definition.ts";
import type { Security } from "../../../shared/cluster/security.ts";
import { definition } from "../../definition.ts";
import { startTemplateCluster, type TemplateCluster } from "../iam/cluster.ts";
import type { Template } from "./template.ts";

const HOUR = 3_600_000;

const security: Security = {
  sasl: "scram-sha-512",
  acl: true,
  superUsers: [],
  users: [
    { name: "reader", acls: [] },
    { name: "ops", secret: "ops/kafka", acls: [] },
  ],
  certificate: "lab/tls",
  authority: "lab/authority",
  encrypt: true,
  generation: 1,
};

const secure = (generation = 1): Definition => ({ ...definition, security: { ...security, generation } });

let cluster: TemplateCluster;
afterEach(() => cluster.close());

async function deployed(template: unknown = compileTemplate(secure())): Promise<TemplateCluster> {
  cluster = await startTemplateCluster(template, secure());
  for (const Name of ["ops/kafka", "lab/tls", "lab/authority"])
    await operate("CreateSecret", { Name, SecretString: "{}" });
  return cluster;
}

const operate = (action: string, input: object) => cluster.operate("secretsmanager", action, input);

function deploy(next: Definition, template: unknown = compileTemplate(next)) {
  const code = codeOf(cluster.functions(next));
  return cluster.clock.settle(cluster.stack.stack.update(template, { code }), HOUR);
}

async function textOf(SecretId: string): Promise<string> {
  const answer = await cluster.cloud.call("secretsmanager", "GetSecretValue", { SecretId }, { role: "operator" });
  return (answer as { SecretString: string }).SecretString;
}

const OWN = ["admin-1", "admin-2", "observer", "users/reader"].map((name) => `rollcall/lab/${name}`);

describe("a deployment", () => {
  test("makes a password of 48 letters and digits for each of its own users, each another", async () => {
    await deployed();
    const passwords = await Promise.all(OWN.map(async (name) => JSON.parse(await textOf(name)).password));
    for (const password of passwords) expect(password).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9]{48}$/);
    expect(new Set(passwords).size).toBe(OWN.length);
    const said = JSON.stringify([cluster.cloud.calls.all(), cluster.cloud.snapshot(), cluster.stack.stack.outputs()]);
    for (const password of passwords) expect(said).not.toContain(password);
  });

  test("of the next generation leaves those before as they are, and adds one", async () => {
    const { clock, stack } = await deployed();
    await clock.settle(stack.launch(), HOUR);
    const before = await Promise.all(OWN.map(textOf));
    const changes = await deploy(secure(2));
    expect(changes).toMatchObject({ created: ["AdminSecret3"], replaced: [], deleted: [] });
    expect(await Promise.all(OWN.map(textOf))).toEqual(before);
    const last = await deploy(secure(3));
    expect(last).toMatchObject({ created: ["AdminSecret4"], replaced: [], deleted: [] });
    expect(await Promise.all(OWN.map(textOf))).toEqual(before);
  });

  test("that changes how passwords are made draws them anew; one that changes their description does not", async () => {
    await deployed();
    const before = await textOf("rollcall/lab/observer");
    const template = compileTemplate(secure()) as Template;
    const { ObserverSecret } = template.Resources;
    if (!ObserverSecret?.Properties) throw new Error("no observer");
    ObserverSecret.Properties.Description = "another";
    await deploy(secure(), template);
    expect(await textOf("rollcall/lab/observer")).toBe(before);
    Object.assign(ObserverSecret.Properties.GenerateSecretString as object, { PasswordLength: 40 });
    await deploy(secure(), structuredClone(template));
    expect(await textOf("rollcall/lab/observer")).not.toBe(before);
  });

  test("with a plain value in its template is refused", async () => {
    const template = compileTemplate(secure()) as Template;
    const { ObserverSecret } = template.Resources;
    Object.assign(ObserverSecret?.Properties ?? {}, { SecretString: "plain" });
    cluster = await startTemplateCluster(compileTemplate(definition), definition);
    await expect(deploy(secure(), template)).rejects.toThrow("does not know this property");
  });

  test("is undone with all of its secrets, and with nobody else's", async () => {
    await deployed();
    await cluster.clock.settle(cluster.stack.stack.delete(), HOUR);
    expect(cluster.cloud.secrets.all().map(({ name }) => name)).toEqual(["ops/kafka", "lab/tls", "lab/authority"]);
  });
});

describe("a secret is read", () => {
  const ALL = [...OWN, "ops/kafka", "lab/tls", "lab/authority"];

  async function readableBy(read: (SecretId: string) => Promise<object>): Promise<string[]> {
    const found: string[] = [];
    for (const name of ALL) {
      const answer = await read(name).then(
        () => "read",
        (error: { code: string }) => error.code,
      );
      expect(["read", "AccessDeniedException"]).toContain(answer);
      if (answer === "read") found.push(name);
    }
    return found;
  }

  const asRole = (logicalId: string) => (SecretId: string) =>
    cluster.cloud.call(
      "secretsmanager",
      "GetSecretValue",
      { SecretId },
      {
        role: cluster.stack.stack.resource(logicalId).physicalId,
      },
    );

  test("by roles for just what they need", async () => {
    await deployed();
    const [admins, observer] = [["rollcall/lab/admin-1", "rollcall/lab/admin-2"], "rollcall/lab/observer"];
    expect(await readableBy(asRole("NodeRole"))).toEqual(ALL);
    expect(await readableBy(asRole("ControllerNodeRole"))).toEqual([...admins, observer, "lab/tls", "lab/authority"]);
    // Whom to believe, and not the key of those who are believed.
    expect(await readableBy(asRole("KafkaRole"))).toEqual([observer, "lab/authority"]);
    expect(await readableBy(asRole("LifecycleRole"))).toEqual([]);
    expect(await readableBy(asRole("SweepRole"))).toEqual([]);
    await expect(
      cluster.cloud.call(
        "secretsmanager",
        "PutSecretValue",
        { SecretId: observer, SecretString: "x" },
        {
          role: cluster.stack.stack.resource("NodeRole").physicalId,
        },
      ),
    ).rejects.toMatchObject({ code: "AccessDeniedException" });
  });

  test("by an instance in the role of its group's profile", async () => {
    const { cloud, clock, stack } = await deployed();
    await clock.settle(stack.launch(), HOUR);
    await clock.runFor(1_000);
    const [controller, broker] = ["controller", "broker"].map((role) => {
      const group = cloud.groups.all().find(({ name }) => name.includes(role))?.name ?? "";
      return cloud.groups.members(group)[0]?.instance ?? "";
    });
    expect(cloud.roleOf(controller ?? "")).toBe(stack.stack.resource("ControllerNodeRole").physicalId);
    const read =
      (instance = "") =>
      (SecretId: string) =>
        cloud.callFrom(instance, "secretsmanager", "GetSecretValue", { SecretId });
    expect(await readableBy(read(broker))).toEqual(ALL);
    expect(await readableBy(read(controller))).not.toContain("rollcall/lab/users/reader");
  });

  test("by nobody in the name of an instance without a role", async () => {
    const { cloud, clock, stack } = await deployed();
    await clock.settle(stack.launch(), HOUR);
    await clock.runFor(1_000);
    const [instance] = cloud.ec2.instances.all();
    cloud.iam.roles.deleteProfile(stack.stack.resource("ControllerNodeProfile").physicalId);
    cloud.iam.roles.deleteProfile(stack.stack.resource("NodeProfile").physicalId);
    await expect(
      cloud.callFrom(instance?.id ?? "", "secretsmanager", "GetSecretValue", { SecretId: "ops/kafka" }),
    ).rejects.toMatchObject({ code: "NoCredentials" });
  });
});
