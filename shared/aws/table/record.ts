/** Records on DynamoDB. */
import type { Table } from "../../lifecycle/ports.ts";
import { toAttributes } from "./attributes.ts";
import { recordKey } from "./items.ts";
import type { Condition, Partition } from "./partition.ts";

/** How records are kept: each written only over the version that was read. */
export function dynamoRecords(partition: Partition): Pick<Table, "save" | "drop"> {
  return {
    // A record is written only over the version it was read at:
    //
    //   PUT record with version + 1
    //   IF  there is none (version 0), or its version is the one read
    //
    // After a lost answer the SDK is refused by its own success and the answer is `changed`: the caller looks again.
    async save(record) {
      const saved = { ...record, version: record.version + 1 };
      const unmoved: Condition =
        record.version === 0
          ? { condition: "attribute_not_exists(pk)" }
          : {
              condition: "#version = :version",
              names: { "#version": "version" },
              values: { ":version": { N: String(record.version) } },
            };
      const answer = await partition.put(recordKey(record.instance), toAttributes(saved), unmoved);
      return answer === "refused" ? "changed" : saved;
    },

    async drop(instance) {
      await partition.remove(recordKey(instance));
    },
  };
}
