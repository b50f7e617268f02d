/**
 * The parts of kafkajs 2.2.4 below its public clients that `metadata.ts` speaks the protocol with. The public admin client
 * throws away a whole Metadata response as soon as one partition has no leader, which is when it is needed most.
 */
declare module "kafkajs/src/broker/index.js" {
  import type { Logger } from "kafkajs";
  import type ConnectionPool from "kafkajs/src/network/connectionPool.js";
  import type { Definition, Exchange } from "kafkajs/src/protocol/requests/index.js";

  export default class Broker {
    constructor(options: {
      connectionPool: ConnectionPool;
      logger: Logger;
      authenticationTimeout?: number;
      allowAutoTopicCreation?: boolean;
    });
    /** Connects, asks for the API versions, authenticates. */
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    /** The request of the highest version that both sides know; only after `connect`. */
    lookupRequest<Request>(apiKey: number, definition: Definition<Request>): (request: Request) => Exchange;
  }
}

declare module "kafkajs/src/broker/saslAuthenticator/scram512.js" {
  import type { Authenticator, SaslAuthenticationArgs } from "kafkajs/src/network/connectionPool.js";

  export default function scram512(credential: {
    readonly username: string;
    readonly password: string;
  }): (args: SaslAuthenticationArgs) => Authenticator;
}

declare module "kafkajs/src/network/connectionPool.js" {
  import type { ConnectionOptions } from "node:tls";
  import type { ISocketFactory, Logger } from "kafkajs";
  import type { Exchange } from "kafkajs/src/protocol/requests/index.js";

  export interface Authenticator {
    authenticate(): Promise<void>;
  }

  export interface SaslAuthenticationArgs {
    readonly host: string;
    readonly port: number;
    readonly logger: Logger;
    readonly saslAuthenticate: (exchange: object) => Promise<unknown>;
  }

  export default class ConnectionPool {
    constructor(options: {
      host: string;
      port: number;
      clientId: string;
      /** Milliseconds. */
      connectionTimeout: number;
      requestTimeout: number;
      ssl?: ConnectionOptions;
      sasl?: {
        readonly mechanism: string;
        readonly authenticationProvider: (args: SaslAuthenticationArgs) => Authenticator;
      };
      socketFactory: ISocketFactory;
      logger: Logger;
    });
    /** Answers what the exchange's `parse` makes of the decoded response. */
    send(exchange: Exchange): Promise<unknown>;
  }
}

declare module "kafkajs/src/network/requestQueue/index.js" {
  export default class RequestQueue {
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests(): void;
  }
}

declare module "kafkajs/src/network/socketFactory.js" {
  import type { ISocketFactory } from "kafkajs";

  export default function createSocketFactory(): ISocketFactory;
}

declare module "kafkajs/src/protocol/requests/apiKeys.js" {
  const apiKeys: { readonly Metadata: number; readonly DescribeConfigs: number; readonly DescribeAcls: number };
  export default apiKeys;
}

declare module "kafkajs/src/protocol/requests/index.js" {
  export interface Definition<Request> {
    readonly versions: readonly string[];
    protocol(choice: { version: number }): (request: Request) => Exchange;
  }

  export interface Exchange {
    readonly request: object;
    readonly response: {
      decode(payload: Uint8Array): Promise<unknown>;
      parse(decoded: unknown): Promise<unknown>;
    };
  }

  const protocol: {
    readonly requests: {
      readonly Metadata: Definition<{ topics: readonly string[]; allowAutoTopicCreation: boolean }>;
      readonly DescribeConfigs: Definition<{
        resources: readonly { type: number; name: string; configNames: readonly string[] }[];
        includeSynonyms: boolean;
      }>;
      readonly DescribeAcls: Definition<{
        resourceType: number;
        resourceName: string | null;
        resourcePatternType: number;
        principal: string | null;
        host: string | null;
        operation: number;
        permissionType: number;
      }>;
    };
  };
  export default protocol;
}
