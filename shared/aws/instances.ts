/** EC2's own word on instances. */
import type { DescribeInstancesCommandOutput } from "@aws-sdk/client-ec2";
import * as v from "valibot";
import type { Instances } from "../lifecycle/ports.ts";
import type { InstanceState } from "../lifecycle/sights.ts";
import { answered, listOf } from "./answer.ts";
import { calling } from "./call.ts";
import type { Ec2 } from "./clients.ts";

/** The most values a filter takes. */
const AT_ONCE = 200;

const instancesAnswer = v.object({
  Reservations: listOf(
    v.object({
      Instances: listOf(
        v.object({
          InstanceId: v.string(),
          State: v.object({
            Name: v.picklist(["pending", "running", "stopping", "stopped", "shutting-down", "terminated"]),
          }),
        }),
      ),
    }),
  ),
});

/** @param ec2 loads EC2's client at the first use */
export function awsInstances(ec2: () => Promise<Ec2>): Instances {
  /** A filter, not a list of ids: then an id that EC2 does not know is missing from the answer, and hides no other. */
  async function stateOf(instances: readonly string[], states: Map<string, InstanceState>): Promise<void> {
    const { client, api } = await ec2();
    const Filters = [{ Name: "instance-id", Values: [...instances] }];
    let from: string | undefined;
    do {
      const page: DescribeInstancesCommandOutput = await calling(
        `look at instances ${instances.join(", ")}`,
        client.send(new api.DescribeInstancesCommand({ Filters, NextToken: from })),
      );
      const { Reservations } = answered(instancesAnswer, "DescribeInstances", page);
      for (const { Instances } of Reservations) {
        for (const { InstanceId, State } of Instances) states.set(InstanceId, State.Name);
      }
      from = page.NextToken;
    } while (from);
  }

  return {
    async look(instances) {
      const states = new Map<string, InstanceState>(instances.map((instance) => [instance, "unknown"]));
      for (let from = 0; from < instances.length; from += AT_ONCE) {
        await stateOf(instances.slice(from, from + AT_ONCE), states);
      }
      return states;
    },
  };
}
