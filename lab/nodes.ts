/** The two kinds of nodes that a lab can run, each with what goes with it: Kafka's view, traffic, and what to call it. */

import type { Mode } from "../shared/cluster/definition.ts";
import { ensembleSight } from "../shared/kafka/ensemble.ts";
import { probeListeners } from "../shared/kafka/listeners.ts";
import type { LoginSource } from "../shared/kafka/login.ts";
import { brokerView } from "../shared/kafka/view.ts";
import type { NetworkView } from "../shared/lifecycle/ports.ts";
import type { RealClock } from "./clock.ts";
import type { Truth } from "./invariants/truth.ts";
import type { Exhibitor } from "./kafka/exhibitor.ts";
import type { Kafka } from "./kafka/jars.ts";
import type { MachineKind } from "./machines/machine.ts";
import { modelledMachines } from "./machines/modelled.ts";
import { NODE_DURATIONS, type NodeDurations } from "./machines/modelled-durations.ts";
import { type KafkaDurations, ModelledKafka } from "./machines/modelled-kafka.ts";
import { modelledKafkaView } from "./machines/modelled-view.ts";
import { realMachines } from "./machines/real.ts";
import { seededRandom } from "./random.ts";
import type { Findings } from "./summary.ts";
import { dumpSessions, type Sessions } from "./tour/ensemble.ts";
import { startModelledTraffic } from "./tour/modelled-traffic.ts";
import { startRealTraffic } from "./tour/real-traffic.ts";
import type { StartTraffic } from "./tour/traffic.ts";

export interface Nodes {
  readonly machines: MachineKind;
  /** Kafka as whoever has that login sees it. */
  readonly view: (login?: LoginSource) => NetworkView;
  readonly truth: Truth;
  readonly kafka: Findings["kafka"];
  readonly startTraffic: StartTraffic;
  /** The session behind each broker's node in ZooKeeper, by the node's path, as those members (`host:port`) have it. */
  readonly sessions: Sessions;
  /** Of real machines: has a directory for each. */
  readonly folder?: string;
  /** Fewest acknowledged messages for a tour to prove anything. */
  readonly atLeast: number;
}

/** Modelled nodes have nothing to work on, so the lab's are several times as quick as real ones. All in ms. */
const QUICK_KAFKA: KafkaDurations = {
  jvm: 800,
  quorum: { election: 300, catchUp: 300, voterChange: 200 },
  broker: {
    registerRetry: 250,
    registerTimeout: 60_000,
    metadata: 200,
    session: 3_000,
    heartbeat: 500,
    copy: 700,
    follow: 200,
    shutdown: 400,
    shutdownTimeout: 300_000,
  },
};
const QUICK_NODES: NodeDurations = {
  ...NODE_DURATIONS,
  plug: 200,
  script: 100,
  tool: 200,
  toolTimeout: 1_500,
  settle: 400,
  boot: 1_500,
  restart: 250,
};

/** @param reason why they are not real */
export function modelledNodes(clock: RealClock, reason: string, mode: Mode = "kraft"): Nodes {
  const kafka = new ModelledKafka({ clock, mode, durations: QUICK_KAFKA });
  return {
    machines: modelledMachines({ clock, random: seededRandom(1), kafka, durations: QUICK_NODES }),
    view: (login) => modelledKafkaView(kafka, login),
    truth: { processes: () => kafka.processes(), kafka },
    kafka: { real: false, version: "modelled", reason },
    startTraffic: () => startModelledTraffic(kafka, clock),
    sessions: async () => kafka.sessions(),
    atLeast: 100,
  };
}

/** @param exhibitor what starts its ensemble's members, where systemd does not */
export function realNodes({ home, version, java }: Kafka, dir: string, clock: RealClock, exhibitor?: Exhibitor): Nodes {
  const supervised = exhibitor ? { exhibitorHome: exhibitor.home } : {};
  const machines = realMachines({ dir, kafkaHome: home, java, clock, ...supervised });
  return {
    machines,
    folder: machines.folder,
    view: (login) => ({
      brokers: brokerView(login ? { login } : {}),
      listeners: probeListeners,
      ensemble: ensembleSight,
    }),
    truth: { processes: () => machines.processes() },
    kafka: { real: true, version },
    startTraffic: (bootstrap, writer) => startRealTraffic(bootstrap, clock, writer),
    sessions: dumpSessions,
    atLeast: 1_000,
  };
}
