/** Kafka's own view beside the roster. Pure. */
import type { Definition } from "../../shared/cluster/definition.ts";
import { quorumRole } from "../../shared/cluster/role-kinds.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { FleetSight, KafkaSight, ListenerSight } from "../../shared/lifecycle/sights.ts";
import { examine, type Finding } from "./finding.ts";

export interface KafkaSights {
  readonly fleet: FleetSight;
  readonly contents: TableContents;
  readonly kafka: Extract<KafkaSight, { seen: true }>;
  readonly listeners: ReadonlyMap<number, ListenerSight>;
}

/** @param sights Kafka asked about every id that the definition has */
export function kafkaFindings(definition: Definition, { fleet, contents, kafka, listeners }: KafkaSights): Finding[] {
  const serving = new Set(
    fleet.groups.flatMap((g) => g.members.filter((m) => m.state === "InService").map((m) => m.instance)),
  );
  const quorum = quorumRole(definition);
  const brokers = contents.rosters.get("broker")?.members ?? new Map();
  const registered = [...kafka.brokers.values()].filter((b) => b.registered).length;
  // Those that launch are asked, too, and may not listen yet.
  const heard = [...listeners.values()].filter((port) => port === "listening");
  return [
    ...examine("Kafka", `${registered} brokers, each the one that the roster has`, (report) => {
      // On ZooKeeper the first broker makes the cluster's id by itself.
      const founded = definition.kafka.mode === "kraft" ? contents.quorum : undefined;
      if (founded && founded.clusterId !== kafka.clusterId)
        report(
          "wrong",
          `Kafka's cluster id is ${kafka.clusterId}, and this cluster was founded as ${founded.clusterId}`,
          "another Kafka answers at these addresses: compare the brokers' own addresses with rollcall status",
        );
      for (const [id, sight] of kafka.brokers) {
        const member = brokers.get(id);
        const where = sight.registered && `${sight.registered.host}:${sight.registered.port}`;
        if (sight.registered && !member?.owner)
          report(
            "wrong",
            `broker ${id} is registered at ${where}, and nobody holds that id`,
            "find out what runs there; it is none of this cluster's nodes",
          );
        else if (sight.registered && member?.address !== undefined && sight.registered.host !== member.address)
          report(
            "wrong",
            `broker ${id} is registered at ${where}, and the roster has it at ${member.address}`,
            `rollcall explain ${member.owner}`,
          );
        else if (!sight.registered && member?.owner && serving.has(member.owner))
          report(
            "wrong",
            `broker ${id} (${member.owner}) is in service, and Kafka does not count it in`,
            `rollcall explain ${member.owner}`,
          );
        if (sight.missing > 0)
          report(
            "note",
            `broker ${id} is missing from the ISR of ${sight.missing} of its ${sight.replicas} partitions, such as ${sight.example}`,
          );
      }
      if ([...kafka.brokers.values()].every((b) => b.missing === 0)) {
        for (const [id, { registered: there, stop }] of kafka.brokers) {
          if (there && !stop.safe)
            report(
              "note",
              `broker ${id} can never be stopped in order, though all is in sync: ${stop.reason}`,
              "give the topic more replicas than its min ISR, or name it in safety.ignoreTopics",
            );
        }
      }
    }),
    ...examine("quorum", `${heard.length} ${quorum.name}s listen`, (report) => {
      for (const [id, port] of listeners) {
        const owner = contents.rosters.get(quorum.name)?.members.get(id)?.owner;
        if (port !== "listening" && owner !== undefined && serving.has(owner))
          report(
            "wrong",
            `${quorum.name} ${id} (${owner}) is in service, and its port is ${port}`,
            `rollcall explain ${owner}`,
          );
      }
      if (listeners.size === 0 && contents.quorum?.formed)
        report("wrong", `no ${quorum.name} was heard`, "rollcall status");
    }),
  ];
}
