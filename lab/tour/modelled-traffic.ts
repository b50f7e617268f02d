/** Traffic on a modelled cluster: the model itself keeps count of what its imagined producers had acknowledged, and lost. */
import type { Clock } from "../../shared/lifecycle/ports.ts";
import type { ModelledKafka } from "../machines/modelled-kafka.ts";
import type { Traffic } from "./traffic.ts";
import { until } from "./until.ts";

export const TOPIC = "tour";
const WHOLE_LIMIT = 60_000;

export async function startModelledTraffic(kafka: ModelledKafka, clock: Clock): Promise<Traffic> {
  kafka.createTopic(TOPIC, { partitions: 6, replication: 3, minIsr: 2 });
  return {
    get acknowledged() {
      return kafka.messages().acknowledged;
    },
    async finish() {
      const behind = () => kafka.partitions().filter((p) => p.isr.length < p.replicas.length);
      const whole = () => (behind().length === 0 ? true : undefined);
      await until(clock, "every replica in sync", WHOLE_LIMIT, whole, () => `${behind().length} partitions lack one`);
      const { acknowledged, lost } = kafka.messages();
      const violations = kafka.violations.length;
      if (violations > 0)
        throw new Error(`the model saw ${violations} violations: ${JSON.stringify(kafka.violations)}`);
      return { acknowledged, read: acknowledged - lost, lost, duplicated: 0 };
    },
    async abort() {},
  };
}
