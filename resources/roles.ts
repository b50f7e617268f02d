/**
 * What each function, and each node, may do: the calls it makes, on what is the cluster's own. Which action knows which
 * resources and conditions is in AWS's Service Authorization Reference; where it knows none, `*` stands with that reason.
 */
import { CLUSTER_TAG } from "../shared/aws/names.ts";
import type { Definition, Role } from "../shared/cluster/definition.ts";
import type { SecretId } from "../shared/cluster/security.ts";
import { functionNames } from "./functions.ts";
import {
  FAILURES,
  type FunctionName,
  functionId,
  functionRoleId,
  nodeProfileId,
  nodeRoleId,
  TABLE,
} from "./logical-ids.ts";
import { stackNames } from "./names.ts";
import { allow, role as iamRole, type Statement } from "./policy.ts";
import { secretArn, secretsOfNode, secretsOfObserver } from "./secrets.ts";
import { getAtt, type Resources, ref, sub } from "./template.ts";

export function roleResources(definition: Definition): Resources {
  const { cluster } = definition;
  const ofFunction = (name: FunctionName, statements: readonly Statement[]) => ({
    [functionRoleId(name)]: iamRole("lambda.amazonaws.com", `${cluster}: what the function ${name} may do`, [
      ...statements,
      writesLogs(functionNames(definition)[name]),
    ]),
  });
  return {
    ...ofFunction("lifecycle", [...looksAfterInstances(definition), keepsFailures]),
    ...ofFunction("sweep", [readsWholeTable, ...looksAfterInstances(definition), keepsFailures]),
    ...ofFunction("kafka", [
      ...hasNetworkInterfaces(functionNames(definition).kafka),
      ...readsSecrets(definition, Object.values(secretsOfObserver(definition) ?? {})),
    ]),
    ...Object.fromEntries(definition.roles.flatMap((role) => ofNodes(definition, role))),
  };
}

const arn = (rest: string) => sub(`arn:\${AWS::Partition}:${rest}`);
const here = "${AWS::Region}:${AWS::AccountId}";

function writesLogs(functionName: string): Statement {
  const log = `logs:${here}:log-group:/aws/lambda/${functionName}:*`;
  return allow("WritesLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], arn(log));
}

const readsWholeTable = allow("ReadsWholeTable", ["dynamodb:Query"], getAtt(TABLE, "Arn"));

const keepsFailures = allow("KeepsFailures", ["sqs:SendMessage"], getAtt(FAILURES, "Arn"));

/** The calls that bring an instance on, whoever makes them. */
function looksAfterInstances(definition: Definition): Statement[] {
  const groups = definition.roles.flatMap((each) => each.groups.map((group) => group.name));
  const ownInstances = { StringEquals: { [`aws:ResourceTag/${CLUSTER_TAG}`]: definition.cluster } };
  const instances = arn(`ec2:${here}:instance/*`);
  return [
    allow(
      "ReadsAndWritesItems",
      ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
      getAtt(TABLE, "Arn"),
    ),
    // None of these knows resources, conditions on them neither: each can be allowed for everything, or not at all.
    allow(
      "Looks",
      [
        "autoscaling:DescribeAutoScalingGroups",
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkInterfaces",
        "ssm:DescribeInstanceInformation",
        "ssm:GetCommandInvocation",
        "ssm:ListCommands",
      ],
      "*",
    ),
    allow(
      "AnswersLifecycleActions",
      [
        "autoscaling:CompleteLifecycleAction",
        "autoscaling:RecordLifecycleActionHeartbeat",
        "autoscaling:SetInstanceHealth",
      ],
      // The uuid in a group's ARN is not known beforehand.
      groups.map((name) => arn(`autoscaling:${here}:autoScalingGroup:*:autoScalingGroupName/${name}`)),
    ),
    allow(
      "MovesAddresses",
      ["ec2:AttachNetworkInterface", "ec2:DetachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"],
      [arn(`ec2:${here}:network-interface/*`), instances],
      ownInstances,
    ),
    // A command needs both: the document, and each instance.
    allow("SendsOwnDocument", ["ssm:SendCommand"], arn(`ssm:${here}:document/${stackNames(definition).document}`)),
    allow("SendsToOwnNodes", ["ssm:SendCommand"], instances, ownInstances),
    allow("AsksKafka", ["lambda:InvokeFunction"], getAtt(functionId("kafka"), "Arn")),
  ];
}

/**
 * Lambda itself connects the function to the VPC, in the name of the function's role. It checks that the role may do so on all
 * resources ("Giving Lambda functions access to resources in an Amazon VPC"); so that the function's own code may not, the
 * second statement takes it back from that.
 */
function hasNetworkInterfaces(functionName: string): Statement[] {
  const actions = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
  ];
  const itself = arn(`lambda:${here}:function:${functionName}`);
  return [
    allow("LambdaConnectsToVpc", actions, "*"),
    {
      Sid: "CodeDoesNot",
      Effect: "Deny",
      Action: actions,
      Resource: "*",
      Condition: { ArnEquals: { "lambda:SourceFunctionArn": itself } },
    },
  ];
}

function ofNodes(definition: Definition, role: Role): [string, Resources[string]][] {
  const id = nodeRoleId(role.name);
  const what = `${definition.cluster}: what nodes of the role ${role.name} may do`;
  return [
    [id, iamRole("ec2.amazonaws.com", what, nodeStatements(definition, role))],
    [nodeProfileId(role.name), { Type: "AWS::IAM::InstanceProfile", Properties: { Roles: [ref(id)] } }],
  ];
}

export const SECRETS_STATEMENT = "ReadsSecrets";

/** Nothing where there is nothing to read, since a statement has to be about something. */
function readsSecrets(definition: Definition, secrets: readonly SecretId[]): Statement[] {
  if (secrets.length === 0) return [];
  const arns = secrets.map((secret) => secretArn(definition, secret));
  return [allow(SECRETS_STATEMENT, ["secretsmanager:GetSecretValue"], arns)];
}

/**
 * The SSM agent's part in Run Command, Kafka's archive where it is in S3, and the secrets that its role needs; a node calls AWS
 * for nothing else.
 */
export function nodeStatements(definition: Definition, role: Role): Statement[] {
  const archive = definition.nodes.archive?.url;
  return [
    // It says it with the instance's own credentials.
    allow("AgentReports", ["ssm:UpdateInstanceInformation"], arn(`ec2:${here}:instance/*`)),
    // The agent's channels know no resources. With them it gets its commands here, and needs no ec2messages (Systems Manager User
    // Guide, "ec2messages, ssmmessages, and other API operations").
    allow(
      "AgentTakesCommands",
      [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ],
      "*",
    ),
    ...(archive?.startsWith("s3://")
      ? [allow("FetchesArchive", ["s3:GetObject"], arn(`s3:::${archive.slice("s3://".length)}`))]
      : []),
    ...readsSecrets(definition, secretsOfNode(definition, role)),
    ...sharesConfiguration(role),
  ];
}

/** Exhibitor's members share one object, which Rollcall writes on one of them. */
function sharesConfiguration({ supervisor }: Role): Statement[] {
  if (supervisor?.kind !== "exhibitor") return [];
  const { bucket, key } = supervisor;
  return [allow("SharesConfiguration", ["s3:GetObject", "s3:PutObject"], arn(`s3:::${bucket}/${key}`))];
}
