/**
 * The modelled cloud behind each door: that its answers fit the API, and that SDK clients can live through a launch, a
 * command, an address and a replay with it.
 */
import {
  CompleteLifecycleActionCommand,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
  DescribePoliciesCommand,
  DescribeScalingActivitiesCommand,
  paginateDescribeAutoScalingGroups,
  RecordLifecycleActionHeartbeatCommand,
  ScalingActivityInProgressFault,
  SetDesiredCapacityCommand,
  SetInstanceHealthCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  AttachNetworkInterfaceCommand,
  CreateLaunchTemplateCommand,
  CreateNetworkInterfaceCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DetachNetworkInterfaceCommand,
  ModifyNetworkInterfaceAttributeCommand,
  paginateDescribeNetworkInterfaces,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateArchiveCommand,
  DescribeReplayCommand,
  ListRulesCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  StartReplayCommand,
} from "@aws-sdk/client-eventbridge";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-secrets-manager";
import {
  CreateDocumentCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  InvalidInstanceId,
  InvocationDoesNotExist,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
} from "@aws-sdk/client-ssm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { VirtualClock } from "../../../lab/clock.ts";
import type { Cloud } from "../../../lab/cloud/cloud.ts";
import { type Clients, DOOR_KINDS, type OpenDoor, open } from "./doors.ts";
import { DOCUMENT, modelCloud, START } from "./model-cloud.ts";

const GROUP = "lab-broker-a";

describe.each(DOOR_KINDS)("the modelled cloud at the %s door", (kind) => {
  let cloud: Cloud;
  let clock: VirtualClock;
  let log: string[];
  let door: OpenDoor;
  let clients: Clients;

  beforeEach(async () => {
    ({ cloud, clock, log } = modelCloud());
    door = await open(kind, { cloud, log: (line) => log.push(line) });
    clients = door.clients;
  });
  afterEach(async () => {
    await door.close();
    await cloud.close();
  });

  async function createGroup(name: string, desired: number) {
    await clients.autoScaling.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName: name,
        MinSize: 0,
        MaxSize: 3,
        DesiredCapacity: desired,
        VPCZoneIdentifier: "subnet-a",
        LaunchTemplate: { LaunchTemplateName: "lab", Version: "$Latest" },
        LifecycleHookSpecificationList: [
          { LifecycleHookName: "launch", LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING" },
          { LifecycleHookName: "terminate", LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING" },
        ],
        Tags: [{ Key: "rollcall", Value: "lab" }],
      }),
    );
  }

  const createTemplate = () =>
    clients.ec2.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: "lab",
        LaunchTemplateData: { InstanceType: "m7g.large" },
      }),
    );

  /** An instance in `Pending:Wait` whose agent is online. */
  async function launched(): Promise<string> {
    await createTemplate();
    await createGroup(GROUP, 1);
    await clock.runFor(5_000);
    const [instance] = await members();
    expect(instance?.LifecycleState).toBe("Pending:Wait");
    return String(instance?.InstanceId);
  }

  async function members() {
    const pages = paginateDescribeAutoScalingGroups(
      { client: clients.autoScaling },
      { AutoScalingGroupNames: [GROUP] },
    );
    const found = [];
    for await (const page of pages) found.push(...(page.AutoScalingGroups?.[0]?.Instances ?? []));
    return found;
  }

  const action = (instance: string, hook: string) => ({
    AutoScalingGroupName: GROUP,
    LifecycleHookName: hook,
    InstanceId: instance,
  });

  it("launches an instance, keeps it waiting, and takes it in and out of service", async () => {
    const { autoScaling, ec2 } = clients;
    const instance = await launched();
    await autoScaling.send(new RecordLifecycleActionHeartbeatCommand(action(instance, "launch")));
    await autoScaling.send(
      new CompleteLifecycleActionCommand({ ...action(instance, "launch"), LifecycleActionResult: "CONTINUE" }),
    );
    await clock.runFor(1_000);
    const asked = await autoScaling.send(new DescribeAutoScalingInstancesCommand({ InstanceIds: [instance] }));
    expect(asked.AutoScalingInstances).toMatchObject([{ LifecycleState: "InService", HealthStatus: "HEALTHY" }]);
    await expect(
      autoScaling.send(new RecordLifecycleActionHeartbeatCommand(action(instance, "launch"))),
    ).rejects.toMatchObject({
      name: "ValidationError",
      message: expect.stringContaining("No active Lifecycle Action"),
    });

    const unhealthy = { InstanceId: instance, HealthStatus: "Unhealthy", ShouldRespectGracePeriod: false };
    await autoScaling.send(new SetInstanceHealthCommand(unhealthy));
    await clock.runFor(3_000);
    expect((await members()).map((member) => member.LifecycleState)).toContain("Terminating:Wait");
    await expect(autoScaling.send(new SetInstanceHealthCommand(unhealthy))).rejects.toBeInstanceOf(
      ScalingActivityInProgressFault,
    );
    await autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: GROUP, DesiredCapacity: 0 }));
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instance] }));
    expect(Reservations?.[0]?.Instances).toMatchObject([{ State: { Name: "running" }, LaunchTime: expect.any(Date) }]);
    const { TerminatingInstances } = await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] }));
    expect(TerminatingInstances).toMatchObject([{ CurrentState: { Name: "shutting-down" } }]);
    await expect(ec2.send(new DescribeInstancesCommand({ InstanceIds: ["i-0"] }))).rejects.toMatchObject({
      name: expect.stringMatching(/^InvalidInstanceID\./),
    });
  });

  it("tells of hooks and activities, and takes an instance down by the group", async () => {
    const { autoScaling } = clients;
    const instance = await launched();
    const { LifecycleHooks } = await autoScaling.send(
      new DescribeLifecycleHooksCommand({ AutoScalingGroupName: GROUP }),
    );
    expect(LifecycleHooks).toMatchObject([
      { LifecycleHookName: "launch", HeartbeatTimeout: 3600, DefaultResult: "ABANDON" },
      { LifecycleHookName: "terminate" },
    ]);
    const { Activity } = await autoScaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: instance, ShouldDecrementDesiredCapacity: true }),
    );
    expect(Activity?.StartTime).toBeInstanceOf(Date);
    const { Activities } = await autoScaling.send(
      new DescribeScalingActivitiesCommand({ AutoScalingGroupName: GROUP }),
    );
    expect(Activities?.map((activity) => activity.ActivityId)).toContain(Activity?.ActivityId);
  });

  it("answers in pages that the SDK's paginators follow", async () => {
    await createTemplate();
    for (const name of ["a", "b", "c"]) await createGroup(name, 0);
    const groups = [];
    const byOne = { client: clients.autoScaling, pageSize: 1 };
    for await (const page of paginateDescribeAutoScalingGroups(byOne, {}))
      groups.push(...(page.AutoScalingGroups ?? []));
    expect(groups.map((group) => group.AutoScalingGroupName)).toEqual(["a", "b", "c"]);

    for (let last = 10; last < 17; last++) {
      const fixed = { SubnetId: "subnet-a", PrivateIpAddress: `10.0.1.${last}` };
      await clients.ec2.send(new CreateNetworkInterfaceCommand(fixed));
    }
    const sizes = [];
    for await (const page of paginateDescribeNetworkInterfaces({ client: clients.ec2, pageSize: 5 }, {})) {
      sizes.push(page.NetworkInterfaces?.length);
    }
    expect(sizes).toEqual([5, 2]);
  });

  it("creates once for one client token", async () => {
    const create = (SubnetId: string, PrivateIpAddress: string, ClientToken?: string) =>
      clients.ec2.send(new CreateNetworkInterfaceCommand({ SubnetId, PrivateIpAddress, ClientToken }));
    const first = await create("subnet-a", "10.0.1.10", "token");
    const again = await create("subnet-a", "10.0.1.10", "token");
    expect(again.NetworkInterface).toEqual(first.NetworkInterface);
    await expect(create("subnet-a", "10.0.1.11", "token")).rejects.toMatchObject({
      name: "IdempotentParameterMismatch",
    });
    await expect(create("subnet-a", "10.0.1.10")).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
  });

  it("gives the service's own error for what is not modelled, and tells of it", async () => {
    await expect(clients.autoScaling.send(new DescribePoliciesCommand({}))).rejects.toMatchObject({
      name: "InvalidAction",
      $metadata: { httpStatusCode: 400 },
    });
    expect(log).toEqual([expect.stringContaining("autoscaling:DescribePolicies")]);
  });

  it("attaches a fixed address to one instance only, and detaches it", async () => {
    const { ec2 } = clients;
    const instance = await launched();
    const created = await ec2.send(
      new CreateNetworkInterfaceCommand({
        SubnetId: "subnet-a",
        PrivateIpAddress: "10.0.1.10",
        TagSpecifications: [{ ResourceType: "network-interface", Tags: [{ Key: "rollcall", Value: "lab" }] }],
      }),
    );
    const NetworkInterfaceId = String(created.NetworkInterface?.NetworkInterfaceId);
    const attach = new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId: instance, DeviceIndex: 1 });
    const AttachmentId = String((await ec2.send(attach)).AttachmentId);
    await clock.runFor(2_000);
    await expect(ec2.send(attach)).rejects.toMatchObject({ name: "InvalidNetworkInterface.InUse" });
    await ec2.send(
      new ModifyNetworkInterfaceAttributeCommand({
        NetworkInterfaceId,
        Attachment: { AttachmentId, DeleteOnTermination: false },
      }),
    );
    const look = new DescribeNetworkInterfacesCommand({
      Filters: [
        { Name: "private-ip-address", Values: ["10.0.1.10"] },
        { Name: "tag:rollcall", Values: ["lab"] },
      ],
    });
    expect((await ec2.send(look)).NetworkInterfaces).toMatchObject([
      {
        NetworkInterfaceId,
        Status: "in-use",
        Attachment: {
          InstanceId: instance,
          Status: "attached",
          DeleteOnTermination: false,
          AttachTime: expect.any(Date),
        },
      },
    ]);
    await ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId }));
    await clock.runFor(2_000);
    const [free] = (await ec2.send(look)).NetworkInterfaces ?? [];
    expect(free?.Status).toBe("available");
    expect(free?.Attachment).toBeUndefined();
    await expect(ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId }))).rejects.toMatchObject({
      name: "InvalidAttachmentID.NotFound",
    });
  });

  it("runs commands on nodes whose agent is online", async () => {
    const { ssm } = clients;
    const created = await ssm.send(
      new CreateDocumentCommand({
        Name: "rollcall-lab",
        Content: DOCUMENT,
        DocumentType: "Command",
        DocumentFormat: "JSON",
      }),
    );
    expect(created.DocumentDescription?.CreatedDate).toEqual(new Date(START));
    const command = (instance: string) =>
      new SendCommandCommand({
        DocumentName: "rollcall-lab",
        InstanceIds: [instance],
        Parameters: { action: ["status"] },
        Comment: "status 1",
      });
    await expect(ssm.send(command("i-00000000000000000"))).rejects.toBeInstanceOf(InvalidInstanceId);
    const instance = await launched();
    const agents = await ssm.send(
      new DescribeInstanceInformationCommand({ Filters: [{ Key: "InstanceIds", Values: [instance] }] }),
    );
    expect(agents.InstanceInformationList).toMatchObject([{ InstanceId: instance, PingStatus: "Online" }]);
    const { Command } = await ssm.send(command(instance));
    const invocation = new GetCommandInvocationCommand({ CommandId: Command?.CommandId, InstanceId: instance });
    await expect(ssm.send(invocation)).rejects.toBeInstanceOf(InvocationDoesNotExist);
    await clock.runFor(2_000);
    const result = await ssm.send(invocation);
    expect(result).toMatchObject({ Status: "Success", ResponseCode: 0, StandardErrorContent: "" });
    expect(JSON.parse(String(result.StandardOutputContent))).toEqual({
      script: "node.sh",
      environment: { SSM_action: "status" },
    });
    expect((await ssm.send(new ListCommandsCommand({ InstanceId: instance }))).Commands).toMatchObject([
      { Comment: "status 1", Parameters: { action: ["status"] }, RequestedDateTime: expect.any(Date) },
    ]);
    const listed = await ssm.send(new ListCommandInvocationsCommand({ InstanceId: instance, Details: true }));
    expect(listed.CommandInvocations).toMatchObject([{ Status: "Success", CommandPlugins: [{ ResponseCode: 0 }] }]);
  });

  it("delivers events to a function, and replays them from the archive", async () => {
    const { events } = clients;
    const seen: unknown[] = [];
    const handler = async (event: unknown) => seen.push(event);
    const Arn = cloud.functions.register({ name: "witness", timeout: 1_000, handler });
    const rule = { Name: "all", EventPattern: '{"source":["tour"]}' };
    const { RuleArn } = await events.send(new PutRuleCommand(rule));
    await events.send(new PutTargetsCommand({ Rule: "all", Targets: [{ Id: "1", Arn }] }));
    expect((await events.send(new ListRulesCommand({ NamePrefix: "a" }))).Rules).toMatchObject([rule]);
    const bus = "arn:aws:events:eu-central-1:123456789012:event-bus/default";
    const { ArchiveArn } = await events.send(new CreateArchiveCommand({ ArchiveName: "all", EventSourceArn: bus }));
    const put = await events.send(
      new PutEventsCommand({ Entries: [{ Source: "tour", DetailType: "Test", Detail: '{"a":"é"}' }] }),
    );
    expect(put).toMatchObject({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }] });
    await clock.runFor(10_000);
    await events.send(
      new StartReplayCommand({
        ReplayName: "again",
        EventSourceArn: ArchiveArn,
        EventStartTime: new Date(START - 60_000),
        EventEndTime: new Date(START + 60_000),
        Destination: { Arn: bus, FilterArns: [String(RuleArn)] },
      }),
    );
    await clock.runFor(10_000);
    const replay = await events.send(new DescribeReplayCommand({ ReplayName: "again" }));
    expect(replay).toMatchObject({ State: "COMPLETED", EventEndTime: new Date(START + 60_000) });
    expect(seen).toMatchObject([{ detail: { a: "é" } }, { detail: { a: "é" }, "replay-name": "again" }]);
  });

  it("keeps a secret through its versions, and its values to whoever asks for them", async () => {
    const { secrets } = clients;
    const SecretId = "rollcall/lab/admin-1";
    await expect(secrets.send(new GetSecretValueCommand({ SecretId }))).rejects.toBeInstanceOf(
      ResourceNotFoundException,
    );
    const made = await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: '{"password":"one"}' }));
    const put = await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: '{"password":"two"}' }));
    expect(await secrets.send(new GetSecretValueCommand({ SecretId }))).toMatchObject({
      ARN: made.ARN,
      SecretString: '{"password":"two"}',
      VersionId: put.VersionId,
      CreatedDate: new Date(START),
    });
    const { VersionIdsToStages } = await secrets.send(new DescribeSecretCommand({ SecretId }));
    expect(VersionIdsToStages).toEqual({
      [String(made.VersionId)]: ["AWSPREVIOUS"],
      [String(put.VersionId)]: ["AWSCURRENT"],
    });
    expect(JSON.stringify([cloud.calls.all(), log])).not.toMatch(/password/);
  });

  it("invokes a function with its own JSON, and tells of one that throws", async () => {
    const invoke = async (FunctionName: string) => {
      const answer = await clients.lambda.send(new InvokeCommand({ FunctionName, Payload: '{"ids":[1]}' }));
      return { ...answer, said: JSON.parse(new TextDecoder().decode(answer.Payload)) };
    };
    cloud.functions.register({ name: "echo", timeout: 1_000, handler: async (event) => ({ event }) });
    const Arn = cloud.functions.register({
      name: "broken",
      timeout: 1_000,
      handler: () => Promise.reject(new RangeError("kaputt")),
    });
    expect(await invoke("echo")).toMatchObject({ StatusCode: 200, said: { event: { ids: [1] } } });
    expect(await invoke(Arn)).toMatchObject({
      FunctionError: "Unhandled",
      said: { errorType: "RangeError", errorMessage: "kaputt" },
    });
    await expect(invoke("nobody")).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      $metadata: { httpStatusCode: 404 },
    });
  });
});
