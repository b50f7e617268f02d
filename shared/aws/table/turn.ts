/** The turn on DynamoDB. */
import type { Table } from "../../lifecycle/ports.ts";
import { toTurn, turnKey } from "./items.ts";
import type { Partition } from "./partition.ts";

/** How often the turn is asked for again at once where it was given back between a refusal and the look at who has it. */
const TURN_ROUNDS = 4;

export function dynamoTurn(partition: Partition): Pick<Table, "takeTurn" | "giveTurn"> {
  return {
    //   SET role, id, instance, reason = what is asked for
    //   SET since = when it was first taken
    //   IF  nobody has the turn, or the same instance
    async takeTurn(turn) {
      for (let round = 0; round < TURN_ROUNDS; round += 1) {
        const item = await partition.change(turnKey, {
          update:
            "SET #role = :role, #id = :id, #instance = :instance, #reason = :reason, #since = if_not_exists(#since, :since)",
          condition: "attribute_not_exists(pk) OR #instance = :instance",
          names: { "#role": "role", "#id": "id", "#instance": "instance", "#reason": "reason", "#since": "since" },
          values: {
            ":role": { S: turn.role },
            ":id": { N: String(turn.id) },
            ":instance": { S: turn.instance },
            ":reason": { S: turn.reason },
            ":since": { N: String(turn.since) },
          },
        });
        const standing = item === "refused" ? await partition.get(turnKey) : item;
        if (standing) return toTurn(standing);
      }
      throw new Error(`could not take the turn for ${turn.instance}: it changes hands at every look`);
    },

    //   DELETE turn
    //   IF     it is that member's
    async giveTurn(role, id) {
      await partition.remove(turnKey, {
        condition: "#role = :role AND #id = :id",
        names: { "#role": "role", "#id": "id" },
        values: { ":role": { S: role }, ":id": { N: String(id) } },
      });
    },
  };
}
