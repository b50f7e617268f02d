/** A small template in the stack's own shape: one function with its role, one rule, one group. */
import type { DeployedFunction } from "../../../lab/cloud/formation/kind.ts";
import { loadTemplate, type Stack, type StackOptions } from "../../../lab/cloud/formation/stack.ts";
import { dynamodbService } from "../../../lab/doors/dynamodb.ts";
import { type Ground, ground } from "../cloud/ground.ts";

type Properties = Record<string, unknown>;

export interface TemplateResource {
  Type: string;
  Properties?: Properties;
  DependsOn?: string | string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  Condition?: string;
}

export interface Template {
  Parameters?: Record<string, unknown>;
  Conditions?: Record<string, unknown>;
  Resources: Record<string, TemplateResource>;
  Outputs?: Record<string, unknown>;
}

const trust = (service: string) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
});

export const CONTENT = {
  schemaVersion: "2.2",
  mainSteps: [{ action: "aws:runShellScript", name: "node", inputs: { runCommand: ["true"] } }],
};

/** A new one each time, for tests to change. */
export function smallTemplate(): Template {
  return {
    Parameters: {
      Image: {
        Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
        Default: "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
      },
      Size: { Type: "Number", Default: "2" },
    },
    Resources: {
      Group: {
        Type: "AWS::AutoScaling::AutoScalingGroup",
        DependsOn: ["Rule", "Permission", "Table", "Document"],
        Properties: {
          AutoScalingGroupName: "brokers-a",
          MinSize: "0",
          MaxSize: 3,
          DesiredCapacity: { Ref: "Size" },
          VPCZoneIdentifier: ["subnet-a"],
          LaunchTemplate: {
            LaunchTemplateId: { Ref: "Launch" },
            Version: { "Fn::GetAtt": ["Launch", "LatestVersionNumber"] },
          },
          LifecycleHookSpecificationList: [
            {
              LifecycleHookName: "launch",
              LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
              HeartbeatTimeout: 600,
              DefaultResult: "ABANDON",
            },
          ],
          Tags: [{ Key: "cluster", Value: "small", PropagateAtLaunch: true }],
        },
      },
      Launch: {
        Type: "AWS::EC2::LaunchTemplate",
        Properties: {
          LaunchTemplateData: {
            ImageId: { Ref: "Image" },
            InstanceType: "m7g.large",
            IamInstanceProfile: { Arn: { "Fn::GetAtt": ["Profile", "Arn"] } },
            SecurityGroupIds: [{ "Fn::GetAtt": "Nodes.GroupId" }],
            MetadataOptions: { HttpTokens: "required" },
          },
        },
      },
      Nodes: { Type: "AWS::EC2::SecurityGroup", Properties: { GroupDescription: "nodes", VpcId: "vpc-1" } },
      NodeRole: {
        Type: "AWS::IAM::Role",
        Properties: { AssumeRolePolicyDocument: trust("ec2.amazonaws.com") },
      },
      Profile: { Type: "AWS::IAM::InstanceProfile", Properties: { Roles: [{ Ref: "NodeRole" }] } },
      Table: {
        Type: "AWS::DynamoDB::Table",
        DeletionPolicy: "Retain",
        Properties: {
          TableName: "small",
          AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
          BillingMode: "PAY_PER_REQUEST",
        },
      },
      Document: {
        Type: "AWS::SSM::Document",
        Properties: { Name: "small-node", DocumentType: "Command", UpdateMethod: "NewVersion", Content: CONTENT },
      },
      Role: {
        Type: "AWS::IAM::Role",
        Properties: {
          RoleName: "small-work",
          AssumeRolePolicyDocument: trust("lambda.amazonaws.com"),
          Policies: [
            {
              PolicyName: "work",
              PolicyDocument: {
                Version: "2012-10-17",
                Statement: [
                  { Sid: "Look", Effect: "Allow", Action: "autoscaling:DescribeAutoScalingGroups", Resource: "*" },
                  {
                    Sid: "Log",
                    Effect: "Allow",
                    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
                    Resource: {
                      "Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*:*",
                    },
                  },
                  {
                    Sid: "Fail",
                    Effect: "Allow",
                    Action: "sqs:SendMessage",
                    Resource: { "Fn::GetAtt": ["Failures", "Arn"] },
                  },
                ],
              },
            },
          ],
        },
      },
      Work: {
        Type: "AWS::Lambda::Function",
        Properties: {
          FunctionName: "small-work",
          Handler: "work.handler",
          Runtime: "nodejs24.x",
          Timeout: 30,
          Role: { "Fn::GetAtt": ["Role", "Arn"] },
          Code: { S3Bucket: "deployments", S3Key: "small.zip" },
          Environment: {
            Variables: { TABLE: { Ref: "Table" }, WHERE: { "Fn::Join": ["/", ["a", { Ref: "Document" }]] } },
          },
        },
      },
      Failures: { Type: "AWS::SQS::Queue", Properties: { QueueName: "small-failures" } },
      Undelivered: { Type: "AWS::SQS::Queue", Properties: { QueueName: "small-undelivered" } },
      UndeliveredPolicy: {
        Type: "AWS::SQS::QueuePolicy",
        Properties: {
          Queues: [{ Ref: "Undelivered" }],
          PolicyDocument: {
            Version: "2012-10-17",
            Statement: [
              {
                Effect: "Allow",
                Principal: { Service: "events.amazonaws.com" },
                Action: "sqs:SendMessage",
                Resource: { "Fn::GetAtt": ["Undelivered", "Arn"] },
                Condition: { ArnEquals: { "aws:SourceArn": { "Fn::GetAtt": ["Rule", "Arn"] } } },
              },
            ],
          },
        },
      },
      Asynchronous: {
        Type: "AWS::Lambda::EventInvokeConfig",
        Properties: {
          FunctionName: { Ref: "Work" },
          Qualifier: "$LATEST",
          MaximumRetryAttempts: 1,
          DestinationConfig: { OnFailure: { Destination: { "Fn::GetAtt": ["Failures", "Arn"] } } },
        },
      },
      Rule: {
        Type: "AWS::Events::Rule",
        Properties: {
          Name: "small-rule",
          EventPattern: { source: ["aws.autoscaling"] },
          Targets: [
            {
              Id: "work",
              Arn: { "Fn::GetAtt": ["Work", "Arn"] },
              DeadLetterConfig: { Arn: { "Fn::GetAtt": ["Undelivered", "Arn"] } },
            },
          ],
        },
      },
      Permission: {
        Type: "AWS::Lambda::Permission",
        Properties: {
          FunctionName: { "Fn::GetAtt": ["Work", "Arn"] },
          Action: "lambda:InvokeFunction",
          Principal: "events.amazonaws.com",
          SourceArn: { "Fn::GetAtt": ["Rule", "Arn"] },
        },
      },
    },
    Outputs: { Where: { Value: { "Fn::GetAtt": ["Work", "Arn"] } } },
  };
}

/** The properties of one of its resources, to change. */
export function propertiesOf(template: Template, logicalId: string): Properties {
  const resource = template.Resources[logicalId];
  if (!resource) throw new Error(`no ${logicalId}`);
  resource.Properties ??= {};
  return resource.Properties;
}

export interface Loaded extends Ground {
  readonly stack: Stack;
  /** Functions as they were deployed, and what they were called with. */
  readonly deployed: DeployedFunction[];
  readonly invoked: unknown[];
  load(template: Template): Promise<Stack>;
  options(): StackOptions;
}

/** A cloud with IAM enforced, and the template loaded into it. */
export async function loaded(template: Template, over: Partial<StackOptions> = {}): Promise<Loaded> {
  const on = formationGround();
  const stack = await on.load(template, over);
  return { ...on, stack };
}

export function formationGround() {
  const on = ground({ administrators: ["cloudformation", "test"] });
  on.cloud.register(dynamodbService());
  const deployed: DeployedFunction[] = [];
  const invoked: unknown[] = [];
  const options = (): StackOptions => ({
    name: "small",
    cloud: on.cloud,
    clock: on.clock,
    code(one) {
      deployed.push(one);
      return async (event) => void invoked.push(event);
    },
  });
  const load = (source: Template, over: Partial<StackOptions> = {}) => loadTemplate(source, { ...options(), ...over });
  return { ...on, deployed, invoked, load, options };
}
