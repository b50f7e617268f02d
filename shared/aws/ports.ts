/** Every port's real side, put together. */
import type { Definition } from "../cluster/definition.ts";
import type { Clock, Ids, Log, Ports } from "../lifecycle/ports.ts";
import { awsAddresses } from "./addresses.ts";
import type { Clients } from "./clients.ts";
import { systemClock } from "./clock.ts";
import { awsCommands } from "./commands.ts";
import { awsFleet } from "./fleet.ts";
import { randomIds } from "./ids.ts";
import { awsInstances } from "./instances.ts";
import { awsKafkaView } from "./kafka.ts";
import { dynamoTable } from "./table.ts";

export interface AwsOptions {
  readonly clients: Clients;
  readonly definition: Definition;
  readonly tableName: string;
  /** Name or ARN of the function that sees Kafka. */
  readonly kafkaFunction: string;
  readonly log: Log;
  /** The machine's where left out. */
  readonly clock?: Clock;
  /** The operating system's randomness where left out. */
  readonly ids?: Ids;
}

/** What the lifecycle and sweep functions do their work through, on AWS or on whatever answers as it does. */
export function awsPorts(options: AwsOptions): Ports {
  const { clients, definition, tableName, kafkaFunction, log, clock = systemClock, ids = randomIds } = options;
  const { cluster } = definition;
  const ec2 = () => clients.ec2();
  const commands = awsCommands({ ssm: () => clients.ssm(), cluster });
  return {
    clock,
    ids,
    log,
    commands,
    fleet: awsFleet({ client: clients.autoScaling, definition }),
    instances: awsInstances(ec2),
    addresses: awsAddresses({ ec2, cluster }),
    table: dynamoTable({ client: clients.dynamodb, tableName, cluster }),
    kafka: awsKafkaView({ lambda: () => clients.lambda(), functionName: kafkaFunction, commands, clock }),
  };
}
