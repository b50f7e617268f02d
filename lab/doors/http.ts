/** The HTTP door: the modelled cloud at an endpoint of its own, for the AWS CLI and for SDK clients alike. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type DoorOptions, openDoor } from "./door.ts";
import type { WireRequest } from "./wire.ts";

export interface HttpDoorOptions extends DoorOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface HttpDoor {
  /** For `AWS_ENDPOINT_URL`, e.g. `http://127.0.0.1:41235`. */
  readonly endpoint: string;
  /** Stops listening and cuts every connection, calls in progress included. */
  close(): Promise<void>;
}

/** Rejects where it cannot listen there. */
export async function startHttpDoor({ host, port, ...options }: HttpDoorOptions): Promise<HttpDoor> {
  const door = openDoor(options);
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch((error: unknown) => {
      // Only a connection that broke: the door itself answers whatever comes.
      options.log?.(`a request to ${incoming.url} was cut off: ${String(error)}`);
      outgoing.destroy();
    });
  });
  // A connection closed for idleness just as a client uses it again would look like a fault that nobody injected.
  server.keepAliveTimeout = 0;

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { status, headers, body } = await door(await receive(incoming));
    // The answer to HEAD says how long the body is that it does not have.
    outgoing.writeHead(status, { "content-length": body.length, ...headers });
    outgoing.end(body);
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error(`the door listens at ${address}, not at a port`);
  return {
    endpoint: `http://${host}:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function receive(incoming: IncomingMessage): Promise<WireRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const url = new URL(incoming.url ?? "/", "http://door");
  return {
    method: incoming.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(",") : (value ?? ""),
      ]),
    ),
    body: new Uint8Array(Buffer.concat(chunks)),
  };
}
