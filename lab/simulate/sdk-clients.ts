/**
 * The SDK's own clients on the in-process door: the same calls by the long way, with all that the wire does to them. What they
 * do meanwhile goes through the event loop, so whoever moves the clock has to know when they have come to rest.
 */
import type { RetryErrorInfo, RetryStrategyV2, RetryToken } from "@smithy/types";
import { awsClients, type Clients } from "../../shared/aws/clients.ts";
import { inProcessHandler } from "../doors/in-process.ts";
import type { Inside } from "./containers.ts";
import { type Kind, pause } from "./retrying.ts";
import { REGION } from "./shape.ts";

/** How much the SDK is doing on its own, in all clients. */
export class Busy {
  #count = 0;

  /** Until nothing is on its way. */
  async rest(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.#count > 0);
  }

  /** Something that the SDK does. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await work();
    } finally {
      this.#count -= 1;
    }
  }

  /** Something that it only waits for. It may never end: then nobody waits for it any more. */
  async aside<T>(work: () => Promise<T>): Promise<T> {
    this.#count -= 1;
    try {
      return await work();
    } finally {
      this.#count += 1;
    }
  }
}

export function sdkClients(inside: Inside, busy: Busy): Clients {
  const { gateway, caller } = inside;
  const door = inProcessHandler({
    cloud: {
      call: (service, action, input) => busy.aside(() => gateway.call(service, action, input)),
      register() {},
    },
  });
  const clients = awsClients({
    region: REGION,
    credentials: { accessKeyId: caller.role, secretAccessKey: "simulated" },
    requestHandler: door,
    retryStrategy: retries(inside, busy),
  });
  const watched = <Client extends { send: unknown }>(client: Client): Client => {
    const send = (client.send as (command: unknown) => Promise<unknown>).bind(client);
    return Object.assign(client, { send: (command: unknown) => busy.during(() => send(command)) });
  };
  const loaded = <Loaded extends { readonly client: { send: unknown } }>(load: () => Promise<Loaded>) => {
    let once: Promise<Loaded> | undefined;
    return (): Promise<Loaded> => {
      once ??= busy.during(load).then((found) => {
        watched(found.client);
        return found;
      });
      return once;
    };
  };
  return {
    ...clients,
    autoScaling: watched(clients.autoScaling),
    ec2: loaded(() => clients.ec2()),
    lambda: loaded(() => clients.lambda()),
    ssm: loaded(() => clients.ssm()),
  };
}

interface Token extends RetryToken {
  readonly count: number;
}

/** As `retrying` does it, on the clock of the history. */
function retries({ clock }: Inside, busy: Busy): RetryStrategyV2 {
  const token = (count: number): Token => ({ count, getRetryCount: () => count, getRetryDelay: () => 0 });
  return {
    acquireInitialRetryToken: async () => token(0),
    async refreshRetryTokenForRetry(standing, info) {
      const attempt = standing.getRetryCount() + 1;
      const ms = pause(kindOf(info), attempt);
      if (ms === undefined) throw new Error("not to be tried again");
      await busy.aside(() => clock.wait(ms));
      return token(attempt);
    },
    recordSuccess() {},
  };
}

function kindOf({ errorType }: RetryErrorInfo): Kind | undefined {
  if (errorType === "THROTTLING") return "throttling";
  return errorType === "CLIENT_ERROR" ? undefined : "transient";
}
