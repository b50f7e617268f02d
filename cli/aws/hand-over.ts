/** The cluster's functions, as whoever hands them an event sees them. */
import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { calling } from "../../shared/aws/call.ts";

/** Hands it over to be handled later, with Lambda's own retries; what fails for good is kept in the failure queue again. */
export async function handOver(client: LambdaClient, functionName: string, event: unknown): Promise<void> {
  const Payload = new TextEncoder().encode(JSON.stringify(event));
  const command = new InvokeCommand({ FunctionName: functionName, InvocationType: "Event", Payload });
  await calling(`hand an event to ${functionName}`, client.send(command));
}
