/** Traffic on a real cluster: unique values, each acknowledged by at least two replicas. */
import type { Clock } from "../../shared/lifecycle/ports.ts";
import { startWorkload } from "../workload.ts";
import type { Traffic, Writer } from "./traffic.ts";

const TOPIC = { name: "tour", partitions: 6, replication: 3, minIsr: 2 } as const;
/** Messages a second: enough to notice any gap, and no burden to six JVMs on two cores. */
const RATE = 60;
const CREATE_LIMIT = 30_000;
const VERIFY_LIMIT = 90_000;

export async function startRealTraffic(bootstrap: () => string[], clock: Clock, writer?: Writer): Promise<Traffic> {
  const workload = await startWorkload({
    topic: writer ? { ...TOPIC, name: writer.topic } : TOPIC,
    ...(writer && { login: writer.login }),
    bootstrap,
    clock,
    rate: RATE,
    producer: "tour",
    within: CREATE_LIMIT,
  });
  return {
    get acknowledged() {
      return workload.counts().acknowledged;
    },
    async finish() {
      const { acknowledged, read, lost, duplicated } = await workload.verify(VERIFY_LIMIT);
      return { acknowledged, read, lost, duplicated };
    },
    abort: () => workload.stop(),
  };
}
