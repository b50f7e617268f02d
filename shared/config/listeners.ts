/** The listeners of a cluster's Kafka nodes, and the protocol that each speaks. */
import type { Definition } from "../cluster/definition.ts";

export type Protocol = "PLAINTEXT" | "SASL_PLAINTEXT" | "SASL_SSL";

export interface Listener {
  readonly name: string;
  readonly protocol: Protocol;
}

/** Where clients and other brokers reach a broker. */
export function clientListener({ security }: Pick<Definition, "security">): Listener {
  if (!security) return { name: "PLAINTEXT", protocol: "PLAINTEXT" };
  return { name: "CLIENTS", protocol: security.encrypt ? "SASL_SSL" : "SASL_PLAINTEXT" };
}

/** Where brokers and other controllers reach a controller. */
export function controllerListener({ security }: Pick<Definition, "security">): Listener {
  return { name: "CONTROLLER", protocol: security ? "SASL_SSL" : "PLAINTEXT" };
}
