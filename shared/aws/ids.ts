import { randomBytes } from "node:crypto";
import type { Ids } from "../lifecycle/ports.ts";

/** Identifiers from the operating system's randomness: the only place of the product that draws any. */
export const randomIds: Ids = {
  kafkaUuid() {
    // Kafka draws again too where a uuid would look like an option on a command line (org.apache.kafka.common.Uuid).
    for (;;) {
      const uuid = randomBytes(16).toString("base64url");
      if (!uuid.startsWith("-")) return uuid;
    }
  },
};
