/**
 * STS, as far as GetCallerIdentity goes: `aws sts get-caller-identity` tells which role one's access key stands for.
 */
import type { StaticOperationSchema, StaticStructureSchema } from "@smithy/types";
import { AwsError, type Service } from "../cloud/service.ts";
import { operationOf } from "./shapes.ts";

const NAMESPACE = "com.amazonaws.sts";
const REQUEST: StaticStructureSchema = [3, NAMESPACE, "GetCallerIdentityRequest", 0, [], []];
const RESPONSE: StaticStructureSchema = [
  3,
  NAMESPACE,
  "GetCallerIdentityResponse",
  0,
  ["UserId", "Account", "Arn"],
  [0, 0, 0],
];
const OPERATION: StaticOperationSchema = [9, NAMESPACE, "GetCallerIdentity", 0, () => REQUEST, () => RESPONSE];

/** In the SDK's schema form, as its STS client is no dependency of this project. */
export const callerIdentityOperation = operationOf(OPERATION);

/** `account`: twelve digits. */
export function identityService(account: string): Service {
  return {
    name: "sts",
    actions: {
      GetCallerIdentity: (_input, { role }) => ({
        UserId: `AROALAB:${role}`,
        Account: account,
        Arn: `arn:aws:sts::${account}:assumed-role/${role}/lab`,
      }),
    },
    unknownAction: (action) =>
      new AwsError("InvalidAction", `Could not find operation ${action} for version 2011-06-15`, 400),
  };
}
