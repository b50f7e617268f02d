/** Kafka for tests, or why there is none. */
import { fileURLToPath } from "node:url";
import { findKafkaAlsoBeside, type Kafka } from "../../lab/kafka/jars.ts";
import type { Mode } from "../../shared/cluster/definition.ts";

export type FoundKafka = Kafka | { readonly missing: string };

export const kafkaFor = (mode: Mode): Promise<FoundKafka> =>
  findKafkaAlsoBeside({
    mode,
    environment: process.env,
    cache: fileURLToPath(new URL("../../.lab", import.meta.url)),
    say: (line) => console.log(line),
  });

/** For the title of what is skipped without Kafka. */
export const kafkaTitle = (kafka: FoundKafka): string =>
  "missing" in kafka ? `real Kafka (wants: ${kafka.missing})` : `real Kafka ${kafka.version}`;
