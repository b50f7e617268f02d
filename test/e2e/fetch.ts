/** Before any end-to-end test: what they run is fetched once, not by several at the same time. */
import { exhibitorFor, kafkaFor } from "./found-kafka.ts";

export async function setup(): Promise<void> {
  await kafkaFor("kraft");
  await exhibitorFor(await kafkaFor("zookeeper"));
}
