/**
 * The SDK's clients without the SDK between: a command's input goes to the modelled cloud as it is. The adapters of
 * `shared/aws` run on them as on the real ones; what is left out is the wire, and what it costs (0.3–0.6 ms a call).
 */

import type { Clients } from "../../shared/aws/clients.ts";
import * as ec2Api from "../../shared/aws/sdk/ec2.ts";
import * as lambdaApi from "../../shared/aws/sdk/lambda.ts";
import * as ssmApi from "../../shared/aws/sdk/ssm.ts";
import { AwsError, type ServiceName } from "../cloud/service.ts";
import type { Inside } from "./containers.ts";
import { retrying } from "./retrying.ts";

interface Command {
  readonly input: object;
}

/** The modules' commands, without the middleware that the SDK makes anew for each. */
const ec2Commands = bare(ec2Api);
const lambdaCommands = bare(lambdaApi);
const ssmCommands = bare(ssmApi);

export function directClients(inside: Inside): Clients {
  const clientOf = (service: ServiceName): unknown => ({
    send(command: Command) {
      const action = actionOf(command);
      return retrying(inside.clock, () => inside.gateway.call(service, action, command.input)).catch(asFromSdk);
    },
    destroy() {},
  });
  const ec2 = Promise.resolve({ client: clientOf("ec2"), api: ec2Commands });
  const lambda = Promise.resolve({ client: clientOf("lambda"), api: lambdaCommands });
  const ssm = Promise.resolve({ client: clientOf("ssm"), api: ssmCommands });
  // The one place where the types cannot say it: an object with `send` stands in for the SDK's class.
  return {
    autoScaling: clientOf("autoscaling"),
    dynamodb: {},
    ec2: () => ec2,
    lambda: () => lambda,
    ssm: () => ssm,
    destroy() {},
  } as unknown as Clients;
}

/** Codes that the SDK's own class of an error has another name for (the Query protocol's, in its models). */
const CLASSES: Readonly<Record<string, string>> = {
  ResourceContention: "ResourceContentionFault",
  ScalingActivityInProgress: "ScalingActivityInProgressFault",
};

function asFromSdk(error: unknown): never {
  if (error instanceof AwsError) error.name = CLASSES[error.code] ?? error.code;
  throw error;
}

const actions = new Map<unknown, string>();

/** `DescribeInstancesCommand` is of the action `DescribeInstances`. */
function actionOf(command: Command): string {
  const made = command.constructor;
  let action = actions.get(made);
  if (action === undefined) {
    action = made.name.replace(/Command$/, "");
    actions.set(made, action);
  }
  return action;
}

function bare(api: object): Readonly<Record<string, new (input: object) => Command>> {
  const names = Object.keys(api).filter((name) => name.endsWith("Command"));
  return Object.fromEntries(names.map((name) => [name, commandNamed(name)]));
}

function commandNamed(name: string): new (input: object) => Command {
  const named = {
    [name]: class implements Command {
      readonly input: object;
      constructor(input: object) {
        this.input = input;
      }
    },
  };
  return named[name] as new (
    input: object,
  ) => Command;
}
