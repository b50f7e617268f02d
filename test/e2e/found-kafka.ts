/** Kafka for tests, or why there is none. */
import { fileURLToPath } from "node:url";
import { type Exhibitor, findExhibitor } from "../../lab/kafka/exhibitor.ts";
import { findKafkaAlsoBeside, type Kafka } from "../../lab/kafka/jars.ts";
import type { Mode } from "../../shared/cluster/definition.ts";

export type FoundKafka = Kafka | { readonly missing: string };

const SEARCH = {
  environment: process.env,
  cache: fileURLToPath(new URL("../../.lab", import.meta.url)),
  say: (line: string) => console.log(line),
};

export const kafkaFor = (mode: Mode): Promise<FoundKafka> => findKafkaAlsoBeside({ mode, ...SEARCH });

/** Exhibitor for the ZooKeeper of that Kafka; what is missing of either. */
export const exhibitorFor = async (kafka: FoundKafka): Promise<Exhibitor | { readonly missing: string }> =>
  "missing" in kafka ? kafka : findExhibitor(SEARCH, kafka);

/** For the title of what is skipped without Kafka. */
export const kafkaTitle = (kafka: FoundKafka): string =>
  "missing" in kafka ? `real Kafka (wants: ${kafka.missing})` : `real Kafka ${kafka.version}`;
