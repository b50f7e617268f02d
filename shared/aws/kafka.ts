/** Kafka as seen from outside the VPC: through the Kafka function, but for a KRaft quorum, which a node's own tools tell of. */
import { decodeKafkaResponse, encodeKafkaRequest, type KafkaRequest, type KafkaResponse } from "../kafka/wire.ts";
import { commandComment } from "../lifecycle/perform.ts";
import type { Clock, Commands, KafkaView } from "../lifecycle/ports.ts";
import type { CommandSight, QuorumSight, SentCommand } from "../lifecycle/sights.ts";
import { calling } from "./call.ts";
import type { Lambda } from "./clients.ts";

export interface KafkaViewOptions {
  /** Loads Lambda's client at the first use. */
  readonly lambda: () => Promise<Lambda>;
  /** Name or ARN of the function inside the VPC. */
  readonly functionName: string;
  readonly commands: Commands;
  readonly clock: Clock;
}

/** How long a node's tools may take to answer about the quorum, ms; a JVM starts for it. */
const VERIFY = 20_000;
/** Between two looks at whether they have, ms. */
const POLL = 250;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The port's real side. What cannot be asked is an error; what Kafka does not answer is a sight with `seen: false`. */
export function awsKafkaView({ lambda, functionName, commands, clock }: KafkaViewOptions): KafkaView {
  async function ask(request: KafkaRequest): Promise<KafkaResponse> {
    const Payload = encoder.encode(JSON.stringify(encodeKafkaRequest(request)));
    const { client, api } = await lambda();
    const command = new api.InvokeCommand({ FunctionName: functionName, Payload });
    const answer = await calling(`ask Kafka through ${functionName}`, client.send(command));
    const text = decoder.decode(answer.Payload);
    if (answer.FunctionError) throw new Error(`${functionName} failed: ${text.slice(0, 500)}`);
    return decodeKafkaResponse(JSON.parse(text));
  }

  async function verify(instance: string): Promise<QuorumSight> {
    const sent = clock.now();
    const command: SentCommand = { action: "verify", digest: "", attempt: 1, sent };
    const comment = commandComment(command);
    const answer = await commands.send({
      instance,
      action: "verify",
      payload: "",
      issued: sent,
      comment,
      timeout: VERIFY,
    });
    if (answer === "unreachable") return unseen(`${instance} cannot be reached`);
    while (clock.now() - sent < VERIFY) {
      await clock.wait(POLL);
      const sight = await commands.look(instance, { ...command, id: answer.id });
      if (sight.status !== "pending" && sight.status !== "running") return quorumOf(instance, sight);
    }
    return unseen(`${instance} has not answered within ${VERIFY / 1000} s`);
  }

  return {
    async brokers(question) {
      try {
        const { brokers } = await ask({ brokers: question });
        return brokers ?? { ...unseen(`${functionName} did not answer about brokers`), unasked: true };
      } catch (error) {
        return { ...unseen(reasonOf(error)), unasked: true };
      }
    },

    async listeners(servers) {
      if (servers.length === 0) return new Map();
      const { listeners } = await ask({ listeners: servers });
      if (!listeners) throw new Error(`${functionName} did not answer about listeners ${servers.join(", ")}`);
      return listeners;
    },

    async ensemble(members) {
      try {
        const { ensemble } = await ask({ ensemble: members });
        return ensemble ?? unseen(`${functionName} did not answer about the ensemble`);
      } catch (error) {
        return unseen(reasonOf(error));
      }
    },

    async quorum(instance) {
      try {
        return await verify(instance);
      } catch (error) {
        return unseen(reasonOf(error));
      }
    },
  };
}

function quorumOf(instance: string, { status, answer, detail }: CommandSight): QuorumSight {
  if (status === "success" && answer?.quorum) return { seen: true, ...answer.quorum };
  return unseen(`${instance} cannot see the quorum: ${answer?.error ?? detail}`);
}

function unseen(reason: string): { readonly seen: false; readonly reason: string } {
  return { seen: false, reason };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
