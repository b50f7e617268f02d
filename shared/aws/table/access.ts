/** The access mark on DynamoDB. */
import type { Table } from "../../lifecycle/ports.ts";
import { toAttributes } from "./attributes.ts";
import { accessKey, toAccessMark } from "./items.ts";
import type { Partition } from "./partition.ts";

/** How the mark is kept: the latest check wins, whenever its write arrives. */
export function dynamoAccess(partition: Partition): Pick<Table, "saveAccess"> {
  return {
    //   PUT mark
    //   IF  there is none, or it is of no later time
    async saveAccess(mark) {
      const answer = await partition.put(accessKey, toAttributes(mark), {
        condition: "attribute_not_exists(pk) OR #at <= :at",
        names: { "#at": "at" },
        values: { ":at": { N: String(mark.at) } },
      });
      if (answer === "done") return mark;
      const standing = await partition.get(accessKey);
      return standing ? toAccessMark(standing) : mark;
    },
  };
}
