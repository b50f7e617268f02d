/** Whether the caller may do what deploying and operating the cluster takes. Pure. */
import { alarmName } from "../../resources/alarms.ts";
import { stackNames } from "../../resources/names.ts";
import { eventRules } from "../../resources/rules.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import { observerSecret } from "../../shared/cluster/security.ts";
import { examine, type Finding } from "./finding.ts";

/** Actions asked about with one resource. */
export interface Question {
  readonly resource: string;
  readonly actions: readonly string[];
}

export interface Decision {
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
}

/** What a deployment does by CloudFormation in the caller's name. */
export function toDeploy(definition: Definition, account: string, partition: string): Question[] {
  const names = stackNames(definition);
  const { region, cluster } = definition;
  const arn = (service: string, resource: string): string =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const on = (resource: string, ...actions: string[]): Question => ({ resource, actions });
  const [rule] = eventRules(definition);
  return [
    on(arn("cloudformation", `stack/${names.stack}/*`), "cloudformation:CreateStack", "cloudformation:UpdateStack"),
    on(
      `arn:${partition}:iam::${account}:role/${names.stack}-lifecycle`,
      "iam:CreateRole",
      "iam:PutRolePolicy",
      "iam:PassRole",
    ),
    on(arn("lambda", `function:${names.lifecycleFunction}`), "lambda:CreateFunction", "lambda:AddPermission"),
    on(arn("dynamodb", `table/${names.table}`), "dynamodb:CreateTable"),
    on(arn("sqs", names.failures), "sqs:CreateQueue"),
    on(arn("events", `rule/${rule?.name ?? names.stack}`), "events:PutRule", "events:PutTargets"),
    on(arn("events", `archive/${names.archive}`), "events:CreateArchive"),
    on(arn("ssm", `document/${names.document}`), "ssm:CreateDocument"),
    on(arn("logs", `log-group:/aws/lambda/${names.lifecycleFunction}`), "logs:CreateLogGroup"),
    on(arn("cloudwatch", `alarm:${alarmName({ cluster }, { kind: "node-held" })}`), "cloudwatch:PutMetricAlarm"),
    on(
      "*",
      "autoscaling:CreateAutoScalingGroup",
      "ec2:CreateLaunchTemplate",
      "ec2:CreateNetworkInterface",
      "ec2:CreateSecurityGroup",
    ),
    ...(definition.security
      ? [on(arn("secretsmanager", `secret:${observerSecret(cluster)}-*`), "secretsmanager:CreateSecret")]
      : []),
    ...(definition.loadBalancer ? [on("*", "elasticloadbalancing:CreateLoadBalancer")] : []),
  ];
}

/**
 * What the commands here do, also in the functions' place (`--here`). What only the doctor looks at is left out: it says by itself
 * what it cannot see.
 */
export function toOperate(definition: Definition, account: string, partition: string): Question[] {
  const names = stackNames(definition);
  const groups = definition.roles.flatMap((role) => role.groups.map((group) => group.name));
  const arn = (service: string, resource: string): string =>
    `arn:${partition}:${service}:${definition.region}:${account}:${resource}`;
  return [
    {
      resource: arn("dynamodb", `table/${names.table}`),
      actions: [
        "dynamodb:Query",
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
      ],
    },
    { resource: arn("lambda", `function:${names.kafkaFunction}`), actions: ["lambda:InvokeFunction"] },
    ...[names.lifecycleFunction, names.sweepFunction].map((name) => ({
      resource: arn("lambda", `function:${name}`),
      actions: ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency"],
    })),
    ...[names.failures, names.undelivered].map((queue) => ({
      resource: arn("sqs", queue),
      actions: [
        "sqs:GetQueueUrl",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
      ],
    })),
    { resource: arn("events", `archive/${names.archive}`), actions: ["events:StartReplay", "events:DescribeArchive"] },
    {
      resource: arn("events", `replay/${names.stack}-*`),
      actions: ["events:DescribeReplay", "events:CancelReplay"],
    },
    ...groups.map((name) => ({
      // The uuid in a group's ARN does not matter to any policy that is written beforehand.
      resource: arn("autoscaling", `autoScalingGroup:*:autoScalingGroupName/${name}`),
      actions: [
        "autoscaling:CompleteLifecycleAction",
        "autoscaling:RecordLifecycleActionHeartbeat",
        "autoscaling:SetInstanceHealth",
      ],
    })),
    {
      resource: arn("ec2", "network-interface/*"),
      actions: ["ec2:AttachNetworkInterface", "ec2:DetachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"],
    },
    {
      resource: arn("ec2", "instance/*"),
      actions: ["ec2:AttachNetworkInterface", "ec2:DetachNetworkInterface", "ssm:SendCommand"],
    },
    { resource: arn("ssm", `document/${names.document}`), actions: ["ssm:SendCommand"] },
    {
      // None of these knows resources.
      resource: "*",
      actions: [
        "autoscaling:DescribeAutoScalingGroups",
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkInterfaces",
        "events:ListRules",
        "ssm:DescribeInstanceInformation",
        "ssm:GetCommandInvocation",
        "ssm:ListCommands",
      ],
    },
  ];
}

export function permissionFindings(who: string, decisions: readonly Decision[]): Finding[] {
  return examine("permissions", `${who} has the ${decisions.length} asked about`, (report) => {
    for (const { action, resource, allowed } of decisions) {
      if (!allowed) report("wrong", `${who} may not ${action} on ${resource}`, `allow it, or use another role`);
    }
  });
}
