/** Kafka for tests, or why there is none. */
import { fileURLToPath } from "node:url";
import { findKafka, type Kafka } from "../../lab/kafka/jars.ts";
import type { Mode } from "../../shared/cluster/definition.ts";

export type FoundKafka = Kafka | { readonly missing: string };

/** `KAFKA_HOME` can be of one kind only: for the other one, jars of the lab's own are taken. */
export async function kafkaFor(mode: Mode): Promise<FoundKafka> {
  const search = {
    mode,
    cache: fileURLToPath(new URL("../../.lab", import.meta.url)),
    say: (line: string) => console.log(line),
  };
  const found = await findKafka({ ...search, environment: process.env });
  if (!("missing" in found) || !process.env.KAFKA_HOME) return found;
  const { KAFKA_HOME: _other, ...environment } = process.env;
  return findKafka({ ...search, environment });
}

/** For the title of what is skipped without Kafka. */
export const kafkaTitle = (kafka: FoundKafka): string =>
  "missing" in kafka ? `real Kafka (wants: ${kafka.missing})` : `real Kafka ${kafka.version}`;
