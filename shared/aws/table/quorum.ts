/** The quorum mark on DynamoDB. */
import type { Table } from "../../lifecycle/ports.ts";
import type { QuorumMark } from "../../lifecycle/sights.ts";
import { founderLeft, quorumFormed } from "../../members/quorum.ts";
import { toAttribute } from "./attributes.ts";
import { quorumKey, toQuorumMark } from "./items.ts";
import type { Partition } from "./partition.ts";

/** How the mark is kept: founded once, by whoever is first, and formed once. */
export function dynamoQuorum(partition: Partition): Pick<Table, "found" | "form" | "leaveFounding"> {
  const standing = async (): Promise<QuorumMark | undefined> => {
    const item = await partition.get(quorumKey);
    return item && toQuorumMark(item);
  };
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
      const founded = item === "refused" ? await standing() : toQuorumMark(item);
      if (!founded) throw new Error(`could not found quorum ${mark.clusterId}: another's mark was there and is gone`);
      return founded;
    },

    //   SET formed = true
    //   IF  there is a mark, and no more founders have left it than were seen to
    async form(seen) {
      const left = seen.left?.length ?? 0;
      const item = await partition.change(quorumKey, {
        update: "SET formed = :formed",
        condition:
          left === 0
            ? "attribute_exists(pk) AND attribute_not_exists(#left)"
            : "attribute_exists(pk) AND size(#left) = :left",
        names: { "#left": "left" },
        values: { ":formed": { BOOL: true }, ...(left > 0 && { ":left": { N: String(left) } }) },
      });
      if (item !== "refused") return toQuorumMark(item);
      return (await standing()) ?? quorumFormed(undefined, seen);
    },

    //   ADD that instance to those that left
    //   IF  the quorum has not formed
    async leaveFounding(instance) {
      const item = await partition.change(quorumKey, {
        update: "ADD #left :instance",
        condition: "formed = :formed",
        names: { "#left": "left" },
        values: { ":formed": { BOOL: false }, ":instance": { SS: [instance] } },
      });
      if (item !== "refused") return toQuorumMark(item);
      return (await standing()) ?? founderLeft(undefined, instance);
    },
  };
}
