/** The cluster that a command is about: its definition, and AWS as the operator reaches it. */
import { readFileSync } from "node:fs";
import { type StackNames, stackNames } from "../resources/names.ts";
import { awsClients, type Connection } from "../shared/aws/clients.ts";
import { awsPorts } from "../shared/aws/ports.ts";
import type { Definition } from "../shared/cluster/definition.ts";
import { parseDefinition } from "../shared/cluster/parse.ts";
import type { Plan } from "../shared/lifecycle/facts.ts";
import { planFor } from "../shared/lifecycle/plan.ts";
import type { Clock, Ports } from "../shared/lifecycle/ports.ts";
import { type OperatorClients, operatorClients } from "./aws/clients.ts";
import { reasonOf, UsageError } from "./exit.ts";

export interface Cluster {
  readonly definition: Definition;
  readonly plan: Plan;
  readonly ports: Ports;
  readonly names: StackNames;
  readonly clients: OperatorClients;
  close(): void;
}

/** The variable that stands in for `--cluster`. */
export const CLUSTER_VARIABLE = "ROLLCALL_CLUSTER";

/** A connection from anywhere in the world, ms; within a region the functions want an answer much sooner. */
const FROM_AFAR = { connectionTimeout: 5_000, requestTimeout: 25_000, throwOnRequestTimeout: true } as const;

/**
 * @param file the definition's; the one that was deployed, or what is rendered from it is not what the nodes have
 * @param connection what is not to be found by the SDK itself
 * @throws {UsageError} where it cannot be read; a DefinitionError where it is wrong
 */
export function openCluster(file: string | undefined, clock: Clock, connection: Partial<Connection> = {}): Cluster {
  const definition = readDefinition(file);
  const settings: Connection = { region: definition.region, requestHandler: FROM_AFAR, ...connection };
  const clients = awsClients(settings);
  const own = operatorClients(settings);
  const names = stackNames(definition);
  const ports = awsPorts({
    clients,
    definition,
    tableName: names.table,
    kafkaFunction: names.kafkaFunction,
    log: { info() {}, warn() {} },
    clock,
  });
  return {
    definition,
    plan: planFor(definition),
    ports,
    names,
    clients: own,
    close() {
      clients.destroy();
      own.destroy();
    },
  };
}

function readDefinition(file: string | undefined): Definition {
  if (file === undefined) {
    throw new UsageError(`which cluster? Give its definition: --cluster FILE, or set ${CLUSTER_VARIABLE}`);
  }
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(
      `--cluster ${file} cannot be read (${reasonOf(error)}); name the definition that was deployed`,
    );
  }
  return parseDefinition(text, file);
}
