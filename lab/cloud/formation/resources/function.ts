import * as v from "valibot";
import { demand } from "../../iam/demands/demand.ts";
import { AwsError } from "../../service.ts";
import { kind, type Made, type Site } from "../kind.ts";
import { number, tags, text, texts } from "../scalars.ts";

const properties = v.strictObject({
  FunctionName: v.optional(text),
  Description: v.optional(text),
  Handler: text,
  Runtime: v.literal("nodejs24.x"),
  Architectures: v.optional(texts),
  MemorySize: v.optional(number, 128),
  Timeout: v.optional(number, 3),
  Role: text,
  Code: v.strictObject({
    S3Bucket: v.optional(text),
    S3Key: v.optional(text),
    S3ObjectVersion: v.optional(text),
    ZipFile: v.optional(text),
  }),
  Environment: v.optional(v.strictObject({ Variables: v.record(v.string(), text) })),
  VpcConfig: v.optional(v.strictObject({ SubnetIds: texts, SecurityGroupIds: texts })),
  LoggingConfig: v.optional(
    v.strictObject({
      LogGroup: v.optional(text),
      LogFormat: v.optional(text),
      ApplicationLogLevel: v.optional(text),
      SystemLogLevel: v.optional(text),
    }),
  ),
  ReservedConcurrentExecutions: v.optional(number),
  Tags: tags,
});

type Properties = v.InferOutput<typeof properties>;

/** What Lambda does with a function's network interfaces, by the function's role: its developer guide, "Giving Lambda functions access to resources in an Amazon VPC". */
const NETWORK = [
  "CreateNetworkInterface",
  "DescribeNetworkInterfaces",
  "DescribeSubnets",
  "DeleteNetworkInterface",
  "AssignPrivateIpAddresses",
  "UnassignPrivateIpAddresses",
] as const;

function deploy(site: Site, given: Properties): Made {
  const { FunctionName: name = site.generatedName, VpcConfig, LoggingConfig } = given;
  const role = given.Role.split("/").at(-1) ?? "";
  const refuse = (why: string) => new AwsError("InvalidParameterValueException", why, 400, { Type: "User" });
  if (site.cloud.iam.enforced && !site.cloud.iam.roles.get(role)) {
    throw refuse(`The role defined for the function does not exist: ${given.Role}`);
  }
  if (!site.cloud.iam.trusts(role, "lambda.amazonaws.com")) {
    throw refuse("The role defined for the function cannot be assumed by Lambda.");
  }
  if (VpcConfig) {
    const missing = NETWORK.find((action) => !site.cloud.iam.permits(role, demand(`ec2:${action}`, "*")));
    if (missing) throw refuse(`The provided execution role does not have permissions to call ${missing} on EC2`);
  }
  const logGroup = LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`;
  const Arn = site.cloud.functions.deploy({
    name,
    handler: site.code({
      logicalId: site.logicalId,
      name,
      handler: given.Handler,
      environment: given.Environment?.Variables ?? {},
      role,
    }),
    timeout: given.Timeout * 1000,
    memory: given.MemorySize,
    role,
    logGroup: site.arn("logs", `log-group:${logGroup}`),
  });
  site.cloud.tags.set(Arn, given.Tags);
  return { ref: name, attributes: { Arn } };
}

export const lambdaFunction = kind({
  type: "AWS::Lambda::Function",
  properties,
  createOnly: ["FunctionName"],
  create: deploy,
  update: (site, _made, given) => deploy(site, given),
  remove: (site, { ref }) => site.cloud.functions.remove(ref),
});
