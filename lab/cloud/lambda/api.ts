/** Lambda's API, as far as it is modelled. */
import type {
  GetAccountSettingsCommandOutput,
  GetFunctionConcurrencyCommandOutput,
  GetFunctionConfigurationCommandOutput,
  InvokeCommandOutput,
  PutFunctionConcurrencyCommandOutput,
} from "@aws-sdk/client-lambda";
import * as v from "valibot";
import { type Answer, AwsError, action, type Service } from "../service.ts";
import type { Functions } from "./functions.ts";

const refuse = (reason: string) => new AwsError("InvalidParameterValueException", reason, 400, { Type: "User" });

const onFunction = v.strictObject({ FunctionName: v.string() });

export function lambdaApi(functions: Functions): Service {
  return {
    name: "lambda",
    actions: {
      Invoke: action(
        v.strictObject({
          FunctionName: v.string(),
          InvocationType: v.optional(v.picklist(["RequestResponse", "Event"]), "RequestResponse"),
          /** JSON; the SDK hands it over as bytes. */
          Payload: v.optional(v.union([v.instance(Uint8Array), v.string()])),
        }),
        refuse,
        async (input): Promise<Answer<InvokeCommandOutput>> => {
          const spec = functions.get(input.FunctionName);
          const event = parsePayload(input.Payload);
          if (input.InvocationType !== "Event" && functions.reserved(spec.name) === 0) {
            throw new AwsError("TooManyRequestsException", "Rate Exceeded.", 429, {
              Type: "User",
              Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
            });
          }
          if (input.InvocationType === "Event") {
            functions.invokeLater(spec, event);
            return { StatusCode: 202 };
          }
          const outcome = await functions.invoke(spec, event);
          const payload = outcome.ok ? (outcome.response ?? null) : outcome.error;
          return {
            StatusCode: 200,
            ExecutedVersion: "$LATEST",
            Payload: bytes(JSON.stringify(payload)),
            ...(!outcome.ok && { FunctionError: "Unhandled" }),
          };
        },
      ),

      GetFunctionConfiguration: action(onFunction, refuse, (input): Answer<GetFunctionConfigurationCommandOutput> => {
        const { name, timeout, memory = 128 } = functions.get(input.FunctionName);
        return {
          FunctionName: name,
          FunctionArn: functions.arn(name),
          Runtime: "nodejs24.x",
          Timeout: timeout / 1000,
          MemorySize: memory,
          State: "Active",
          LastUpdateStatus: "Successful",
        };
      }),

      GetFunctionConcurrency: action(onFunction, refuse, (input): Answer<GetFunctionConcurrencyCommandOutput> => {
        const reserved = functions.reserved(functions.get(input.FunctionName).name);
        return reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved };
      }),

      PutFunctionConcurrency: action(
        v.strictObject({
          FunctionName: v.string(),
          ReservedConcurrentExecutions: v.pipe(v.number(), v.integer(), v.minValue(0)),
        }),
        refuse,
        ({ FunctionName, ReservedConcurrentExecutions }): Answer<PutFunctionConcurrencyCommandOutput> => {
          functions.reserve(functions.get(FunctionName).name, ReservedConcurrentExecutions);
          return { ReservedConcurrentExecutions };
        },
      ),

      DeleteFunctionConcurrency: action(onFunction, refuse, (input) => {
        functions.reserve(functions.get(input.FunctionName).name, undefined);
        return {};
      }),

      GetAccountSettings: action(v.strictObject({}), refuse, (): Answer<GetAccountSettingsCommandOutput> => {
        // What an account has by default; new ones may have to ask for it.
        return { AccountLimit: { ConcurrentExecutions: 1_000, UnreservedConcurrentExecutions: 1_000 } };
      }),
    },
    unknownAction: (name) =>
      new AwsError("UnknownOperationException", `The lab's Lambda does not model ${name}.`, 404, { Type: "User" }),
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Throws InvalidRequestContentException. */
function parsePayload(payload: Uint8Array | string | undefined): unknown {
  const text = typeof payload === "string" ? payload : decoder.decode(payload);
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = `Could not parse request body into json: ${String(error)}`;
    throw new AwsError("InvalidRequestContentException", message, 400, { Type: "User" });
  }
}

/** The SDK's own blobs carry `transformToString`; whoever reads an answer through it gets that too. */
function bytes(text: string): NonNullable<InvokeCommandOutput["Payload"]> {
  return Object.assign(encoder.encode(text), { transformToString: () => text });
}
