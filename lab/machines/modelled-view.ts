/** Kafka's own view of the modelled cluster, through the same rules that the real view's answers go through. */

import type { QuorumAsked } from "../../shared/cluster/role-kinds.ts";
import type { Partition } from "../../shared/kafka/availability.ts";
import { ensembleSight, type MemberSight } from "../../shared/kafka/ensemble.ts";
import type { Login, LoginSource } from "../../shared/kafka/login.ts";
import { type Answer, quorumLost, sightOf } from "../../shared/kafka/sight.ts";
import type { NetworkView } from "../../shared/lifecycle/ports.ts";
import type { ListenerSight } from "../../shared/lifecycle/sights.ts";
import type { ModelledKafka } from "./modelled-kafka.ts";
import type { NodeProcess } from "./modelled-process.ts";

/** As many brokers as the real view asks at most. */
const WITNESSES = 2;

/** All of KafkaView that does not go through a node's script, for whoever has that login. */
export function modelledKafkaView(kafka: ModelledKafka, login?: LoginSource): NetworkView {
  return {
    async brokers(question) {
      const lost = quorumLost(
        new Map(question.quorum.map((server) => [server, quorumListener(kafka, server, question.asked)])),
      );
      if (lost !== undefined) return { seen: false, reason: lost };
      const witnesses = question.bootstrap
        .filter((server) => listenerAt(kafka, server) === "listening")
        .slice(0, WITNESSES);
      for (const server of witnesses) {
        const refusal = await refusalOf(kafka, server, login);
        if (refusal !== undefined) return { seen: false, denied: true, reason: `${server}: ${refusal}` };
      }
      const answers = witnesses.map((server): Answer => answerOf(kafka, server));
      const silent = kafka.registered().filter(({ host, port }) => !kafka.listenerAt(host, port));
      return sightOf(question, {
        answers,
        minIsr: new Map(kafka.partitions().map(({ topic, minIsr }) => [topic, minIsr])),
        silent: new Set(silent.map(({ id }) => id)),
      });
    },
    async ensemble(members) {
      return ensembleSight(members, async (server) => srvr(kafka, server));
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

/** Why that broker does not let whoever looks in, or not see; undefined where it does both. */
async function refusalOf(kafka: ModelledKafka, server: string, login?: LoginSource): Promise<string | undefined> {
  const broker = processAt(kafka, server);
  if (broker?.login === undefined) return undefined;
  if (!login) return "SASL authentication is needed";
  const known = await login.current();
  const lets = ({ username, password }: Login) => kafka.access.lets(username, password);
  if (!lets(known) && !lets(await login.renewed(known))) return "SaslAuthenticationException";
  return kafka.access.letsSee(known.username) || !broker.authorizes ? undefined : "not authorised to describe";
}

/** What a member answers to `srvr`. */
function srvr(kafka: ModelledKafka, server: string): MemberSight {
  const member = processAt(kafka, server);
  if (!member) return { serves: false, answers: false, why: listenerAt(kafka, server) };
  if (!kafka.serves(member)) return { serves: false, answers: true, why: "not currently serving requests" };
  const { leader, voters } = kafka.quorum();
  const zxid = voters.find(({ id }) => id === member.id)?.logEndOffset ?? 0;
  return { serves: true, mode: leader === member.id ? "leader" : "follower", zxid };
}

/** A ZooKeeper member without a majority accepts connections all the same. */
function quorumListener(kafka: ModelledKafka, server: string, asked: QuorumAsked): ListenerSight {
  if (asked === "tool") return listenerAt(kafka, server);
  const sight = srvr(kafka, server);
  return sight.serves ? "listening" : sight.answers ? "refused" : "silent";
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
  const [host = ""] = server.split(":");
  if (processAt(kafka, server)) return "listening";
  return kafka.isPlugged(host) ? "refused" : "silent";
}

function processAt(kafka: ModelledKafka, server: string): NodeProcess | undefined {
  const [host = "", port = ""] = server.split(":");
  return kafka.listenerAt(host, Number(port));
}
