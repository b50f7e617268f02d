/** Real machines with real Kafka keep to the rules that every kind of machine keeps to. */
import { type Bench, machineSuite } from "../lab/machine-suite.ts";
import { serverOn } from "../lab/real-server.ts";
import { kafkaTitle } from "./found-kafka.ts";
import { kafka, openCluster } from "./real-cluster.ts";

machineSuite(
  `${kafkaTitle(kafka)} on real`,
  async (): Promise<Bench> => {
    const cluster = await openCluster(3, {});
    return {
      kind: cluster.kind,
      definition: cluster.definition,
      script: cluster.script,
      settle: (promise) => promise,
      wait: (ms) => cluster.clock.wait(ms),
      server: (id) => serverOn(cluster.dir, id),
      close: cluster.close,
    };
  },
  { skip: "missing" in kafka },
);
