/**
 * Messages that are written all the time while brokers come and go, and at the end the proof that every acknowledged one can be
 * read where the acknowledgement said. Each value is written once: a message of unknown outcome is never sent again.
 */
import type { Clock } from "../shared/lifecycle/ports.ts";
import { compare, type Message, type Verification } from "./workload/compare.ts";
import type { Login, NewTopic } from "./workload/connection.ts";
import { notWritten, Topic } from "./workload/topic.ts";

export interface WorkloadOptions {
  readonly topic: NewTopic;
  /** `host:port` of brokers that may answer: asked anew each time. */
  readonly bootstrap: () => readonly string[];
  /** A real one. */
  readonly clock: Clock;
  /** Messages a second, all partitions together. */
  readonly rate: number;
  /** The first part of every value; unique among the workloads of one topic. */
  readonly producer: string;
  /** How long the topic may take to come to be, ms. */
  readonly within: number;
  /** Where brokers ask who writes and reads: asked anew for each connection. */
  readonly login?: () => Login;
}

export interface Workload {
  /** So far. */
  counts(): { readonly acknowledged: number; readonly unknown: number };
  /** Writes no more; resolves when nothing is under way. */
  stop(): Promise<void>;
  /**
   * Stops; waits until all replicas are in sync, reads everything on fresh connections, and compares.
   *
   * @throws {Error} where it is not done within that many ms: then nothing is proven
   */
  verify(within: number): Promise<Verification>;
}

/** After a message that was not acknowledged, ms. */
const PAUSE = 200;

/** Creates the topic where it is not there, and begins. */
export async function startWorkload(options: WorkloadOptions): Promise<Workload> {
  const { topic: newTopic, bootstrap, clock, rate, producer, within, login } = options;
  const topic = new Topic(newTopic, bootstrap, clock, login);
  try {
    await topic.create(within);
  } catch (error) {
    topic.close();
    throw error;
  }

  const acknowledged: Message[] = [];
  let unknown = 0;
  let stopped = false;
  const interval = (1000 * newTopic.partitions) / rate;

  async function write(partition: number): Promise<void> {
    for (let sequence = 0; !stopped; ) {
      const value = `${producer}/${partition}/${sequence}`;
      try {
        acknowledged.push({ partition, offset: await topic.produce(partition, value), value });
        sequence += 1;
        await clock.wait(interval);
      } catch (error) {
        if (!notWritten(error)) {
          unknown += 1;
          sequence += 1;
        }
        await clock.wait(PAUSE);
      }
    }
  }

  const writers = Array.from({ length: newTopic.partitions }, (_, partition) => write(partition));

  async function stop(): Promise<void> {
    stopped = true;
    await Promise.all(writers);
    topic.close();
  }

  return {
    counts: () => ({ acknowledged: acknowledged.length, unknown }),
    stop,
    async verify(within) {
      await stop();
      const reader = new Topic(newTopic, bootstrap, clock, login);
      try {
        await reader.inSync(within);
        return compare({ acknowledged, unknown }, await reader.readAll(within));
      } finally {
        reader.close();
      }
    },
  };
}
