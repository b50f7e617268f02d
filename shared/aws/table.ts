/**
 * The table on DynamoDB: every change one conditional write of one item, every read strongly consistent. `members/` says
 * in plain functions what the conditions say here; both sides are held to one suite.
 */
import type { RoleName } from "../cluster/definition.ts";
import type { Table } from "../lifecycle/ports.ts";
import type { AccessMark, QuorumMark, Roster, Turn } from "../lifecycle/sights.ts";
import { emptyRoster, roleNames } from "../members/roster.ts";
import { dynamoAccess } from "./table/access.ts";
import {
  accessKey,
  quorumKey,
  recordKey,
  recordPrefix,
  rosterKey,
  toAccessMark,
  toQuorumMark,
  toRecord,
  toRoster,
  toTurn,
  turnKey,
} from "./table/items.ts";
import { type Items, type PartitionOptions, partition } from "./table/partition.ts";
import { dynamoQuorum } from "./table/quorum.ts";
import { dynamoRecords } from "./table/record.ts";
import { dynamoRoster } from "./table/roster.ts";
import { dynamoTurn } from "./table/turn.ts";

/** The cluster's table. Every call throws where DynamoDB fails or an item is broken, saying what was being done to which item. */
export function dynamoTable(options: PartitionOptions): Table {
  const own = partition(options);
  return {
    async read(instance) {
      const key = recordKey(instance);
      const items = await own.pick([...roleNames.map(rosterKey), turnKey, quorumKey, accessKey, key]);
      const record = items.get(key);
      return { ...clusterPart(items), ...(record ? { record: toRecord(record) } : {}) };
    },

    async readAll() {
      const items = await own.all();
      const records = [...items].filter(([sk]) => sk.startsWith(recordPrefix)).map(([, item]) => toRecord(item));
      return { ...clusterPart(items), records: new Map(records.map((record) => [record.instance, record])) };
    },

    ...dynamoRoster(own),
    ...dynamoRecords(own),
    ...dynamoTurn(own),
    ...dynamoQuorum(own),
    ...dynamoAccess(own),
  };
}

interface ClusterPart {
  readonly rosters: ReadonlyMap<RoleName, Roster>;
  readonly turn?: Turn;
  readonly quorum?: QuorumMark;
  readonly access?: AccessMark;
}

/** What every reader is told: each role's roster, the turn, the quorum and access marks. */
function clusterPart(items: Items): ClusterPart {
  const turn = items.get(turnKey);
  const quorum = items.get(quorumKey);
  const access = items.get(accessKey);
  const rosters = roleNames.map((role) => {
    const item = items.get(rosterKey(role));
    return [role, item ? toRoster(role, item) : emptyRoster(role)] as const;
  });
  return {
    rosters: new Map(rosters),
    ...(turn ? { turn: toTurn(turn) } : {}),
    ...(quorum ? { quorum: toQuorumMark(quorum) } : {}),
    ...(access ? { access: toAccessMark(access) } : {}),
  };
}
