/** A DynamoDB on this machine, behind the client that runs in production. */
import { once } from "node:events";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { TABLE_SCHEMA } from "../resources/table.ts";
import { dynamoTable } from "../shared/aws/table.ts";
import type { Table } from "../shared/lifecycle/ports.ts";

const TABLE = "rollcall-bench";

export interface LocalTable {
  /** Of a cluster; one of its own for each name. */
  of(cluster: string): Table;
  close(): void;
}

export async function startLocalTable(): Promise<LocalTable> {
  const server = dynalite({ createTableMs: 0 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error(`dynalite listens at ${address}, not at a port`);
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${address.port}`,
    region: "eu-central-1",
    credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
  });
  await createTable(client);
  return {
    of: (cluster) => dynamoTable({ client, tableName: TABLE, cluster }),
    close() {
      client.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      ...TABLE_SCHEMA,
    }),
  );
}
