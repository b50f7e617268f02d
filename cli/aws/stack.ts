/** The stack's own parts: functions, rules, the document that carries the node script. */
import { type EventBridgeClient, ListTargetsByRuleCommand } from "@aws-sdk/client-eventbridge";
import {
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  type LambdaClient,
} from "@aws-sdk/client-lambda";
import { GetDocumentCommand, type SSMClient } from "@aws-sdk/client-ssm";
import * as v from "valibot";
import { answered, listOf } from "../../shared/aws/answer.ts";
import { calling } from "../../shared/aws/call.ts";
import type { FunctionSight, RuleSight } from "../doctor/wiring.ts";
import { wasAnswered } from "../exit.ts";
import { rulesOf } from "./replays.ts";

/** Those that exist. */
export async function functionsOf(client: LambdaClient, names: readonly string[]): Promise<FunctionSight[]> {
  const found = await Promise.all(
    names.map(async (name): Promise<FunctionSight[]> => {
      try {
        const [configuration, concurrency] = await Promise.all([
          calling(`look at function ${name}`, client.send(new GetFunctionConfigurationCommand({ FunctionName: name }))),
          calling(`look at function ${name}`, client.send(new GetFunctionConcurrencyCommand({ FunctionName: name }))),
        ]);
        const { State, LastUpdateStatus } = answered(
          functionAnswer,
          `GetFunctionConfiguration of ${name}`,
          configuration,
        );
        const reserved = concurrency.ReservedConcurrentExecutions;
        return [{ name, state: State, lastUpdate: LastUpdateStatus, ...(reserved !== undefined && { reserved }) }];
      } catch (error) {
        if (wasAnswered(error, "ResourceNotFoundException")) return [];
        throw error;
      }
    }),
  );
  return found.flat();
}

export async function rulesWithTargets(client: EventBridgeClient, prefix: string): Promise<RuleSight[]> {
  const rules = await rulesOf(client, prefix);
  return Promise.all(
    rules.map(async ({ name, enabled }) => {
      const answer = await calling(
        `look at the targets of ${name}`,
        client.send(new ListTargetsByRuleCommand({ Rule: name })),
      );
      const { Targets } = answered(targetsAnswer, `ListTargetsByRule of ${name}`, answer);
      return { name, enabled, targets: Targets.map((target) => target.Arn) };
    }),
  );
}

/** Its content; undefined where there is none. */
export async function documentOf(client: SSMClient, name: string): Promise<string | undefined> {
  try {
    const command = new GetDocumentCommand({ Name: name });
    return (await calling(`look at document ${name}`, client.send(command))).Content;
  } catch (error) {
    if (wasAnswered(error, "InvalidDocument")) return undefined;
    throw error;
  }
}

const functionAnswer = v.object({
  State: v.optional(v.string(), "Active"),
  LastUpdateStatus: v.optional(v.string(), "Successful"),
});

const targetsAnswer = v.object({ Targets: listOf(v.object({ Arn: v.string() })) });
