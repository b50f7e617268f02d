/** Every AWS call that Rollcall makes or that drives it, with an input and an output as rich as it uses them. */
import {
  CompleteLifecycleActionCommand,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
  DescribeScalingActivitiesCommand,
  RecordLifecycleActionHeartbeatCommand,
  SetDesiredCapacityCommand,
  SetInstanceHealthCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  AttachNetworkInterfaceCommand,
  CreateNetworkInterfaceCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DetachNetworkInterfaceCommand,
  ModifyNetworkInterfaceAttributeCommand,
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
import { DescribeSecretCommand, GetSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import {
  CreateDocumentCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
} from "@aws-sdk/client-ssm";
import type { Clients } from "./doors.ts";

export interface Sample {
  /** `service:Action`. */
  readonly call: string;
  readonly input: object;
  readonly output: object;
  send(clients: Clients): Promise<object>;
}

function sample<Input extends object>(
  call: string,
  input: Input,
  output: object,
  send: (clients: Clients, input: Input) => Promise<object>,
): Sample {
  return { call, input, output, send: (clients) => send(clients, input) };
}

const at = new Date("2026-11-22T15:04:05.678Z");
const group = "lab-broker-a";
const instance = "i-0123456789abcdef0";
const eni = "eni-0123456789abcdef0";
const command = "11112222-3333-4444-5555-666677778888";
const rule = "arn:aws:events:eu-central-1:123456789012:rule/lifecycle";
const activity = {
  ActivityId: "a-1",
  AutoScalingGroupName: group,
  Description: `Terminating EC2 instance: ${instance}`,
  Cause: 'At 2026-11-22T15:04:05Z an instance was taken out of service: "unhealthy" <user> & co.',
  StartTime: at,
  StatusCode: "MidTerminatingLifecycleAction",
  Progress: 60,
  Details: '{"Subnet ID":"subnet-a"}',
} as const;
const sent = {
  CommandId: command,
  DocumentName: "rollcall-lab",
  Comment: "configure 3f2a 1",
  RequestedDateTime: at,
  InstanceIds: [instance],
  Parameters: { action: ["configure"], payload: ["H4sIAAAAAAAA+/=="] },
  Status: "Pending",
};

export const SAMPLES: readonly Sample[] = [
  sample(
    "autoscaling:DescribeAutoScalingGroups",
    { AutoScalingGroupNames: [group, "lab-broker-b"], MaxRecords: 100, NextToken: "2" },
    {
      AutoScalingGroups: [
        {
          AutoScalingGroupName: group,
          MinSize: 0,
          MaxSize: 3,
          DesiredCapacity: 1,
          DefaultCooldown: 300,
          AvailabilityZones: ["eu-central-1a"],
          HealthCheckType: "EC2",
          CreatedTime: at,
          Status: "Delete in progress",
          Instances: [
            {
              InstanceId: instance,
              AvailabilityZone: "eu-central-1a",
              LifecycleState: "Pending:Wait",
              HealthStatus: "Healthy",
              ProtectedFromScaleIn: false,
            },
          ],
          Tags: [{ Key: "rollcall", Value: "lab", PropagateAtLaunch: true }],
        },
        {
          AutoScalingGroupName: "lab-broker-b",
          MinSize: 0,
          MaxSize: 3,
          DesiredCapacity: 0,
          DefaultCooldown: 300,
          AvailabilityZones: ["eu-central-1b"],
          HealthCheckType: "EC2",
          CreatedTime: at,
          Instances: [],
        },
      ],
      NextToken: "4",
    },
    ({ autoScaling }, input) => autoScaling.send(new DescribeAutoScalingGroupsCommand(input)),
  ),
  sample(
    "autoscaling:DescribeAutoScalingInstances",
    { InstanceIds: [instance] },
    {
      AutoScalingInstances: [
        {
          InstanceId: instance,
          AutoScalingGroupName: group,
          AvailabilityZone: "eu-central-1a",
          LifecycleState: "InService",
          HealthStatus: "HEALTHY",
          ProtectedFromScaleIn: false,
        },
      ],
    },
    ({ autoScaling }, input) => autoScaling.send(new DescribeAutoScalingInstancesCommand(input)),
  ),
  sample(
    "autoscaling:CompleteLifecycleAction",
    {
      AutoScalingGroupName: group,
      LifecycleHookName: "launch",
      InstanceId: instance,
      LifecycleActionResult: "CONTINUE",
    },
    {},
    ({ autoScaling }, input) => autoScaling.send(new CompleteLifecycleActionCommand(input)),
  ),
  sample(
    "autoscaling:RecordLifecycleActionHeartbeat",
    { AutoScalingGroupName: group, LifecycleHookName: "launch", InstanceId: instance },
    {},
    ({ autoScaling }, input) => autoScaling.send(new RecordLifecycleActionHeartbeatCommand(input)),
  ),
  sample(
    "autoscaling:SetInstanceHealth",
    { InstanceId: instance, HealthStatus: "Unhealthy", ShouldRespectGracePeriod: false },
    {},
    ({ autoScaling }, input) => autoScaling.send(new SetInstanceHealthCommand(input)),
  ),
  sample(
    "autoscaling:TerminateInstanceInAutoScalingGroup",
    { InstanceId: instance, ShouldDecrementDesiredCapacity: false },
    { Activity: activity },
    ({ autoScaling }, input) => autoScaling.send(new TerminateInstanceInAutoScalingGroupCommand(input)),
  ),
  sample(
    "autoscaling:SetDesiredCapacity",
    { AutoScalingGroupName: group, DesiredCapacity: 0, HonorCooldown: false },
    {},
    ({ autoScaling }, input) => autoScaling.send(new SetDesiredCapacityCommand(input)),
  ),
  sample(
    "autoscaling:CreateAutoScalingGroup",
    {
      AutoScalingGroupName: group,
      MinSize: 0,
      MaxSize: 3,
      DesiredCapacity: 1,
      VPCZoneIdentifier: "subnet-a",
      LaunchTemplate: { LaunchTemplateName: "lab", Version: "$Latest" },
      LifecycleHookSpecificationList: [
        {
          LifecycleHookName: "launch",
          LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
          HeartbeatTimeout: 60,
          DefaultResult: "ABANDON",
        },
        { LifecycleHookName: "terminate", LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING" },
      ],
      Tags: [{ Key: "rollcall", Value: "lab" }],
    },
    {},
    ({ autoScaling }, input) => autoScaling.send(new CreateAutoScalingGroupCommand(input)),
  ),
  sample(
    "autoscaling:DescribeScalingActivities",
    { AutoScalingGroupName: group, MaxRecords: 1 },
    { Activities: [activity], NextToken: "1" },
    ({ autoScaling }, input) => autoScaling.send(new DescribeScalingActivitiesCommand(input)),
  ),
  sample(
    "autoscaling:DescribeLifecycleHooks",
    { AutoScalingGroupName: group, LifecycleHookNames: ["launch"] },
    {
      LifecycleHooks: [
        {
          LifecycleHookName: "launch",
          AutoScalingGroupName: group,
          LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
          HeartbeatTimeout: 60,
          GlobalTimeout: 6000,
          DefaultResult: "ABANDON",
        },
      ],
    },
    ({ autoScaling }, input) => autoScaling.send(new DescribeLifecycleHooksCommand(input)),
  ),
  sample(
    "ec2:DescribeInstances",
    { InstanceIds: [instance], Filters: [{ Name: "instance-state-name", Values: ["pending", "running"] }] },
    {
      Reservations: [
        {
          ReservationId: "r-1",
          Instances: [
            {
              InstanceId: instance,
              State: { Code: 16, Name: "running" },
              LaunchTime: at,
              PrivateIpAddress: "10.0.1.27",
              Placement: { AvailabilityZone: "eu-central-1a" },
              NetworkInterfaces: [{ NetworkInterfaceId: eni, Attachment: { DeviceIndex: 0, Status: "attached" } }],
              Tags: [{ Key: "aws:autoscaling:groupName", Value: group }],
            },
          ],
        },
        { ReservationId: "r-2", Instances: [] },
      ],
    },
    ({ ec2 }, input) => ec2.send(new DescribeInstancesCommand(input)),
  ),
  sample(
    "ec2:DescribeNetworkInterfaces",
    {
      Filters: [
        { Name: "private-ip-address", Values: ["10.0.1.10"] },
        { Name: "tag:rollcall", Values: ["lab"] },
      ],
      MaxResults: 50,
    },
    {
      NetworkInterfaces: [
        {
          NetworkInterfaceId: eni,
          Status: "in-use",
          PrivateIpAddress: "10.0.1.10",
          AvailabilityZone: "eu-central-1a",
          SubnetId: "subnet-a",
          TagSet: [{ Key: "rollcall", Value: "lab" }],
          Attachment: {
            AttachmentId: "eni-attach-1",
            AttachTime: at,
            InstanceId: instance,
            DeviceIndex: 1,
            Status: "attached",
            DeleteOnTermination: false,
          },
        },
      ],
      NextToken: "50",
    },
    ({ ec2 }, input) => ec2.send(new DescribeNetworkInterfacesCommand(input)),
  ),
  sample(
    "ec2:CreateNetworkInterface",
    {
      SubnetId: "subnet-a",
      PrivateIpAddress: "10.0.1.10",
      ClientToken: "once",
      TagSpecifications: [
        { ResourceType: "network-interface" as const, Tags: [{ Key: "rollcall", Value: "a & b <c>" }] },
      ],
    },
    {
      NetworkInterface: {
        NetworkInterfaceId: eni,
        Status: "pending",
        TagSet: [{ Key: "rollcall", Value: "a & b <c>" }],
      },
    },
    ({ ec2 }, input) => ec2.send(new CreateNetworkInterfaceCommand(input)),
  ),
  sample(
    "ec2:AttachNetworkInterface",
    { NetworkInterfaceId: eni, InstanceId: instance, DeviceIndex: 1 },
    { AttachmentId: "eni-attach-1" },
    ({ ec2 }, input) => ec2.send(new AttachNetworkInterfaceCommand(input)),
  ),
  sample("ec2:DetachNetworkInterface", { AttachmentId: "eni-attach-1", Force: false }, {}, ({ ec2 }, input) =>
    ec2.send(new DetachNetworkInterfaceCommand(input)),
  ),
  sample(
    "ec2:ModifyNetworkInterfaceAttribute",
    { NetworkInterfaceId: eni, Attachment: { AttachmentId: "eni-attach-1", DeleteOnTermination: false } },
    {},
    ({ ec2 }, input) => ec2.send(new ModifyNetworkInterfaceAttributeCommand(input)),
  ),
  sample(
    "ec2:TerminateInstances",
    { InstanceIds: [instance] },
    {
      TerminatingInstances: [
        {
          InstanceId: instance,
          CurrentState: { Code: 32, Name: "shutting-down" },
          PreviousState: { Code: 16, Name: "running" },
        },
      ],
    },
    ({ ec2 }, input) => ec2.send(new TerminateInstancesCommand(input)),
  ),
  sample(
    "ssm:DescribeInstanceInformation",
    { Filters: [{ Key: "InstanceIds", Values: [instance] }], MaxResults: 50 },
    {
      InstanceInformationList: [
        { InstanceId: instance, PingStatus: "Online", LastPingDateTime: at, IPAddress: "10.0.1.27" },
      ],
      NextToken: "50",
    },
    ({ ssm }, input) => ssm.send(new DescribeInstanceInformationCommand(input)),
  ),
  sample(
    "ssm:SendCommand",
    {
      DocumentName: "rollcall-lab",
      InstanceIds: [instance],
      Comment: "configure 3f2a 1",
      Parameters: { action: ["configure"], payload: ["H4sIAAAAAAAA+/=="] },
      TimeoutSeconds: 30,
    },
    { Command: sent },
    ({ ssm }, input) => ssm.send(new SendCommandCommand(input)),
  ),
  sample(
    "ssm:GetCommandInvocation",
    { CommandId: command, InstanceId: instance },
    {
      CommandId: command,
      InstanceId: instance,
      Status: "Success",
      StatusDetails: "Success",
      ResponseCode: 0,
      StandardOutputContent: 'log\n{"ok":true,"action":"configure"}\n',
      StandardErrorContent: "",
    },
    ({ ssm }, input) => ssm.send(new GetCommandInvocationCommand(input)),
  ),
  sample(
    "ssm:ListCommands",
    { InstanceId: instance, Filters: [{ key: "InvokedAfter" as const, value: "2026-11-22T00:00:00Z" }] },
    { Commands: [sent] },
    ({ ssm }, input) => ssm.send(new ListCommandsCommand(input)),
  ),
  sample(
    "ssm:ListCommandInvocations",
    { InstanceId: instance, Details: true, MaxResults: 50 },
    {
      CommandInvocations: [
        {
          CommandId: command,
          InstanceId: instance,
          Comment: "configure 3f2a 1",
          RequestedDateTime: at,
          Status: "Failed",
          CommandPlugins: [{ Name: "run", Status: "Failed", ResponseCode: 1, Output: "no such address" }],
        },
      ],
      NextToken: "50",
    },
    ({ ssm }, input) => ssm.send(new ListCommandInvocationsCommand(input)),
  ),
  sample(
    "ssm:CreateDocument",
    { Name: "rollcall-lab", Content: '{"schemaVersion":"2.2"}', DocumentType: "Command" as const },
    { DocumentDescription: { Name: "rollcall-lab", Status: "Active", CreatedDate: at } },
    ({ ssm }, input) => ssm.send(new CreateDocumentCommand(input)),
  ),
  sample(
    "events:PutRule",
    { Name: "lifecycle", EventPattern: '{"source":["aws.autoscaling"]}', State: "ENABLED" as const },
    { RuleArn: rule },
    ({ events }, input) => events.send(new PutRuleCommand(input)),
  ),
  sample(
    "events:PutTargets",
    { Rule: "lifecycle", Targets: [{ Id: "1", Arn: "arn:aws:lambda:eu-central-1:123456789012:function:lifecycle" }] },
    { FailedEntryCount: 0, FailedEntries: [] },
    ({ events }, input) => events.send(new PutTargetsCommand(input)),
  ),
  sample(
    "events:CreateArchive",
    {
      ArchiveName: "all",
      EventSourceArn: "arn:aws:events:eu-central-1:123456789012:event-bus/default",
      RetentionDays: 0,
    },
    { ArchiveArn: "arn:aws:events:eu-central-1:123456789012:archive/all", State: "ENABLED", CreationTime: at },
    ({ events }, input) => events.send(new CreateArchiveCommand(input)),
  ),
  sample(
    "events:StartReplay",
    {
      ReplayName: "again",
      EventSourceArn: "arn:aws:events:eu-central-1:123456789012:archive/all",
      EventStartTime: new Date("2026-11-22T15:00:00Z"),
      EventEndTime: at,
      Destination: { Arn: "arn:aws:events:eu-central-1:123456789012:event-bus/default", FilterArns: [rule] },
    },
    { ReplayArn: "arn:aws:events:eu-central-1:123456789012:replay/again", State: "STARTING", ReplayStartTime: at },
    ({ events }, input) => events.send(new StartReplayCommand(input)),
  ),
  sample(
    "events:DescribeReplay",
    { ReplayName: "again" },
    { ReplayName: "again", State: "COMPLETED", EventStartTime: at, EventEndTime: at, ReplayEndTime: at },
    ({ events }, input) => events.send(new DescribeReplayCommand(input)),
  ),
  sample(
    "events:PutEvents",
    { Entries: [{ Source: "tour", DetailType: "Test", Detail: '{"a":"é"}', Time: at, Resources: [rule] }] },
    { FailedEntryCount: 0, Entries: [{ EventId: command }] },
    ({ events }, input) => events.send(new PutEventsCommand(input)),
  ),
  sample(
    "events:ListRules",
    { NamePrefix: "life", Limit: 10 },
    { Rules: [{ Name: "lifecycle", Arn: rule, State: "ENABLED" }], NextToken: "10" },
    ({ events }, input) => events.send(new ListRulesCommand(input)),
  ),
  sample(
    "lambda:Invoke",
    {
      FunctionName: "arn:aws:lambda:eu-central-1:123456789012:function:kafka",
      InvocationType: "RequestResponse" as const,
      Payload: new TextEncoder().encode('{"ids":[1,2]}'),
    },
    {
      StatusCode: 200,
      FunctionError: "Unhandled",
      ExecutedVersion: "$LATEST",
      Payload: new TextEncoder().encode('{"errorMessage":"kaputt"}'),
    },
    ({ lambda }, input) => lambda.send(new InvokeCommand(input)),
  ),
  sample(
    "secretsmanager:GetSecretValue",
    { SecretId: "rollcall/lab/observer" },
    {
      ARN: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rollcall/lab/observer-AbCdEf",
      Name: "rollcall/lab/observer",
      VersionId: command,
      SecretString: '{"password":"pass"}',
      VersionStages: ["AWSCURRENT"],
      CreatedDate: at,
    },
    ({ secrets }, input) => secrets.send(new GetSecretValueCommand(input)),
  ),
  sample(
    "secretsmanager:DescribeSecret",
    { SecretId: "rollcall/lab/observer" },
    {
      Name: "rollcall/lab/observer",
      DeletedDate: at,
      Tags: [{ Key: "rollcall:cluster", Value: "lab" }],
      VersionIdsToStages: { [command]: ["AWSCURRENT"] },
    },
    ({ secrets }, input) => secrets.send(new DescribeSecretCommand(input)),
  ),
];

export const sampleOf = (call: string): Sample => {
  const found = SAMPLES.find((sample) => sample.call === call);
  if (!found) throw new Error(`there is no sample of ${call}`);
  return found;
};
