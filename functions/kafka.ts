import middy from "@middy/core";
import { awsSecrets } from "../shared/aws/secrets.ts";
import { ensembleSight } from "../shared/kafka/ensemble.ts";
import { probeListeners } from "../shared/kafka/listeners.ts";
import { observerLogin } from "../shared/kafka/login.ts";
import { brokerView } from "../shared/kafka/view.ts";
import { decodeKafkaRequest, encodeKafkaResponse } from "../shared/kafka/wire.ts";
import { kafkaEnvironmentOf } from "../shared/lambda/environment.ts";
import { atFirstCall } from "../shared/lambda/handler.ts";
import type { NetworkView } from "../shared/lifecycle/ports.ts";

/**
 * Kafka's own view, for the functions outside the VPC: they invoke this one with a question and get the answer, in
 * `shared/kafka/wire.ts`'s form. Its one right in AWS, where the cluster asks who it is, is to read its own password and, behind
 * TLS, whom to believe; and that is all it keeps between invocations.
 */
export function kafkaHandler(view: NetworkView) {
  return middy(async (event: unknown): Promise<unknown> => {
    const { brokers, listeners, ensemble } = decodeKafkaRequest(event);
    const [sight, probed, quorum] = await Promise.all([
      brokers === undefined ? undefined : view.brokers(brokers),
      listeners === undefined ? undefined : view.listeners(listeners),
      ensemble === undefined ? undefined : view.ensemble(ensemble),
    ]);
    return encodeKafkaResponse({
      ...(sight === undefined ? {} : { brokers: sight }),
      ...(probed === undefined ? {} : { listeners: probed }),
      ...(quorum === undefined ? {} : { ensemble: quorum }),
    });
  });
}

/** The view of the cluster that this environment belongs to. */
function networkView(env: NodeJS.ProcessEnv): NetworkView {
  const asked = kafkaEnvironmentOf(env);
  return {
    brokers: brokerView(asked ? { login: observerLogin(awsSecrets({ region: asked.region }), asked.secrets) } : {}),
    listeners: probeListeners,
    ensemble: ensembleSight,
  };
}

/** What Lambda calls. */
export const handler = atFirstCall(() => kafkaHandler(networkView(process.env)));
