/**
 * How AWS is reached, and with what patience: the same for every client. Credentials, and an endpoint other than AWS's own
 * (`AWS_ENDPOINT_URL`), the SDK reads from the environment itself.
 */
import type { DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";

/** What is left out is the SDK's to find. */
export interface Connection
  extends Pick<DynamoDBClientConfig, "credentials" | "endpoint" | "requestHandler" | "retryStrategy"> {
  readonly region: string;
}

/** Until a connection stands, ms: within a region it takes a few, so a second means that it will not. */
const CONNECT = 1_000;
/** Connections at once, so that a crowd of claims does not queue for them. */
const SOCKETS = 200;
/** The first and two more; whoever is not served then is better off looking again. */
const ATTEMPTS = 3;

/** @param answer until the API answers, ms */
export function clientSettings(connection: Connection, answer: number) {
  return {
    maxAttempts: ATTEMPTS,
    retryMode: "standard",
    requestHandler: {
      connectionTimeout: CONNECT,
      requestTimeout: answer,
      throwOnRequestTimeout: true,
      httpsAgent: { maxSockets: SOCKETS },
      httpAgent: { maxSockets: SOCKETS },
    },
    ...connection,
  };
}
