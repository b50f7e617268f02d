/**
 * The SDK's clients without the SDK between: a command's input goes to the modelled cloud as it is. The adapters of
 * `shared/aws` run on them as on the real ones; what is left out is the wire, and what it costs (0.3–0.6 ms a call).
 */

import type { Clients } from "../../shared/aws/clients.ts";
import * as ec2Api from "../../shared/aws/sdk/ec2.ts";
import * as lambdaApi from "../../shared/aws/sdk/lambda.ts";
import * as ssmApi from "../../shared/aws/sdk/ssm.ts";
import type { ServiceName } from "../cloud/service.ts";
import type { Inside } from "./containers.ts";
import { retrying } from "./retrying.ts";

export function directClients(inside: Inside): Clients {
  const clientOf = (service: ServiceName): unknown => ({
    send: (command: { readonly input: object }) =>
      retrying(inside.clock, () => inside.gateway.call(service, actionOf(command), command.input, inside.caller)),
    destroy() {},
  });
  const ec2 = Promise.resolve({ client: clientOf("ec2"), api: ec2Api });
  const lambda = Promise.resolve({ client: clientOf("lambda"), api: lambdaApi });
  const ssm = Promise.resolve({ client: clientOf("ssm"), api: ssmApi });
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

/** `DescribeInstancesCommand` is of the action `DescribeInstances`. */
function actionOf(command: object): string {
  return command.constructor.name.replace(/Command$/, "");
}
