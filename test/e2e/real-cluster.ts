/** A small Kafka cluster on real machines of the lab, with no Rollcall around it: each node is configured by hand. */
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RealClock, realClock } from "../../lab/clock.ts";
import { toLoopback } from "../../lab/loopback.ts";
import type { Machine, MachineKind } from "../../lab/machines/machine.ts";
import { realMachines } from "../../lab/machines/real.ts";
import { takeSlot } from "../../lab/slot.ts";
import type { Definition, Mode } from "../../shared/cluster/definition.ts";
import { CLIENT_PORT } from "../../shared/cluster/role-kinds.ts";
import { render } from "../../shared/config/render.ts";
import type { NodeAction, NodeAnswer, QuorumMark } from "../../shared/lifecycle/sights.ts";
import { definitionWith, nodeOf, QUORUM } from "../config/cluster.ts";
import { type FoundKafka, kafkaFor } from "./found-kafka.ts";

export const kafka = await kafkaFor("kraft");

/** Small and quick: sessions are short, so that death shows soon. */
export const SMALL = {
  "broker.heartbeat.interval.ms": "500",
  "broker.session.timeout.ms": "3000",
  "log.cleaner.dedupe.buffer.size": "2097152",
  "offsets.topic.num.partitions": "3",
};

const SCRIPT = fileURLToPath(new URL("../../resources/node/rollcall-node.sh", import.meta.url));
/** Ms. */
const COMMAND = 120_000;

export interface RealCluster {
  readonly definition: Definition;
  readonly kind: MachineKind;
  readonly clock: RealClock;
  /** Where the machines are. */
  readonly dir: string;
  readonly script: string;
  /** The founders of the quorum, which is said to be not yet formed: join nodes are said to be of a formed one. */
  readonly quorum: QuorumMark;
  /** A new machine that has the node's address. */
  launch(id: number): Machine;
  /** Configures the node: a founder where it is one of them. Throws where that fails. */
  configure(machine: Machine, id: number): Promise<NodeAnswer>;
  run(machine: Machine, action: NodeAction): Promise<NodeAnswer>;
  /** `host:port` of each of these brokers. */
  servers(ids: readonly number[]): string[];
  close(): Promise<void>;
}

/** `controllers`: how many found the quorum, 1 or 3; with ZooKeeper they are its members. `found`: Kafka of that mode. */
export async function openCluster(
  controllers: 1 | 3,
  settings: Readonly<Record<string, string>>,
  mode: Mode = "kraft",
  found: FoundKafka = kafka,
): Promise<RealCluster> {
  if ("missing" in found) throw new Error(found.missing);
  const slot = await takeSlot();
  const clock = realClock();
  const dir = mkdtempSync(join(tmpdir(), "rollcall-cluster-"));
  const kind = realMachines({ dir, kafkaHome: found.home, java: found.java, clock });
  const whole = definitionWith({
    mode,
    settings: { ...SMALL, ...settings },
    controller: { heap: 96 },
    zookeeper: { heap: 64 },
    broker: { heap: 160 },
  });
  const definition = toLoopback(keepingControllers(whole, controllers), slot.number);
  const quorum = { ...QUORUM, voters: QUORUM.voters.slice(0, controllers) };
  const script = await readFile(SCRIPT, "utf8");
  let launched = 0;

  function node(id: number) {
    const { address, ...rest } = nodeOf(definition, id);
    return {
      ...rest,
      address: address.startsWith("127.") ? address : address.replace(/^10\.0\./, `127.${slot.number}.`),
    };
  }

  async function run(machine: Machine, action: NodeAction, payload = ""): Promise<NodeAnswer> {
    const { stdout, stderr } = await machine.run(script, { SSM_action: action, SSM_payload: payload }, COMMAND);
    const last = stdout.trimEnd().split("\n").at(-1);
    if (!last) throw new Error(`${action} did not answer: ${stderr}`);
    return JSON.parse(last) as NodeAnswer;
  }

  return {
    definition,
    kind,
    clock,
    dir,
    script,
    quorum,
    launch(id) {
      launched += 1;
      const { zone, address } = node(id);
      return kind.create({ instance: `i-${launched}-${id}`, zone, address });
    },
    async configure(machine, id) {
      const formed = !quorum.voters.some((voter) => voter.id === id);
      const answer = await run(machine, "configure", render(definition, node(id), { ...quorum, formed }).payload);
      if (!answer.ok) throw new Error(`configuring ${id} failed: ${answer.error}`);
      return answer;
    },
    run,
    servers: (ids) => ids.map((id) => `${node(id).address}:${CLIENT_PORT}`),
    async close() {
      await kind.close();
      clock.close();
      await slot.release();
      rmSync(dir, { recursive: true });
    },
  };
}

/** The definition with as many controllers, of the first zones. */
export function keepingControllers(definition: Definition, count: number): Definition {
  return {
    ...definition,
    roles: definition.roles.map((role) =>
      role.pool === undefined
        ? role
        : {
            ...role,
            ids: role.ids.slice(0, count),
            pool: role.pool.slice(0, count),
            groups: role.groups.slice(0, count),
          },
    ),
  };
}
