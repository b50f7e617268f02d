/** Which permissions a call needs. */
import type { Demand } from "../evaluate.ts";
import { autoscalingDemands } from "./autoscaling.ts";
import type { Demands, Fields, Surroundings } from "./demand.ts";
import { dynamodbDemands } from "./dynamodb.ts";
import { ec2Demands } from "./ec2.ts";
import { lambdaDemands } from "./lambda.ts";
import { objectsDemands } from "./objects.ts";
import { secretsDemands } from "./secrets.ts";
import { sqsDemands } from "./sqs.ts";
import { ssmDemands } from "./ssm.ts";

const TABLES: ReadonlyMap<string, Demands> = new Map([
  ["autoscaling", autoscalingDemands],
  ["dynamodb", dynamodbDemands],
  ["ec2", ec2Demands],
  ["lambda", lambdaDemands],
  ["s3", objectsDemands],
  ["secretsmanager", secretsDemands],
  ["sqs", sqsDemands],
  ["ssm", ssmDemands],
  // "No permissions are required to perform this operation" (STS's API reference).
  ["sts", { GetCallerIdentity: () => [] }],
]);

/** Undefined for an action that the lab has no authorization table for. */
export function demandsOf(
  service: string,
  action: string,
  input: unknown,
  at: Surroundings,
): readonly Demand[] | undefined {
  return TABLES.get(service)?.[action]?.(Object(input) as Fields, at);
}
