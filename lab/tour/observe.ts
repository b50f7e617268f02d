/** The cluster as it is now, from the cloud's own state, the table, and Kafka: what the view shows and the tour waits for. */
import { groupOf, type Role } from "../../shared/cluster/definition.ts";
import { isQuorum, kindOf, quorumServers } from "../../shared/cluster/role-kinds.ts";
import { questionFor } from "../../shared/lifecycle/look.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { KafkaSight, ListenerSight, RosterMember } from "../../shared/lifecycle/sights.ts";
import type { Lab } from "../lab.ts";
import type { NodeSnapshot } from "../view/snapshot.ts";

export interface Observation {
  readonly nodes: readonly NodeSnapshot[];
  readonly contents: TableContents;
  readonly kafka?: KafkaSight;
}

/** A look at Kafka is made anew after this long, ms: each one connects to brokers that have other things to do. */
const KAFKA_EVERY = 1_500;
/** Rows that say no more than that all is well, that somebody else says it, or what the states show anyway. */
const QUIET: ReadonlySet<string> = new Set([
  "event/look",
  "gone/forget",
  "in-service/4",
  "launch/11",
  "launch/begin",
  "state/attended",
  "state/foreign",
  "state/leave-alone",
  "state/pending",
  "terminate/1",
  "terminate/begin",
]);
/** Registered with Kafka still, though its machine has ended: until its session does. */
const UNNOTICED = "not missed yet";

export class Observer {
  readonly #lab: Lab;
  #kafka: { at: number; brokers?: KafkaSight; listeners?: ReadonlyMap<string, ListenerSight> } = { at: 0 };

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  async observe(): Promise<Observation> {
    const contents = await this.#lab.table.readAll();
    await this.#lookAtKafka(contents);
    const { brokers } = this.#kafka;
    return { nodes: this.#nodes(contents), contents, ...(brokers && { kafka: brokers }) };
  }

  /** A sight of Kafka that is no older than this moment. */
  async freshKafka(contents: TableContents): Promise<KafkaSight> {
    return this.#lab.kafka.brokers(questionFor(this.#lab.definition, contents.rosters));
  }

  async #lookAtKafka(contents: TableContents): Promise<void> {
    const { definition, kafka, clock } = this.#lab;
    if (clock.now() - this.#kafka.at < KAFKA_EVERY) return;
    const question = questionFor(definition, contents.rosters);
    const [brokers, listeners] = await Promise.all([
      question.bootstrap.length > 0 ? kafka.brokers(question) : undefined,
      kafka.listeners(quorumServers(definition)),
    ]);
    this.#kafka = { at: clock.now(), listeners, ...(brokers && { brokers }) };
  }

  #nodes({ rosters }: TableContents): NodeSnapshot[] {
    const { cloud, definition, journal } = this.#lab;
    const { groups, instances, interfaces } = cloud.snapshot();
    const ec2 = new Map(instances.map((i) => [i.id, i]));
    const attached = new Map(interfaces.map((i) => [i.address, i.attachment?.instance]));
    return groups.flatMap((group) => {
      const place = groupOf(definition, group.name);
      if (!place) return [];
      return group.members.map((member): NodeSnapshot => {
        const held = [...(rosters.get(place.role.name)?.members.values() ?? [])].find(
          (m) => m.owner === member.instance,
        );
        const pooled = place.role.pool?.find((p) => p.id === held?.id);
        const machine = ec2.get(member.instance);
        const own = pooled && attached.get(pooled.address) !== member.instance ? undefined : pooled;
        const address = own?.address ?? machine?.address;
        const running = machine?.state === "running";
        const saying = journal.latest(member.instance);
        const quiet = saying === undefined || QUIET.has(saying.row ?? "");
        return {
          instance: member.instance,
          role: place.role.name,
          zone: place.zone,
          scaling: member.state,
          ec2: machine?.state ?? "",
          kafka: held && address !== undefined ? this.#standing(place.role, held, address, running) : "",
          ...(held && { id: held.id }),
          ...(address !== undefined && { address }),
          ...(!quiet && { status: saying.message, held: saying.grave }),
        };
      });
    });
  }

  #standing(role: Role, { id }: RosterMember, address: string, running: boolean): string {
    if (isQuorum(role)) {
      const listens = this.#kafka.listeners?.get(`${address}:${kindOf(role).port}`) === "listening";
      return listens && running ? "listening" : "";
    }
    const sight = this.#kafka.brokers?.seen ? this.#kafka.brokers.brokers.get(id) : undefined;
    if (!sight) return "";
    if (!sight.registered) return "out";
    // Whoever had the id before is not this node.
    if (sight.registered.host !== address) return "out";
    if (!running) return UNNOTICED;
    return sight.replicas === 0 ? "registered" : `in sync ${sight.replicas - sight.missing}/${sight.replicas}`;
  }
}
