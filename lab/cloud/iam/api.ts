/** IAM's API, as far as it is modelled: what an operator asks about a role's permissions. */
import type { GetRoleCommandOutput, SimulatePrincipalPolicyCommandOutput } from "@aws-sdk/client-iam";
import * as v from "valibot";
import { type Answer, AwsError, action, type Service } from "../service.ts";
import type { World } from "../world.ts";
import type { Iam } from "./iam.ts";

const refuse = (reason: string) => new AwsError("InvalidInput", reason);

export function iamApi(world: World, iam: Iam): Service {
  const arnOf = (role: string): string => `arn:aws:iam::${world.account}:role/${role}`;
  return {
    name: "iam",
    actions: {
      GetRole: action(
        v.strictObject({ RoleName: v.string() }),
        refuse,
        ({ RoleName }): Answer<GetRoleCommandOutput> => ({
          Role: { RoleName, Path: "/", RoleId: `AROALAB${RoleName}`, Arn: arnOf(RoleName), CreateDate: new Date(0) },
        }),
      ),

      SimulatePrincipalPolicy: action(
        v.strictObject({
          PolicySourceArn: v.string(),
          ActionNames: v.array(v.string()),
          ResourceArns: v.optional(v.array(v.string()), ["*"]),
          ContextEntries: v.optional(
            v.array(
              v.strictObject({
                ContextKeyName: v.string(),
                ContextKeyType: v.literal("string"),
                ContextKeyValues: v.array(v.string()),
              }),
            ),
            [],
          ),
        }),
        refuse,
        ({
          PolicySourceArn,
          ActionNames,
          ResourceArns,
          ContextEntries,
        }): Answer<SimulatePrincipalPolicyCommandOutput> => {
          // The names of keys are the same in any case.
          const context = new Map(
            ContextEntries.map((entry) => [entry.ContextKeyName.toLowerCase(), entry.ContextKeyValues]),
          );
          const role = PolicySourceArn.split("/").at(-1) ?? "";
          return {
            IsTruncated: false,
            EvaluationResults: ActionNames.flatMap((name) =>
              ResourceArns.map((resource) => ({
                EvalActionName: name,
                EvalResourceName: resource,
                EvalDecision: iam.simulate(role, { action: name, resource, context }),
              })),
            ),
          };
        },
      ),
    },
    unknownAction: (name) => new AwsError("InvalidAction", `Could not find operation ${name} for version 2010-05-08`),
  };
}
