/** Real machines with real Kafka keep to the rules that every kind of machine keeps to. */

import { ensembleSight } from "../../shared/kafka/ensemble.ts";
import { type Bench, machineSuite } from "../lab/machine-suite.ts";
import { serverOn } from "../lab/real-server.ts";
import { kafkaFor, kafkaTitle } from "./found-kafka.ts";
import { kafka, openCluster } from "./real-cluster.ts";

const classic = await kafkaFor("zookeeper");

const bench =
  (...cluster: Parameters<typeof openCluster>) =>
  async (): Promise<Bench> => {
    const { kind, definition, script, clock, dir, close } = await openCluster(...cluster);
    return {
      kind,
      definition,
      script,
      settle: (promise) => promise,
      wait: (ms) => clock.wait(ms),
      server: (id) => serverOn(dir, id),
      ensemble: (members) => ensembleSight(members),
      close,
    };
  };

machineSuite(`${kafkaTitle(kafka)} on real`, bench(3, {}), { skip: "missing" in kafka });
machineSuite(`ZooKeeper of ${kafkaTitle(classic)} on real`, bench(3, {}, "zookeeper", classic), {
  skip: "missing" in classic,
  mode: "zookeeper",
});
