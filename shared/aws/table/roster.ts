/** The roster on DynamoDB: claim, release and service, each one conditional write of the role's one item. */
import type { RoleName } from "../../cluster/definition.ts";
import type { Table } from "../../lifecycle/ports.ts";
import type { Roster } from "../../lifecycle/sights.ts";
import { claimed, emptyRoster, holds } from "../../members/roster.ts";
import { toAttribute } from "./attributes.ts";
import { rosterKey, toRoster } from "./items.ts";
import type { Change, Partition } from "./partition.ts";

/** How often a claim is made again at once where the reason it was refused for is gone when it is looked for. */
const CLAIM_ROUNDS = 4;

/** How a role's ids are held. A refused change is no error: the answer is the roster as it stands. */
export function dynamoRoster(partition: Partition): Pick<Table, "claim" | "release" | "serve" | "noteGeneration"> {
  async function read(role: RoleName): Promise<Roster | undefined> {
    const item = await partition.get(rosterKey(role));
    return item && toRoster(role, item);
  }

  /** The roster as it stands after a claim, whether that was won, refused or in doubt; undefined where none was created yet. */
  async function rosterAfter(role: RoleName, id: number, instance: string, claim: Change): Promise<Roster | undefined> {
    try {
      const item = await partition.change(rosterKey(role), claim);
      return item === "refused" ? await read(role) : toRoster(role, item);
    } catch (error) {
      const roster = await read(role).catch(() => undefined);
      if (roster && holds(roster, id, instance)) return roster;
      throw error;
    }
  }

  /** A change that only the id's holder may make; the roster that stands then, changed or not. */
  async function changeHeld(role: RoleName, id: number, instance: string, held: Change): Promise<Roster> {
    const item = await partition.change(rosterKey(role), {
      ...held,
      condition: "members.#id.#owner = :me",
      names: { "#id": String(id), "#owner": "owner", ...held.names },
      values: { ":me": { S: instance }, ...held.values },
    });
    if (item !== "refused") return toRoster(role, item);
    return (await read(role)) ?? emptyRoster(role);
  }

  /** Makes the maps that a claim writes into: a path can be SET only inside a map that is there. */
  async function create(role: RoleName): Promise<void> {
    await partition.change(rosterKey(role), {
      update: "SET members = if_not_exists(members, :none), addresses = if_not_exists(addresses, :none)",
      values: { ":none": { M: {} } },
    });
  }

  return {
    // That one id has two holders, or one holder two ids, is excluded by one write:
    //
    //   SET members.<id> = {owner: me, …}   the id is mine …
    //   ADD owners me                       … and I am one of those who hold one
    //   IF  members exists                  the roster was created
    //   AND members.<id>.owner is absent    the id is fresh or vacant
    //   AND owners does not contain me      I hold no other
    //
    // A refusal alone proves nothing: when an answer is lost the SDK asks again, and is refused by its own success. So whether
    // the claim was won is read from the roster. Nor does a call that failed: it may have taken effect before.
    async claim(role, wanted, instance) {
      const { id, zone, since, address, generation } = wanted;
      const claim: Change = {
        update: `SET members.#id = :member${address === undefined ? "" : ", addresses.#id = :address"} ADD owners :us`,
        condition:
          "attribute_exists(members) AND attribute_not_exists(members.#id.#owner) AND NOT contains(owners, :me)",
        names: { "#id": String(id), "#owner": "owner" },
        values: {
          ":member": toAttribute({ owner: instance, zone, since, ...(generation !== undefined && { generation }) }),
          ":me": { S: instance },
          ":us": { SS: [instance] },
          ...(address === undefined ? {} : { ":address": { S: address } }),
        },
      };
      for (let round = 1; ; round += 1) {
        const roster = await rosterAfter(role, id, instance, claim);
        if (!roster) {
          if (round >= CLAIM_ROUNDS) throw new Error(`could not claim ${role} ${id}: its roster vanishes once created`);
          await create(role);
          continue;
        }
        const won = holds(roster, id, instance);
        const refusedInVain = !won && claimed(roster, wanted, instance).won;
        if (!refusedInVain || round >= CLAIM_ROUNDS) return { won, roster };
      }
    },

    //   SET    members.<id>.since = now     vacant since now; zone and service stay
    //          members.<id>.retired = true  if its group has no more use for it
    //          addresses.<id> = address     where a node of it last ran
    //   REMOVE members.<id>.owner
    //   DELETE owners me
    //   IF     members.<id>.owner = me
    async release(role, id, instance, now, { address, retired }) {
      const placed = address === undefined ? "" : ", addresses.#id = :address";
      const resting = retired === undefined ? "" : ", members.#id.retired = :retired";
      return changeHeld(role, id, instance, {
        update: `SET members.#id.since = :now${resting}${placed} REMOVE members.#id.#owner DELETE owners :us`,
        values: {
          ":now": { N: String(now) },
          ":us": { SS: [instance] },
          ...(address === undefined ? {} : { ":address": { S: address } }),
          ...(retired === undefined ? {} : { ":retired": { BOOL: retired } }),
        },
      });
    },

    //   SET addresses.<id> = address        it is reached there
    //   ADD served id                       it was in service, and stays known for it
    //   IF  members.<id>.owner = me
    async serve(role, id, instance, address) {
      return changeHeld(role, id, instance, {
        update: "SET addresses.#id = :address ADD served :id",
        values: { ":address": { S: address }, ":id": { NS: [String(id)] } },
      });
    },

    //   SET members.<id>.generation = generation
    //   IF  members.<id>.owner = me
    async noteGeneration(role, id, instance, generation) {
      return changeHeld(role, id, instance, {
        update: "SET members.#id.generation = :generation",
        values: { ":generation": { N: String(generation) } },
      });
    },
  };
}
