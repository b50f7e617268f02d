/** What a definition with security needs to be there before it: secrets, and a way to them. */
import { EC2Client } from "@aws-sdk/client-ec2";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { describe, expect, onTestFinished, test } from "vitest";
import { inProcessHandler } from "../../lab/doors/in-process.ts";
import { countedOn, missingSecrets, secretStates } from "../../resources/given-secrets.ts";
import { waysOut, withoutWayOut } from "../../resources/way-out.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import { modelCloud } from "../lab/doors/model-cloud.ts";
import { deployable, ensemble, secure, security } from "./compiled.ts";

function cloudWithClients() {
  const { cloud } = modelCloud();
  const settings = {
    region: "eu-central-1",
    endpoint: "http://door",
    requestHandler: inProcessHandler({ cloud }),
    credentials: { accessKeyId: "deployer", secretAccessKey: "none" },
    maxAttempts: 1,
  };
  const [ec2, secrets] = [new EC2Client(settings), new SecretsManagerClient(settings)];
  onTestFinished(async () => {
    ec2.destroy();
    secrets.destroy();
    await cloud.close();
  });
  return { cloud, ec2, secrets };
}

describe("secrets that the definition counts on", () => {
  async function complaints(definition: Definition, made: readonly string[], leaving: readonly string[] = []) {
    const { cloud, secrets } = cloudWithClients();
    for (const name of [...made, ...leaving]) {
      cloud.secrets.create({ name });
    }
    for (const name of leaving) cloud.secrets.delete(cloud.secrets.get(name), 1000);
    const counted = countedOn(definition).map(({ secret }) => secret);
    const states = await secretStates(secrets, counted);
    expect(JSON.stringify(cloud.calls.all())).not.toContain("GetSecretValue");
    return missingSecrets(definition, states).map(({ path, problem }) => `${path}: ${problem}`);
  }

  const named: Definition = { ...secure, security: { ...security, certificate: "kafka/tls", authority: "kafka/ca" } };

  test("are taken where they are there", async () => {
    expect(await complaints(named, ["kafka/tls", "kafka/ca", "ops/kafka", "rollcall/lab/admin-2"])).toEqual([]);
  });

  test("are told where they are not, or will not be for long", async () => {
    expect(await complaints(named, ["kafka/tls", "kafka/ca"], ["ops/kafka"])).toEqual([
      "security.users.ops.secret: this secret is scheduled for deletion",
      "security.generation: there is no such secret",
    ]);
    expect(await complaints(secure, [])).toHaveLength(4);
  });

  test("are told where an ARN is not whole and looks as if it were: no policy would fit", async () => {
    const at = (name: string): string => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}`;
    const made = ["kafka/tls-server", "kafka/authority-of-us", "ops/kafka", "rollcall/lab/admin-2"];
    const given = { certificate: at("kafka/tls-server"), authority: at("kafka/authority-of-us") };
    const partly: Definition = { ...secure, security: { ...security, ...given } };
    expect(await complaints(partly, made)).toEqual([
      "security.certificate: this ARN lacks what Secrets Manager has added to the secret's name, and looks as if it had it",
    ]);
    const { cloud, secrets } = cloudWithClients();
    const { arn } = cloud.secrets.create({ name: "kafka/tls-server" });
    const states = await secretStates(secrets, [given.certificate, arn]);
    expect(missingSecrets(partly, states)[0]?.remedy).toBe(`Give it whole: ${arn}`);
    expect(states.get(arn)).toBe("there");
  });

  test("are none without security, or where the stack makes all of them", () => {
    expect(countedOn(deployable)).toEqual([]);
    expect(countedOn(ensemble)).toEqual([]);
  });
});

describe("the function that sees Kafka needs a way to Secrets Manager", () => {
  const VPC = secure.network.vpc;
  const [a, b, c] = secure.zones.map(({ subnet }) => subnet);

  async function problems(
    definition: Definition,
    tables: readonly { id: string; subnets: readonly (string | undefined)[]; way?: string }[],
    endpoint?: { service: string; privateDns: boolean },
  ) {
    const { cloud, ec2 } = cloudWithClients();
    for (const { name, subnet, cidr } of definition.zones) {
      cloud.ec2.subnets.add({ id: subnet, vpc: VPC, zone: name, cidr });
    }
    for (const { subnets, ...table } of tables) {
      cloud.ec2.routing.putTable({ ...table, vpc: VPC, subnets: subnets.flatMap((s) => s ?? []) });
    }
    if (endpoint) cloud.ec2.routing.addEndpoint({ id: "vpce-1", vpc: VPC, ...endpoint });
    return withoutWayOut(definition, await waysOut(ec2, VPC)).map(({ path, problem }) => `${path}: ${problem}`);
  }

  const SERVICE = "com.amazonaws.eu-central-1.secretsmanager";
  const shut = { id: "rtb-shut", subnets: [] };

  test("a NAT gateway, or another that is not the internet's own", async () => {
    expect(await problems(secure, [])).toEqual([]);
    const tables = [
      { id: "rtb-main", subnets: [], way: "tgw-1" },
      { id: "rtb-a", subnets: [a], way: "nat-1" },
      { id: "rtb-b", subnets: [b], way: "igw-1" },
      { id: "rtb-c", subnets: [c] },
    ];
    expect(await problems(secure, tables)).toEqual([
      expect.stringMatching(/^zones.eu-central-1b.subnet: .* igw-1 lets out public addresses only$/),
      expect.stringMatching(/^zones.eu-central-1c.subnet: .* no route leads out of this subnet$/),
    ]);
  });

  test("or a VPC endpoint that answers by its service's name", async () => {
    expect(await problems(secure, [shut], { service: SERVICE, privateDns: true })).toEqual([]);
    expect(await problems(secure, [shut], { service: SERVICE, privateDns: false })).toEqual(
      secure.zones.map(() => expect.stringMatching(/vpce-1 does not answer by its service's name$/)),
    );
    expect(
      await problems(secure, [shut], { service: SERVICE.replace("secretsmanager", "ssm"), privateDns: true }),
    ).toHaveLength(3);
  });

  test("but none where there is no password to fetch", async () => {
    expect(await problems(deployable, [shut])).toEqual([]);
  });
});
