/**
 * Invariant 4: a launch gets CONTINUE only once Kafka itself counts the node in. Kafka's own truth, not what Rollcall was told
 * of it: the modelled Kafka says it at any moment.
 */
import { hookName } from "../../shared/aws/names.ts";
import { isQuorum } from "../../shared/cluster/role-kinds.ts";
import type { QuorumReplica } from "../../shared/lifecycle/sights.ts";
import type { LoggedCall } from "../cloud/calls.ts";
import type { Partition } from "../machines/modelled-partition.ts";
import { nameOf, type RunningNode } from "./moment.ts";

/** As `ModelledKafka` tells. */
export interface KafkaTruth {
  /** Processes that have not ended. */
  processes(): readonly (RunningNode & {
    readonly address: string;
    readonly directory: { readonly directoryId: string };
  })[];
  /** Registered and unfenced. */
  registered(): readonly { readonly id: number; readonly host: string }[];
  partitions(): readonly Partition[];
  quorum(): { readonly leader: number; readonly voters: readonly QuorumReplica[] };
}

/** The instance that this call let into service; undefined where it did no such thing. */
export function letIn({ service, action, input, ended }: LoggedCall): string | undefined {
  if (service !== "autoscaling" || action !== "CompleteLifecycleAction" || ended !== "answered") return undefined;
  const asked = input as { InstanceId?: string; LifecycleHookName?: string; LifecycleActionResult?: string };
  const lets = asked.LifecycleHookName === hookName("launch") && asked.LifecycleActionResult === "CONTINUE";
  return lets ? asked.InstanceId : undefined;
}

/**
 * Why Kafka does not count that instance's node in; undefined where it does.
 *
 * @param isr whether a broker has to be in every ISR that it belongs to; near its action's limit it need not
 */
export function notCountedIn(kafka: KafkaTruth, instance: string, isr: boolean): string | undefined {
  const node = kafka.processes().find((p) => p.instance === instance);
  if (!node) return "no Kafka runs on it";
  const name = nameOf(node);
  if (isQuorum({ name: node.role })) {
    const { leader, voters } = kafka.quorum();
    if (leader === -1) return "the quorum has no leader";
    const voter = voters.find((v) => v.id === node.id && v.directoryId === node.directory.directoryId);
    if (!voter) return `${name} is not a voter`;
    return voter.caughtUpAgo === 0 ? undefined : `${name} has not caught up with the quorum's log`;
  }
  const registration = kafka.registered().find((b) => b.id === node.id);
  if (!registration) return `${name} is not registered, or fenced`;
  if (registration.host !== node.address)
    return `${name} is registered at ${registration.host}, not at ${node.address}`;
  if (!isr) return undefined;
  const missing = kafka.partitions().filter((p) => p.replicas.includes(node.id) && !p.isr.includes(node.id));
  const [first] = missing;
  return first && `${name} is missing from the ISR of ${missing.length} partitions (${first.topic}-${first.index})`;
}
