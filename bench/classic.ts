/**
 * The classic way for a booting broker to find its node id, as start-up scripts do it: sleep a random while so that not
 * everybody does it at once, ask ZooKeeper for the ids that are live, take the lowest free one, start. While the JVM starts,
 * others read the same list: two take one id, and the later one is refused.
 */
import { virtualClock } from "../lab/clock.ts";
import type { Random } from "../lab/random.ts";
import type { Clock } from "../shared/lifecycle/ports.ts";
import { type Launch, launch, type Registry } from "./launch.ts";

/** ms: the longest sleep. */
const SLEEP = 20_000;
/** ms of virtual time in which everybody has found an id. */
const PATIENCE = 3_600_000;

interface Script {
  readonly registry: Pick<Registry, "ids">;
  readonly clock: Clock;
  readonly random: Random;
}

export async function classicId({ registry, clock, random }: Script): Promise<number> {
  await clock.wait(random.next() * SLEEP);
  const live = new Set(await registry.ids());
  let id = 1;
  while (live.has(id)) id += 1;
  return id;
}

/** That many instances come at once, on a clock of their own, to a registry that answers at once. */
export function classic(instances: number, random: Random): Promise<Launch> {
  const clock = virtualClock(0);
  const registered = new Set<number>();
  const registry: Registry = {
    ids: async () => [...registered],
    async register(id) {
      if (registered.has(id)) return false;
      registered.add(id);
      return true;
    },
  };
  const findId = () => classicId({ registry, clock, random });
  return clock.settle(launch({ instances, findId, registry, clock }), PATIENCE);
}
