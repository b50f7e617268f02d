/** Who calls, and what IAM lets them do. */
import { GetRoleCommand, type IAMClient, SimulatePrincipalPolicyCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, type STSClient } from "@aws-sdk/client-sts";
import * as v from "valibot";
import { answered, listOf } from "../../shared/aws/answer.ts";
import { calling } from "../../shared/aws/call.ts";
import { CLUSTER_TAG } from "../../shared/aws/names.ts";
import type { Decision, Question } from "../doctor/permissions.ts";

export interface Caller {
  readonly account: string;
  readonly partition: string;
  /** Of the user or role itself, not of its session. */
  readonly arn: string;
}

/** Who calls, as IAM can be asked about. */
export async function callerOf(sts: STSClient, iam: IAMClient): Promise<Caller> {
  const answer = await calling("look who calls", sts.send(new GetCallerIdentityCommand({})));
  const { Account, Arn } = answered(identityAnswer, "GetCallerIdentity", answer);
  const partition = Arn.split(":")[1] ?? "aws";
  const [, role] = /:assumed-role\/([^/]+)\//.exec(Arn) ?? [];
  if (role === undefined) return { account: Account, partition, arn: Arn };
  // A session's ARN lacks the role's path.
  const found = await calling(`look at role ${role}`, iam.send(new GetRoleCommand({ RoleName: role })));
  return { account: Account, partition, arn: answered(roleAnswer, "GetRole", found).Role.Arn };
}

/** Keys by which a policy tells the cluster's own instances and interfaces from others, whichever service it speaks of. */
const TAG_KEYS = ["aws:ResourceTag", "ec2:ResourceTag", "ssm:resourceTag"].map((key) => `${key}/${CLUSTER_TAG}`);

/** @param cluster whose tag the resources are taken to have, as they do */
export async function decisionsOn(
  iam: IAMClient,
  { arn }: Caller,
  cluster: string,
  questions: readonly Question[],
): Promise<Decision[]> {
  const decisions = await Promise.all(
    questions.map(async ({ resource, actions }) => {
      const command = new SimulatePrincipalPolicyCommand({
        PolicySourceArn: arn,
        ActionNames: [...actions],
        ResourceArns: [resource],
        ContextEntries: TAG_KEYS.map((ContextKeyName) => ({
          ContextKeyName,
          ContextKeyType: "string",
          ContextKeyValues: [cluster],
        })),
      });
      const answer = await calling(`ask what ${arn} may do`, iam.send(command));
      const { EvaluationResults } = answered(simulationAnswer, "SimulatePrincipalPolicy", answer);
      return EvaluationResults.map(
        ({ EvalActionName, EvalDecision }): Decision => ({
          action: EvalActionName,
          resource,
          allowed: EvalDecision === "allowed",
        }),
      );
    }),
  );
  return decisions.flat();
}

const identityAnswer = v.object({ Account: v.string(), Arn: v.string() });

const roleAnswer = v.object({ Role: v.object({ Arn: v.string() }) });

const simulationAnswer = v.object({
  EvaluationResults: listOf(v.object({ EvalActionName: v.string(), EvalDecision: v.string() })),
});
