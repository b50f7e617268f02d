/** The three functions, how each is invoked, and their logs. */
import type { Definition } from "../shared/cluster/definition.ts";
import {
  FAILURES,
  type FunctionName,
  functionId,
  functionRoleId,
  KAFKA_SECURITY_GROUP,
  logGroupId,
  TABLE,
} from "./logical-ids.ts";
import { stackNames } from "./names.ts";
import { secretArn, secretsOfObserver } from "./secrets.ts";
import { getAtt, logicalId, type Resources, ref } from "./template.ts";

export interface FunctionSettings {
  readonly description: string;
  /** Seconds. */
  readonly timeout: number;
  /** MiB; a function has a share of a core in proportion, a whole one at 1769. */
  readonly memory: number;
  /** Tries after the first, of an asynchronous invocation that failed; absent: it is never invoked so. */
  readonly retries?: number;
  /** Seconds an event may wait for its turn; absent as above. */
  readonly age?: number;
}

/** In the order in which they wake each other. */
export const FUNCTION_NAMES = ["lifecycle", "sweep", "kafka"] as const satisfies readonly FunctionName[];

export const FUNCTIONS: Readonly<Record<FunctionName, FunctionSettings>> = {
  lifecycle: {
    description: "Brings one instance as far as it can be brought now",
    // Long enough to stay with an instance through most of its launch; what it leaves is the sweep's.
    timeout: 300,
    memory: 512,
    retries: 2,
    // By then the sweep has looked at it many times over.
    age: 3600,
  },
  sweep: {
    description: "Finds whatever waits, looks wrong or was missed",
    // Ends before the next one begins.
    timeout: 55,
    memory: 512,
    // The next sweep is the second try.
    retries: 0,
    age: 60,
  },
  kafka: {
    description: "Tells the others what Kafka itself sees",
    // Its callers wait 20 s for the answer.
    timeout: 15,
    memory: 512,
  },
};

/** Where a function's package lies. */
export interface Code {
  readonly S3Bucket: unknown;
  readonly S3Key: string;
}

export function functionNames(definition: Pick<Definition, "cluster">): Readonly<Record<FunctionName, string>> {
  const names = stackNames(definition);
  return { lifecycle: names.lifecycleFunction, sweep: names.sweepFunction, kafka: names.kafkaFunction };
}

export function functionResources(definition: Definition, code: Readonly<Record<FunctionName, Code>>): Resources {
  const names = functionNames(definition);
  const resources = FUNCTION_NAMES.flatMap((name) => {
    const { description, timeout, memory, retries, age } = FUNCTIONS[name];
    const inVpc = name === "kafka";
    const made: [string, Resources[string]][] = [
      [
        // Made here, so that it keeps logs no longer than told to, and no function needs the right to make it.
        logGroupId(name),
        {
          Type: "AWS::Logs::LogGroup",
          Properties: { LogGroupName: `/aws/lambda/${names[name]}`, RetentionInDays: definition.retention.logs },
        },
      ],
      [
        functionId(name),
        {
          Type: "AWS::Lambda::Function",
          Properties: {
            FunctionName: names[name],
            Description: `${definition.cluster}: ${description}`,
            Handler: `${name}.handler`,
            Runtime: "nodejs24.x",
            Architectures: ["arm64"],
            MemorySize: memory,
            Timeout: timeout,
            Role: getAtt(functionRoleId(name), "Arn"),
            Code: code[name],
            Environment: {
              Variables: {
                NODE_OPTIONS: "--enable-source-maps",
                ...(inVpc
                  ? secretVariables(definition)
                  : { ROLLCALL_TABLE: ref(TABLE), ROLLCALL_KAFKA_FUNCTION: ref(functionId("kafka")) }),
              },
            },
            ...(inVpc && {
              VpcConfig: {
                SubnetIds: definition.zones.map((zone) => zone.subnet),
                SecurityGroupIds: [getAtt(KAFKA_SECURITY_GROUP, "GroupId")],
              },
            }),
          },
          DependsOn: [logGroupId(name)],
        },
      ],
    ];
    if (retries !== undefined) {
      made.push([
        logicalId(name, "invocation"),
        {
          Type: "AWS::Lambda::EventInvokeConfig",
          Properties: {
            FunctionName: ref(functionId(name)),
            Qualifier: "$LATEST",
            MaximumRetryAttempts: retries,
            MaximumEventAgeInSeconds: age,
            DestinationConfig: { OnFailure: { Destination: getAtt(FAILURES, "Arn") } },
          },
        },
      ]);
    }
    return made;
  });
  return Object.fromEntries(resources);
}

/** Which secrets the function that sees Kafka reads, never what they hold: it fetches them itself. */
function secretVariables(definition: Definition): Readonly<Record<string, unknown>> {
  const secrets = secretsOfObserver(definition);
  if (!secrets) return {};
  const { password, authority } = secrets;
  return {
    ROLLCALL_OBSERVER_SECRET: secretArn(definition, password),
    ...(authority !== undefined && { ROLLCALL_AUTHORITY_SECRET: authority }),
  };
}
