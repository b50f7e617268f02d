/** What stands beside a Lambda function: how it is invoked asynchronously, by whom, and its versions. */
import * as v from "valibot";
import { readPolicy } from "../../iam/policy.ts";
import { kept, kind, type Site } from "../kind.ts";
import { number, text } from "../scalars.ts";

/** The defaults of asynchronous invocation. */
const RETRIES = 2;

const destination = v.strictObject({ Destination: text });

const invokeConfig = v.strictObject({
  FunctionName: text,
  Qualifier: v.literal("$LATEST"),
  MaximumRetryAttempts: v.optional(number, RETRIES),
  /** Whatever is invoked here starts at once, so that no event gets that old. */
  MaximumEventAgeInSeconds: v.optional(number),
  DestinationConfig: v.optional(
    v.strictObject({ OnFailure: v.optional(destination), OnSuccess: v.optional(v.never("is not modelled")) }),
  ),
});

function configure(site: Site, given: v.InferOutput<typeof invokeConfig>) {
  const onFailure = given.DestinationConfig?.OnFailure?.Destination;
  site.cloud.functions.configure(given.FunctionName, { retries: given.MaximumRetryAttempts, onFailure });
  return { ref: `${given.FunctionName}|${given.Qualifier}` };
}

export const eventInvokeConfig = kind({
  type: "AWS::Lambda::EventInvokeConfig",
  properties: invokeConfig,
  createOnly: ["FunctionName", "Qualifier"],
  create: configure,
  update: (site, _made, given) => configure(site, given),
  remove(site, _made, { FunctionName }) {
    site.cloud.functions.configure(FunctionName, { retries: RETRIES, onFailure: undefined });
  },
});

const permissionProperties = v.strictObject({
  FunctionName: text,
  Action: text,
  Principal: text,
  SourceArn: v.optional(text),
  SourceAccount: v.optional(text),
});

function functionArn(site: Site, nameOrArn: string): string {
  return nameOrArn.startsWith("arn:") ? nameOrArn : site.arn("lambda", `function:${nameOrArn}`);
}

/** One statement in the function's own policy. */
export const permission = kind({
  type: "AWS::Lambda::Permission",
  properties: permissionProperties,
  create(site, { FunctionName, Action, Principal, SourceArn, SourceAccount }) {
    const arn = functionArn(site, FunctionName);
    const statement = {
      Effect: "Allow",
      Principal: { Service: Principal },
      Action,
      Resource: arn,
      Condition: {
        ...(SourceArn !== undefined && { ArnLike: { "AWS:SourceArn": SourceArn } }),
        ...(SourceAccount !== undefined && { StringEquals: { "AWS:SourceAccount": SourceAccount } }),
      },
    };
    const statements = readPolicy(site.logicalId, { Version: "2012-10-17", Statement: [statement] });
    // Named so that one that replaces it stands beside it until it is deleted.
    site.cloud.iam.putResourcePolicy(arn, site.generatedName, statements);
    return { ref: site.generatedName };
  },
  remove(site, { ref }, { FunctionName }) {
    site.cloud.iam.deleteResourcePolicy(functionArn(site, FunctionName), ref);
  },
});

/** Nothing invokes a version here: kept. */
export const version = kept({
  type: "AWS::Lambda::Version",
  properties: v.strictObject({
    FunctionName: text,
    CodeSha256: v.optional(text),
    Description: v.optional(text),
  }),
  createOnly: ["FunctionName", "CodeSha256", "Description"],
  made: (site, { FunctionName }) => ({
    ref: `${functionArn(site, FunctionName)}:1`,
    attributes: { Version: "1" },
  }),
});
