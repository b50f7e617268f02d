import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { realClock, virtualClock } from "../../lab/clock.ts";
import { modelledMachines } from "../../lab/machines/modelled.ts";
import { ModelledKafka } from "../../lab/machines/modelled-kafka.ts";
import { modelledKafkaView } from "../../lab/machines/modelled-view.ts";
import { realMachines } from "../../lab/machines/real.ts";
import { seededRandom } from "../../lab/random.ts";
import type { Mode } from "../../shared/cluster/definition.ts";
import { kindOf, quorumRole } from "../../shared/cluster/role-kinds.ts";
import { definitionWith, nodeOf } from "../config/cluster.ts";
import { type Bench, machineSuite } from "./machine-suite.ts";
import { serverOn } from "./real-server.ts";

const SCRIPT = fileURLToPath(new URL("../../resources/node/rollcall-node.sh", import.meta.url));
const JAVA = fileURLToPath(new URL("bin/java", import.meta.url));

const modelled = (mode: Mode) => async (): Promise<Bench> => {
  const clock = virtualClock(1_700_000_000_000);
  const kafka = new ModelledKafka({ clock, mode });
  const definition = definitionWith({ mode });
  const { port } = kindOf(quorumRole(definition));
  return {
    kind: modelledMachines({ clock, kafka, random: seededRandom(1) }),
    definition,
    script: "",
    settle: (promise) => clock.settle(promise, 20 * 60_000),
    wait: (ms) => clock.runFor(ms),
    server(id) {
      const process = kafka.listenerAt(nodeOf(definition, id).address, port);
      return process && `started at ${process.started}`;
    },
    ensemble: modelledKafkaView(kafka).ensemble,
    close: async () => {},
  };
};

machineSuite("modelled", modelled("kraft"));
machineSuite("modelled ZooKeeper", modelled("zookeeper"), { mode: "zookeeper" });

const real = (mode: Mode) => async (): Promise<Bench> => {
  const clock = realClock();
  const dir = mkdtempSync(join(tmpdir(), "rollcall-machines-"));
  const kafkaHome = join(dir, "kafka");
  mkdirSync(join(kafkaHome, "libs"), { recursive: true });
  writeFileSync(join(kafkaHome, "libs", "kafka.jar"), "");
  const kind = realMachines({ dir, kafkaHome, java: JAVA, clock });
  return {
    kind,
    definition: definitionWith({ mode }),
    script: await readFile(SCRIPT, "utf8"),
    settle: (promise) => promise,
    wait: (ms) => clock.wait(ms),
    server: (id) => serverOn(dir, id),
    async close() {
      await kind.close();
      clock.close();
      rmSync(dir, { recursive: true });
    },
  };
};

const skip = process.platform !== "linux";
machineSuite("real", real("kraft"), { skip });
machineSuite("real ZooKeeper", real("zookeeper"), { skip, mode: "zookeeper", speaks: false });
