/** Asserts the invariants all through the tour: whenever something has changed, and a few times a second anyway. */
import { isDeepStrictEqual } from "node:util";
import { isQuorum, ROLE_KINDS } from "../../shared/cluster/role-kinds.ts";
import { questionFor } from "../../shared/lifecycle/look.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import { letIn } from "../invariants/counted-in.ts";
import { type Moment, nameOf } from "../invariants/moment.ts";
import { parametersText, SECRET_FORMS } from "../invariants/secrets.ts";
import type { Truth } from "../invariants/truth.ts";
import { Invariants } from "../invariants.ts";
import type { Saying } from "../journal.ts";
import type { Lab } from "../lab.ts";
import { isOwnChange } from "./own-calls.ts";

export interface Guard {
  /** Takes the last look; answers everything that was broken, in words. */
  stop(): Promise<readonly string[]>;
}

/** The longest between two looks, ms. */
const PERIOD = 300;

export function keepGuard(lab: Lab, truth: Truth): Guard {
  const { cloud, clock } = lab;
  const invariants = new Invariants({
    definition: () => lab.definition,
    secrets: SECRET_FORMS,
    ...(truth.kafka && { kafka: truth.kafka }),
  });
  const reader = new Reader(lab, invariants);
  const pending = new Set<Promise<void>>();
  let stopped = false;
  let looking: Promise<void> | undefined;
  let again = false;

  const failed = (error: unknown): void => {
    // A rule that could not be asserted is not one that was kept.
    if (!stopped) invariants.breach(0, `not asserted: ${error instanceof Error ? error.message : error}`, clock.now());
  };
  const look = async (): Promise<void> => {
    do {
      again = false;
      const { contents, moment } = await momentOf(lab, truth);
      invariants.look(moment);
      reader.read(contents);
    } while (again);
  };
  /** One look at a time; what changes meanwhile is seen by one more. */
  const wake = (): Promise<void> => {
    if (looking) again = true;
    else {
      looking = look()
        .catch(failed)
        .finally(() => {
          looking = undefined;
        });
    }
    return looking ?? Promise.resolve();
  };
  const ticking = (async () => {
    while (!stopped) {
      await wake();
      await clock.wait(PERIOD);
    }
  })();

  cloud.bus.subscribe((event) => {
    if (stopped) return;
    invariants.read(`event ${event["detail-type"]}`, JSON.stringify(event.detail), clock.now());
    void wake();
  });
  cloud.calls.subscribe((call) => {
    if (stopped) return;
    invariants.heard(call, clock.now());
    const instance = letIn(call);
    if (instance !== undefined && !truth.kafka) {
      const asked = askKafka(lab, truth, instance).then((reason) => {
        if (reason !== undefined) invariants.breach(4, `${instance} was let into service, but ${reason}`, clock.now());
      }, failed);
      pending.add(asked);
      void asked.finally(() => pending.delete(asked));
    }
    if (isOwnChange(call)) void wake();
  });

  return {
    async stop() {
      stopped = true;
      await ticking;
      await Promise.all(pending);
      await looking;
      stopped = false;
      await wake();
      stopped = true;
      return invariants.breaches.map(({ invariant, what }) =>
        invariant === 0 ? `invariants ${what}` : `invariant ${invariant} is broken: ${what}`,
      );
    },
  };
}

/** The table is read around the rest, until it is the same before and after: only so does everything belong together. */
async function momentOf(lab: Lab, truth: Truth): Promise<{ contents: TableContents; moment: Moment }> {
  let before = await lab.table.readAll();
  for (;;) {
    const cloud = lab.cloud.snapshot();
    const { timedOut } = lab.cloud.groups.actions;
    const running = truth.processes();
    const at = lab.clock.now();
    const contents = await lab.table.readAll();
    if (isDeepStrictEqual(contents.rosters, before.rosters)) {
      const { rosters, records } = contents;
      return { contents, moment: { at, rosters, records, cloud, timedOut, running } };
    }
    before = contents;
  }
}

/**
 * Invariant 4 where only Kafka itself can tell: asked right after the node was let in. Its ISRs may change before the answer,
 * so they are not judged.
 */
async function askKafka(lab: Lab, truth: Truth, instance: string): Promise<string | undefined> {
  const node = truth.processes().find((p) => p.instance === instance);
  if (!node) return "no Kafka runs on it";
  const { rosters } = await lab.table.readAll();
  const address = rosters.get(node.role)?.members.get(node.id)?.address;
  if (isQuorum({ name: node.role })) {
    const server = `${address}:${ROLE_KINDS[node.role].port}`;
    const heard = (await lab.kafka.listeners([server])).get(server);
    return heard === "listening" ? undefined : `${nameOf(node)} does not listen at ${server}`;
  }
  const sight = await lab.kafka.brokers(questionFor(lab.definition, rosters));
  if (!sight.seen) return `Kafka cannot be seen: ${sight.reason}`;
  const registered = sight.brokers.get(node.id)?.registered;
  if (registered?.host === address) return undefined;
  return `${nameOf(node)} is ${registered ? `registered at ${registered.host}, not at ${address}` : "not registered"}`;
}

/** Invariant 8: reads what is new in the commands, in what was said, and in the table. */
class Reader {
  readonly #lab: Lab;
  readonly #invariants: Invariants;
  #commands = 0;
  #last: Saying | undefined;

  constructor(lab: Lab, invariants: Invariants) {
    this.#lab = lab;
    this.#invariants = invariants;
  }

  read({ records, rosters, turn, quorum }: TableContents): void {
    const { cloud, journal, clock } = this.#lab;
    const at = clock.now();
    const { commands } = cloud.snapshot();
    for (const { command, instance } of commands.slice(this.#commands)) {
      this.#invariants.read(`a command to ${instance}`, parametersText(command.parameters), at);
    }
    this.#commands = commands.length;
    const { sayings } = journal;
    const known = this.#last ? sayings.lastIndexOf(this.#last) : -1;
    for (const { message, instance } of sayings.slice(known + 1)) {
      this.#invariants.read(`what was said of ${instance ?? "no instance"}`, message, at);
    }
    this.#last = sayings.at(-1);
    for (const [instance, record] of records) {
      this.#invariants.read(`the record of ${instance}`, JSON.stringify(record), at);
    }
    const rest = [[...rosters].map(([role, roster]) => [role, [...roster.members]]), turn, quorum];
    this.#invariants.read("the table", JSON.stringify(rest), at);
  }
}
