/** The quorum mark on DynamoDB. */
import type { Table } from "../../lifecycle/ports.ts";
import { quorumFormed } from "../../members/quorum.ts";
import { toAttribute } from "./attributes.ts";
import { quorumKey, toQuorumMark } from "./items.ts";
import type { Partition } from "./partition.ts";

/** How the mark is kept: founded once, by whoever is first, and formed once. */
export function dynamoQuorum(partition: Partition): Pick<Table, "found" | "form"> {
  return {
    //   SET clusterId, voters, formed = false
    //   IF  there is no mark
    async found(mark) {
      const item = await partition.change(quorumKey, {
        update: "SET clusterId = :clusterId, voters = :voters, formed = :formed",
        condition: "attribute_not_exists(pk)",
        values: {
          ":clusterId": { S: mark.clusterId },
          ":voters": toAttribute(mark.voters),
          ":formed": { BOOL: false },
        },
      });
      const standing = item === "refused" ? await partition.get(quorumKey) : item;
      if (!standing) throw new Error(`could not found quorum ${mark.clusterId}: another's mark was there and is gone`);
      return toQuorumMark(standing);
    },

    //   SET formed = true
    //   IF  there is a mark
    async form() {
      const item = await partition.change(quorumKey, {
        update: "SET formed = :formed",
        condition: "attribute_exists(pk)",
        values: { ":formed": { BOOL: true } },
      });
      return item === "refused" ? quorumFormed(undefined) : toQuorumMark(item);
    },
  };
}
