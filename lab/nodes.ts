/** The two kinds of nodes that a lab can run, each with what goes with it: Kafka's view, traffic, and what to call it. */

import { probeListeners } from "../shared/kafka/listeners.ts";
import { brokerView } from "../shared/kafka/view.ts";
import type { KafkaView } from "../shared/lifecycle/ports.ts";
import type { RealClock } from "./clock.ts";
import type { Kafka } from "./kafka/jars.ts";
import type { MachineKind } from "./machines/machine.ts";
import { modelledMachines } from "./machines/modelled.ts";
import { ModelledKafka } from "./machines/modelled-kafka.ts";
import { modelledKafkaView } from "./machines/modelled-view.ts";
import { realMachines } from "./machines/real.ts";
import { seededRandom } from "./random.ts";
import type { Findings } from "./summary.ts";
import { startModelledTraffic } from "./tour/modelled-traffic.ts";
import { startRealTraffic } from "./tour/real-traffic.ts";
import type { Traffic } from "./tour/tour.ts";

export interface Nodes {
  readonly machines: MachineKind;
  readonly view: Pick<KafkaView, "brokers" | "listeners">;
  readonly kafka: Findings["kafka"];
  readonly startTraffic: (bootstrap: () => string[]) => Promise<Traffic>;
  /** Fewest acknowledged messages for a tour to prove anything. */
  readonly atLeast: number;
}

/** @param reason why they are not real */
export function modelledNodes(clock: RealClock, reason: string): Nodes {
  const kafka = new ModelledKafka({ clock });
  return {
    machines: modelledMachines({ clock, random: seededRandom(1), kafka }),
    view: modelledKafkaView(kafka),
    kafka: { real: false, version: "modelled", reason },
    startTraffic: () => startModelledTraffic(kafka, clock),
    atLeast: 100,
  };
}

export function realNodes({ home, version, java }: Kafka, dir: string, clock: RealClock): Nodes {
  return {
    machines: realMachines({ dir, kafkaHome: home, java, clock }),
    view: { brokers: brokerView(), listeners: probeListeners },
    kafka: { real: true, version },
    startTraffic: (bootstrap) => startRealTraffic(bootstrap, clock),
    atLeast: 1_000,
  };
}
