/** The turn on DynamoDB. */
import type { Table } from "../../lifecycle/ports.ts";
import type { Turn } from "../../lifecycle/sights.ts";
import { toTurn, turnKey } from "./items.ts";
import type { Partition } from "./partition.ts";

/** How often the turn is asked for again at once where it was given back between a refusal and the look at who has it. */
const TURN_ROUNDS = 4;

/** How the turn is held: by one member at a time, given back only by who knows it to the letter. */
export function dynamoTurn(partition: Partition): Pick<Table, "takeTurn" | "giveTurn"> {
  return {
    //   SET role, id, instance, reason, since = what is asked for
    //   IF  nobody has the turn, or the same member
    async takeTurn(turn) {
      for (let round = 0; round < TURN_ROUNDS; round += 1) {
        const item = await partition.change(turnKey, {
          update: "SET #role = :role, #id = :id, #instance = :instance, #reason = :reason, #since = :since",
          condition: "attribute_not_exists(pk) OR (#role = :role AND #id = :id)",
          names: NAMES,
          values: valuesOf(turn),
        });
        const standing = item === "refused" ? await partition.get(turnKey) : item;
        if (standing) return toTurn(standing);
      }
      throw new Error(`could not take the turn for ${turn.instance}: it changes hands at every look`);
    },

    //   DELETE turn
    //   IF     it is that very one
    async giveTurn(turn) {
      await partition.remove(turnKey, {
        condition: "#role = :role AND #id = :id AND #instance = :instance AND #reason = :reason AND #since = :since",
        names: NAMES,
        values: valuesOf(turn),
      });
    },
  };
}

const NAMES = { "#role": "role", "#id": "id", "#instance": "instance", "#reason": "reason", "#since": "since" };

function valuesOf(turn: Turn) {
  return {
    ":role": { S: turn.role },
    ":id": { N: String(turn.id) },
    ":instance": { S: turn.instance },
    ":reason": { S: turn.reason },
    ":since": { N: String(turn.since) },
  };
}
