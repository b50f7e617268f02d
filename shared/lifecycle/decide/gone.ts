/** EC2 has ended the instance, or nobody knows it any more: everything it held is free. */
import type { RoleName } from "../../cluster/definition.ts";
import type { Facts } from "../facts.ts";
import type { GroupMember, InstanceRecord, TableSight } from "../sights.ts";
import type { Change, Step } from "../steps.ts";
import { change, settled } from "./scene.ts";

/** Frees the id, and tells whoever takes it over of the node that may have run: a configuration is noted before it is sent. */
export function freeing(
  record: InstanceRecord | undefined,
  role: RoleName,
  id: number,
): Extract<Change, { kind: "release" }> {
  return { kind: "release", role, id, left: record?.address === undefined ? {} : { address: record.address } };
}

/** The next step for an instance that EC2 has ended; see the table *gone* in docs/architecture.md. */
export function decideGone(facts: Facts, table: TableSight, member: GroupMember | undefined): Step {
  for (const roster of table.rosters.values()) {
    for (const held of roster.members.values()) {
      if (held.owner !== facts.instance) continue;
      // Only EC2's own word frees an id without a confirmed stop: nothing runs on it any more (invariant 3).
      return change(
        "gone/free",
        `EC2 has ended it: ${roster.role} ${held.id} is free`,
        freeing(table.record, roster.role, held.id),
        "ec2",
        "table",
      );
    }
  }
  if (member?.state === "Terminating:Wait") {
    return change(
      "gone/complete",
      "EC2 has ended it: nothing to wait for",
      { kind: "complete", action: "terminate", result: "CONTINUE" },
      "fleet",
      "ec2",
    );
  }
  if (member?.state === "Pending:Wait") {
    return change(
      "gone/complete",
      "EC2 has ended it while it launched",
      { kind: "complete", action: "launch", result: "ABANDON" },
      "fleet",
      "ec2",
    );
  }
  if (member) return settled("gone/noticed", "EC2 has ended it; its group will notice");
  // Whoever no group lists came here since it held an id or has a record; so that is what is left.
  return change("gone/forget", "EC2 has ended it, and it holds nothing", { kind: "drop-record" }, "ec2", "table");
}
