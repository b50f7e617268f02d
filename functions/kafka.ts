import middy from "@middy/core";
import { probeListeners } from "../shared/kafka/listeners.ts";
import { brokerView } from "../shared/kafka/view.ts";
import { decodeKafkaRequest, encodeKafkaResponse } from "../shared/kafka/wire.ts";
import type { KafkaView } from "../shared/lifecycle/ports.ts";

/**
 * Kafka's own view, for the functions outside the VPC: they invoke this one with a question and get the answer, in
 * `shared/kafka/wire.ts`'s form. It has no AWS rights and keeps nothing between invocations.
 */
export function kafkaHandler(view: Pick<KafkaView, "brokers" | "listeners">) {
  return middy(async (event: unknown): Promise<unknown> => {
    const { brokers, listeners } = decodeKafkaRequest(event);
    const [sight, probed] = await Promise.all([
      brokers === undefined ? undefined : view.brokers(brokers),
      listeners === undefined ? undefined : view.listeners(listeners),
    ]);
    return encodeKafkaResponse({
      ...(sight === undefined ? {} : { brokers: sight }),
      ...(probed === undefined ? {} : { listeners: probed }),
    });
  });
}

export const handler = kafkaHandler({ brokers: brokerView(), listeners: probeListeners });
