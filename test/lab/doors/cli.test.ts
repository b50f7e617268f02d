/** The AWS CLI, which serialises with other code than the SDK, against the modelled cloud at the HTTP door. */
import { execFile } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dynamodbService } from "../../../lab/doors/dynamodb.ts";
import { type HttpDoor, startHttpDoor } from "../../../lab/doors/http.ts";
import { identityService } from "../../../lab/doors/identity.ts";
import { DOCUMENT, modelCloud } from "./model-cloud.ts";

const hasAws = (process.env.PATH ?? "").split(delimiter).some((folder) => {
  try {
    accessSync(join(folder, "aws"), constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

describe.skipIf(!hasAws)("the AWS CLI at the HTTP door (skipped where there is no aws)", { timeout: 60_000 }, () => {
  const { cloud, clock, log } = modelCloud();
  let door: HttpDoor;
  let instance: string;
  let eni: string;

  /** A group with one instance, a fixed address attached to it, a command that ran there, an archive. */
  beforeAll(async () => {
    cloud.register(dynamodbService());
    cloud.register(identityService("123456789012"));
    const call = async (service: string, action: string, input: object) =>
      Object(await cloud.call(service, action, input, { role: "setup" }));
    await call("ec2", "CreateLaunchTemplate", {
      LaunchTemplateName: "lab",
      LaunchTemplateData: { InstanceType: "m7g.large" },
    });
    await call("autoscaling", "CreateAutoScalingGroup", {
      AutoScalingGroupName: "lab-broker-a",
      MinSize: 0,
      MaxSize: 3,
      DesiredCapacity: 1,
      VPCZoneIdentifier: "subnet-a",
      LaunchTemplate: { LaunchTemplateName: "lab", Version: "$Latest" },
      LifecycleHookSpecificationList: [
        { LifecycleHookName: "launch", LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING" },
      ],
    });
    await clock.runFor(5_000);
    const { AutoScalingInstances } = await call("autoscaling", "DescribeAutoScalingInstances", {});
    instance = AutoScalingInstances[0].InstanceId;
    const fixed = { SubnetId: "subnet-a", PrivateIpAddress: "10.0.1.10" };
    eni = (await call("ec2", "CreateNetworkInterface", fixed)).NetworkInterface.NetworkInterfaceId;
    await call("ec2", "AttachNetworkInterface", { NetworkInterfaceId: eni, InstanceId: instance, DeviceIndex: 1 });
    await call("ssm", "CreateDocument", { Name: "rollcall-lab", Content: DOCUMENT, DocumentType: "Command" });
    const command = { DocumentName: "rollcall-lab", InstanceIds: [instance], Parameters: { action: ["stop"] } };
    await call("ssm", "SendCommand", { ...command, Comment: "stop 1" });
    await call("events", "CreateArchive", { ArchiveName: "all", EventSourceArn: BUS });
    await clock.runFor(5_000);
    door = await startHttpDoor({ cloud, host: "127.0.0.1", port: 0, log: (line) => log.push(line) });
  });
  afterAll(async () => {
    await door.close();
    await cloud.close();
  });

  const BUS = "arn:aws:events:eu-central-1:123456789012:event-bus/default";

  function aws(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      AWS_ENDPOINT_URL: door.endpoint,
      AWS_ACCESS_KEY_ID: "operator",
      AWS_SECRET_ACCESS_KEY: "none",
      AWS_DEFAULT_REGION: "eu-central-1",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_MAX_ATTEMPTS: "1",
      AWS_PAGER: "",
    };
    return new Promise((resolve) => {
      execFile("aws", args, { env, timeout: 50_000 }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      });
    });
  }

  async function said(...args: string[]): Promise<unknown> {
    const { code, stdout, stderr } = await aws(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout === "" ? undefined : JSON.parse(stdout);
  }

  const lastCall = () => cloud.calls.all().at(-1);

  it("autoscaling describe-auto-scaling-groups", async () => {
    expect(await said("autoscaling", "describe-auto-scaling-groups")).toMatchObject({
      AutoScalingGroups: [
        {
          AutoScalingGroupName: "lab-broker-a",
          DesiredCapacity: 1,
          CreatedTime: expect.stringContaining("2026-11-22T15:00:00"),
          Instances: [{ InstanceId: instance, LifecycleState: "Pending:Wait", ProtectedFromScaleIn: false }],
        },
      ],
    });
    expect(lastCall()).toMatchObject({ action: "DescribeAutoScalingGroups", caller: { role: "operator" } });
  });

  it("autoscaling set-desired-capacity", async () => {
    const args = ["--auto-scaling-group-name", "lab-broker-a", "--desired-capacity", "2"];
    await said("autoscaling", "set-desired-capacity", ...args);
    expect(cloud.groups.get("lab-broker-a").desired).toBe(2);
  });

  it("ec2 describe-network-interfaces", async () => {
    const filters = ["Name=private-ip-address,Values=10.0.1.10,10.0.2.10", "Name=status,Values=in-use"];
    expect(await said("ec2", "describe-network-interfaces", "--filters", ...filters)).toMatchObject({
      NetworkInterfaces: [{ NetworkInterfaceId: eni, Attachment: { InstanceId: instance, DeviceIndex: 1 } }],
    });
  });

  it("an error of EC2", async () => {
    const args = ["--network-interface-id", eni, "--instance-id", instance, "--device-index", "1"];
    const { code, stderr } = await aws("ec2", "attach-network-interface", ...args);
    expect(code).not.toBe(0);
    expect(stderr).toContain("(InvalidNetworkInterface.InUse)");
    expect(stderr).toContain(`Interface: [${eni}] in use.`);
  });

  it("ssm list-commands", async () => {
    expect(await said("ssm", "list-commands", "--instance-id", instance)).toMatchObject({
      Commands: [{ Comment: "stop 1", Parameters: { action: ["stop"] }, InstanceIds: [instance], Status: "Success" }],
    });
  });

  it("ec2 terminate-instances", async () => {
    expect(await said("ec2", "terminate-instances", "--instance-ids", instance)).toEqual({
      TerminatingInstances: [
        {
          InstanceId: instance,
          CurrentState: { Code: 32, Name: "shutting-down" },
          PreviousState: { Code: 16, Name: "running" },
        },
      ],
    });
  });

  it("events start-replay", async () => {
    const times = ["--event-start-time", "2026-11-22T15:00:00Z", "--event-end-time", "2026-11-22T15:04:05Z"];
    const archive = "arn:aws:events:eu-central-1:123456789012:archive/all";
    const ends = ["--event-source-arn", archive, "--destination", `Arn=${BUS},FilterArns=arn:rule`];
    expect(await said("events", "start-replay", "--replay-name", "again", ...ends, ...times)).toMatchObject({
      State: "STARTING",
    });
    expect(lastCall()?.input).toEqual({
      ReplayName: "again",
      EventSourceArn: archive,
      EventStartTime: new Date("2026-11-22T15:00:00Z"),
      EventEndTime: new Date("2026-11-22T15:04:05Z"),
      Destination: { Arn: BUS, FilterArns: ["arn:rule"] },
    });
  });

  it("dynamodb create-table and scan", async () => {
    const schema = ["--key-schema", "AttributeName=k,KeyType=HASH", "--billing-mode", "PAY_PER_REQUEST"];
    const attributes = ["--attribute-definitions", "AttributeName=k,AttributeType=S"];
    await said("dynamodb", "create-table", "--table-name", "rollcall", ...schema, ...attributes);
    await said("dynamodb", "put-item", "--table-name", "rollcall", "--item", '{"k":{"S":"a"},"n":{"N":"1.5"}}');
    expect(await said("dynamodb", "scan", "--table-name", "rollcall")).toMatchObject({
      Count: 1,
      Items: [{ k: { S: "a" }, n: { N: "1.5" } }],
    });
  });

  it("secretsmanager get-secret-value", async () => {
    const [id, value] = ["rollcall/lab/observer", '{"password":"of-the-observer"}'];
    await said("secretsmanager", "create-secret", "--name", id, "--secret-string", value);
    const { code, stdout } = await aws(
      ...["secretsmanager", "get-secret-value", "--region", "eu-central-1", "--secret-id", id],
      ...["--query", "SecretString", "--output", "text"],
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${value}\n` });
    const missing = await aws("secretsmanager", "get-secret-value", "--secret-id", "none");
    expect(missing.stderr).toContain("(ResourceNotFoundException)");
    expect(JSON.stringify([cloud.calls.all(), log])).not.toContain("of-the-observer");
  });

  it("s3 cp, there and back", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rollcall-cli-"));
    try {
      const [here, back] = [join(folder, "here"), join(folder, "back")];
      writeFileSync(here, "servers-spec=1:10.0.1.10\n");
      expect(await aws("s3", "cp", "--no-progress", here, "s3://shared/exhibitor/a.properties")).toMatchObject({
        code: 0,
      });
      expect(await aws("s3", "cp", "--no-progress", "s3://shared/exhibitor/a.properties", back)).toMatchObject({
        code: 0,
      });
      expect(readFileSync(back, "utf8")).toBe("servers-spec=1:10.0.1.10\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
    const { stderr } = await aws("s3", "cp", "--no-progress", "s3://shared/none", "-");
    expect(stderr).toContain("(404)");
  });

  it("sts get-caller-identity", async () => {
    expect(await said("sts", "get-caller-identity")).toEqual({
      UserId: "AROALAB:operator",
      Account: "123456789012",
      Arn: "arn:aws:sts::123456789012:assumed-role/operator/lab",
    });
  });

  it("an action that is not modelled", async () => {
    const { code, stderr } = await aws("autoscaling", "describe-policies");
    expect(code).not.toBe(0);
    expect(stderr).toContain("(InvalidAction)");
    expect(log.join("\n")).toContain("autoscaling:DescribePolicies");
  });
});
