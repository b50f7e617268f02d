import { readFileSync } from "node:fs";
import { awsClients } from "../aws/clients.ts";
import { awsPorts } from "../aws/ports.ts";
import { readPackagedDefinition } from "../cluster/packaged.ts";
import type { Plan } from "../lifecycle/facts.ts";
import { planFor } from "../lifecycle/plan.ts";
import type { Ports } from "../lifecycle/ports.ts";
import { environmentOf } from "./environment.ts";
import { powertools, type Telemetry } from "./telemetry.ts";

/** What a function is made of. */
export interface FunctionOptions {
  readonly plan: Plan;
  readonly ports: Ports;
  /** Absent: quiet. */
  readonly telemetry?: Telemetry;
}

/**
 * What the function of that name is made of in Lambda: the definition packaged beside it, and AWS.
 *
 * @throws {EnvironmentError} where its environment variables are not as they must be
 * @throws where the packaged definition cannot be read, or is not valid
 */
export function production(service: string): FunctionOptions {
  const environment = environmentOf(process.env);
  const definition = readPackagedDefinition(
    JSON.parse(readFileSync(environment.definition, "utf8")),
    environment.definition,
  );
  const telemetry = powertools(service, definition.cluster);
  const ports = awsPorts({
    clients: awsClients({ region: definition.region }),
    definition,
    tableName: environment.table,
    kafkaFunction: environment.kafkaFunction,
    log: telemetry.log,
  });
  return { plan: planFor(definition), ports, telemetry };
}
