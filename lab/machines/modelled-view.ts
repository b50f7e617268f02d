/** Kafka's own view of the modelled cluster, through the same rules that the real view's answers go through. */

import type { Partition } from "../../shared/kafka/availability.ts";
import { type Answer, quorumLost, sightOf } from "../../shared/kafka/sight.ts";
import type { KafkaView } from "../../shared/lifecycle/ports.ts";
import type { ListenerSight } from "../../shared/lifecycle/sights.ts";
import type { ModelledKafka } from "./modelled-kafka.ts";

/** As many brokers as the real view asks at most. */
const WITNESSES = 2;

/** All of KafkaView that does not go through a node's script. */
export function modelledKafkaView(kafka: ModelledKafka): Pick<KafkaView, "brokers" | "listeners"> {
  return {
    async brokers(question) {
      const lost = quorumLost(new Map(question.quorum.map((server) => [server, listenerAt(kafka, server)])));
      if (lost !== undefined) return { seen: false, reason: lost };
      const answers = question.bootstrap
        .filter((server) => listenerAt(kafka, server) === "listening")
        .slice(0, WITNESSES)
        .map((server): Answer => answerOf(kafka, server));
      const silent = kafka.registered().filter(({ host, port }) => !kafka.listenerAt(host, port));
      return sightOf(question, {
        answers,
        minIsr: new Map(kafka.partitions().map(({ topic, minIsr }) => [topic, minIsr])),
        silent: new Set(silent.map(({ id }) => id)),
      });
    },
    async listeners(servers) {
      return new Map(servers.map((server) => [server, listenerAt(kafka, server)]));
    },
  };
}

/** Every partition in the shape that the safety rules take. */
export function brokerPartitions(kafka: ModelledKafka): Partition[] {
  return kafka.partitions().map(({ topic, index, leader, replicas, isr, minIsr }) => ({
    topic,
    partition: index,
    leader: leader === -1 ? undefined : leader,
    replicas,
    isr,
    minIsr,
  }));
}

function answerOf(kafka: ModelledKafka, server: string): Answer {
  return {
    server,
    clusterId: kafka.clusterId ?? "",
    brokers: new Map(kafka.registered().map(({ id, host, port }) => [id, { host, port }])),
    partitions: brokerPartitions(kafka),
  };
}

function listenerAt(kafka: ModelledKafka, server: string): ListenerSight {
  const [host = "", port = ""] = server.split(":");
  if (kafka.listenerAt(host, Number(port))) return "listening";
  return kafka.isPlugged(host) ? "refused" : "silent";
}
