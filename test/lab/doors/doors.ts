/** Both doors in front of one cloud, each with SDK clients that come through it. */
import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import type { DoorOptions } from "../../../lab/doors/door.ts";
import { startHttpDoor } from "../../../lab/doors/http.ts";
import { inProcessHandler } from "../../../lab/doors/in-process.ts";

export interface Clients {
  readonly autoScaling: AutoScalingClient;
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
  readonly events: EventBridgeClient;
  readonly lambda: LambdaClient;
  readonly dynamodb: DynamoDBClient;
  readonly secrets: SecretsManagerClient;
}

export interface OpenDoor {
  readonly clients: Clients;
  close(): Promise<void>;
}

export type DoorKind = "HTTP" | "in-process";
export const DOOR_KINDS: readonly DoorKind[] = ["HTTP", "in-process"];

/** The clients sign as `role`. */
export async function open(kind: DoorKind, options: DoorOptions, role = "lifecycle"): Promise<OpenDoor> {
  if (kind === "in-process") {
    const clients = clientsWith({ endpoint: "http://door", requestHandler: inProcessHandler(options) }, role);
    return { clients, close: async () => destroy(clients) };
  }
  const door = await startHttpDoor({ ...options, host: "127.0.0.1", port: 0 });
  const clients = clientsWith({ endpoint: door.endpoint }, role);
  return {
    clients,
    async close() {
      destroy(clients);
      await door.close();
    },
  };
}

function clientsWith(way: object, role: string): Clients {
  const settings = {
    region: "eu-central-1",
    credentials: { accessKeyId: role, secretAccessKey: "none" },
    maxAttempts: 1,
    ...way,
  };
  return {
    autoScaling: new AutoScalingClient(settings),
    ec2: new EC2Client(settings),
    ssm: new SSMClient(settings),
    events: new EventBridgeClient(settings),
    lambda: new LambdaClient(settings),
    dynamodb: new DynamoDBClient(settings),
    secrets: new SecretsManagerClient(settings),
  };
}

function destroy(clients: Clients): void {
  for (const client of Object.values(clients)) client.destroy();
}
