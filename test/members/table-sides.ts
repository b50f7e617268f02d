/** The two sides of the table, each with a network that loses answers: memory, and DynamoDB's expressions on dynalite. */
import { once } from "node:events";
import {
  CreateTableCommand,
  DynamoDBClient,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from "@aws-sdk/client-dynamodb";
import type { FinalizeRequestMiddleware } from "@smithy/types";
import dynalite from "dynalite";
import { TABLE_SCHEMA } from "../../resources/table.ts";
import { dynamoTable } from "../../shared/aws/table.ts";
import type { Table } from "../../shared/lifecycle/ports.ts";
import { memoryTable } from "../../shared/members/memory.ts";
import { ATTEMPTS, retryAtOnce } from "../retry-at-once.ts";
import type { Side } from "./table-model.ts";

/** Memory: a call whose answer is lost is made twice, as the SDK would make it. */
export function memorySide(): Side {
  const table = memoryTable();
  let fate: "answer lost" | "caller lost" | undefined;
  const lossy = async <T>(call: () => Promise<T>): Promise<T> => {
    const met = fate;
    fate = undefined;
    const answer = await call();
    if (met === "caller lost") throw new Error("the answer never came");
    return met === "answer lost" ? call() : answer;
  };
  const lossyTable: Table = {
    ...table,
    claim: (...a) => lossy(() => table.claim(...a)),
    release: (...a) => lossy(() => table.release(...a)),
    serve: (...a) => lossy(() => table.serve(...a)),
    noteGeneration: (...a) => lossy(() => table.noteGeneration(...a)),
    save: (...a) => lossy(() => table.save(...a)),
    takeTurn: (...a) => lossy(() => table.takeTurn(...a)),
    giveTurn: (...a) => lossy(() => table.giveTurn(...a)),
    found: (...a) => lossy(() => table.found(...a)),
    form: (...a) => lossy(() => table.form(...a)),
    leaveFounding: (...a) => lossy(() => table.leaveFounding(...a)),
    saveAccess: (...a) => lossy(() => table.saveAccess(...a)),
  };
  return {
    table: lossyTable,
    loseAnswer: () => {
      fate = "answer lost";
    },
    loseCaller: () => {
      fate = "caller lost";
    },
  };
}

const TABLE = "rollcall-test";

export interface LocalDynamo {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** A new, empty cluster's side of the one table. */
  side(): Side;
  /** Requests sent so far, by action. */
  readonly requests: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** dynalite in this process on a free port, with the table created. */
export async function startDynamo(): Promise<LocalDynamo> {
  const server = dynalite({ createTableMs: 0 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error(`dynalite listens at ${bound}`);
  return dynamoAt(`http://127.0.0.1:${bound.port}`, async () => {
    const closed = once(server, "close");
    server.close();
    await closed;
  });
}

/** Whatever speaks DynamoDB's protocol there, with the table created. */
export async function dynamoAt(endpoint: string, stop: () => Promise<void>): Promise<LocalDynamo> {
  let losses = 0;
  let clusters = 0;
  const requests = new Map<string, number>();
  const client = new DynamoDBClient({
    endpoint,
    region: "eu-central-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    retryStrategy: retryAtOnce,
  });
  const lossyNetwork: FinalizeRequestMiddleware<ServiceInputTypes, ServiceOutputTypes> =
    (next, context) => async (args) => {
      const action = String(context.commandName).replace(/Command$/, "");
      requests.set(action, (requests.get(action) ?? 0) + 1);
      const answer = await next(args).catch((error: unknown) => {
        if (losses === 0) throw error;
      });
      if (losses > 0) {
        losses -= 1;
        throw Object.assign(new Error("socket hang up"), { name: "TimeoutError" });
      }
      if (!answer) throw new Error("unreachable: an answer is missing only where it is lost");
      return answer;
    };
  client.middlewareStack.addRelativeTo(lossyNetwork, {
    relation: "after",
    toMiddleware: "retryMiddleware",
    name: "lossyNetwork",
  });
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      ...TABLE_SCHEMA,
    }),
  );
  return {
    client,
    tableName: TABLE,
    requests,
    side() {
      clusters += 1;
      return {
        table: dynamoTable({ client, tableName: TABLE, cluster: `cluster-${clusters}` }),
        loseAnswer: () => {
          losses = 1;
        },
        loseCaller: () => {
          losses = ATTEMPTS;
        },
      };
    },
    async close() {
      client.destroy();
      await stop();
    },
  };
}
