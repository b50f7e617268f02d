/** The load balancer for bootstrap, in front of the brokers that the cloud has registered with it. */
import { roleOf } from "../../shared/cluster/definition.ts";
import { kindOf } from "../../shared/cluster/role-kinds.ts";
import { startBalancer } from "../balancer.ts";
import type { Lab } from "../lab.ts";

/** In the last block of the cluster's addresses, which no zone of it reaches into. */
const PLACE = "255.4";

/**
 * Does something with the door open; answers what it does. `door` is the load balancer's `host:port`.
 *
 * @throws {Error} where the cluster has no load balancer
 */
export async function atTheDoor<T>(lab: Lab, work: (door: string) => Promise<T>): Promise<T> {
  const { cloud, definition, clock } = lab;
  const [balancer] = cloud.balancers.all();
  const listener = balancer && cloud.balancers.listenersOf(balancer.arn)[0];
  if (!listener) throw new Error(`cluster ${definition.cluster} has no load balancer: say loadBalancer: true`);
  const slot = definition.zones[0]?.cidr.split(".").slice(0, 2).join(".");
  const door = await startBalancer({
    host: `${slot}.${PLACE}`,
    port: kindOf(roleOf(definition, "broker")).port,
    targets: () => cloud.balancers.targets(listener.forwardsTo).map(({ address, port }) => `${address}:${port}`),
    clock,
  });
  try {
    return await work(door.address);
  } finally {
    await door.close();
  }
}
