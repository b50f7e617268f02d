/**
 * The least of a cloud that a function needs to come to its first change: one instance that waits in its launch hook, EC2's word
 * on it, and DynamoDB. It stands still, so that what is measured is the function.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AwsError, type Gateway, type Service } from "../lab/cloud/service.ts";
import { dynamodbService } from "../lab/doors/dynamodb.ts";
import { type HttpDoor, startHttpDoor } from "../lab/doors/http.ts";
import { TABLE_SCHEMA } from "../resources/table.ts";
import type { Group } from "../shared/cluster/definition.ts";

export const TABLE = "rollcall-bench";

export interface StillCloud {
  readonly endpoint: string;
  /** An empty table, and the group with that instance in `Pending:Wait`, or no group at all. */
  reset(waiting?: { readonly group: Group; readonly instance: string }): Promise<void>;
  /** When the first change since the reset arrived, ms since the epoch; pending until then. */
  firstChange(): Promise<number>;
  close(): Promise<void>;
}

const CHANGES: ReadonlySet<string> = new Set(["PutItem", "UpdateItem", "DeleteItem"]);
const CALLER = { role: "bench" };

export async function startStillCloud(): Promise<StillCloud> {
  let dynamodb = dynamodbService();
  let groups: object[] = [];
  let reservations: object[] = [];
  let changed = Promise.withResolvers<number>();

  const gateway: Gateway = {
    async call(service, action, input, caller) {
      if (service === "autoscaling" && action === "DescribeAutoScalingGroups") return { AutoScalingGroups: groups };
      if (service === "ec2" && action === "DescribeInstances") return { Reservations: reservations };
      const known = service === "dynamodb" ? dynamodb.actions[action] : undefined;
      if (!known)
        throw new AwsError("InvalidAction", `${service}:${action} is not to be needed before the first change`);
      if (CHANGES.has(action)) changed.resolve(performance.timeOrigin + performance.now());
      return known(input, caller, { asOf: Date.now() });
    },
    register() {
      throw new Error("this cloud has all its services");
    },
  };
  const door: HttpDoor = await startHttpDoor({ cloud: gateway, host: "127.0.0.1", port: 0 });

  return {
    endpoint: door.endpoint,
    async reset(waiting) {
      dynamodb = dynamodbService();
      groups = waiting ? [groupWith(waiting.group, waiting.instance)] : [];
      reservations = waiting ? [reservationOf(waiting.instance)] : [];
      changed = Promise.withResolvers<number>();
      await createTable(dynamodb);
    },
    firstChange: () => changed.promise,
    close: () => door.close(),
  };
}

function groupWith({ name, zone }: Group, instance: string): object {
  return {
    AutoScalingGroupName: name,
    MinSize: 0,
    MaxSize: 2,
    DesiredCapacity: 1,
    DefaultCooldown: 300,
    AvailabilityZones: [zone],
    HealthCheckType: "EC2",
    CreatedTime: new Date(0),
    Instances: [
      {
        InstanceId: instance,
        AvailabilityZone: zone,
        LifecycleState: "Pending:Wait",
        HealthStatus: "Healthy",
        ProtectedFromScaleIn: false,
      },
    ],
  };
}

function reservationOf(instance: string): object {
  return { Instances: [{ InstanceId: instance, State: { Code: 16, Name: "running" } }] };
}

async function createTable(dynamodb: Service): Promise<void> {
  const call = async (action: string, input: object): Promise<object> => {
    const known = dynamodb.actions[action];
    if (!known) throw new Error(`the lab's DynamoDB has no ${action}`);
    return known(input, CALLER, { asOf: Date.now() });
  };
  await call("CreateTable", { TableName: TABLE, ...TABLE_SCHEMA });
  while (!JSON.stringify(await call("DescribeTable", { TableName: TABLE })).includes('"ACTIVE"')) await sleep(2);
}
