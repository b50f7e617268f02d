/** What a cluster is in the end, without what no two of its histories have in common: instances, addresses, times. */
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { Stage } from "./stage.ts";

export function endState({ cloud, kafka }: Stage, contents: TableContents): readonly string[] {
  const groups = cloud.groups.all().map(({ name, desired }) => {
    const states = cloud.groups.members(name).map((m) => `${m.state}${m.healthy ? "" : ", unhealthy"}`);
    return `${name}: ${desired} desired, ${states.sort().join(" and ")}`;
  });
  const members = [...contents.rosters.values()].flatMap(({ role, members }) =>
    [...members.values()].map(
      ({ id, zone, owner, served }) =>
        `${role} ${id} in ${zone}: ${owner === undefined ? "vacant" : "held"}, ${served ? "served" : "never served"}`,
    ),
  );
  const brokers = kafka.registered().map(({ id }) => `Kafka counts in ${id}`);
  const partitions = kafka
    .partitions()
    .map(
      ({ topic, index, isr, replicas }) => `${topic}-${index}: ${replicas.join()} of which ${isr.toSorted().join()}`,
    );
  const { turn, quorum, records } = contents;
  return [
    ...groups,
    ...members,
    ...brokers,
    ...partitions,
    `quorum ${quorum?.formed ? "formed" : "not formed"}`,
    `turn ${turn ? `of ${turn.role} ${turn.id}` : "free"}`,
    `${records.size} records, ${[...records.values()].filter((record) => record.hold).length} of them held`,
  ];
}
