/**
 * First launches of three brokers, by the classic way and by the roster, before one real ZooKeeper, in which all of them register:
 * whoever comes second to an id is refused by ZooKeeper itself.
 */
import { fileURLToPath } from "node:url";
import { realClock } from "../lab/clock.ts";
import { findKafkaAlsoBeside, type Kafka } from "../lab/kafka/jars.ts";
import { type Random, seededRandom } from "../lab/random.ts";
import { roleOf } from "../shared/cluster/definition.ts";
import type { Clock } from "../shared/lifecycle/ports.ts";
import { claim, crowdOf } from "./claimants.ts";
import { classic, classicId } from "./classic.ts";
import { labDefinition } from "./definition.ts";
import { type Figure, type LeftOut, mean, type Section } from "./figure.ts";
import { type Launch, launch, type Registry, type Spread, START, type Tally, tally } from "./launch.ts";
import { type LocalTable, startLocalTable } from "./local-table.ts";
import { zooKeeperRegistry } from "./zookeeper/registry.ts";
import { startZooKeeper } from "./zookeeper/server.ts";

const LAUNCHES = 100;
const INSTANCES = 3;
const SEED = 20_261_201;
const CLASSIC = "classic way";
const ROSTER = "roster";
const TITLE = `First launches of ${INSTANCES} brokers before a real ZooKeeper`;
/** What a broker sees of the others when it claims; see claims.ts. */
const LAGGING = { from: 0.8, to: 0.98 };

export async function firstLaunches(): Promise<Section | LeftOut> {
  const kafka = await findKafkaAlsoBeside({
    mode: "zookeeper",
    environment: process.env,
    cache: fileURLToPath(new URL("../.lab", import.meta.url)),
    say: (line) => process.stderr.write(`${line}\n`),
  });
  return "missing" in kafka ? { title: TITLE, missing: kafka.missing } : measure(kafka);
}

async function measure(kafka: Kafka): Promise<Section> {
  const clock = realClock();
  const table = await startLocalTable();
  const zooKeeper = await startZooKeeper(kafka);
  try {
    const run = async (way: Way): Promise<Tally> => tally(await launches(zooKeeper.server, clock, way));
    const real = await run(classicWay(clock, seededRandom(SEED)));
    const modelled = tally(await modelledLaunches(seededRandom(SEED)));
    await warmUp(table);
    const { attempts, ...roster } = rosterWay(table, seededRandom(SEED));
    const rolled = await run(roster);
    return {
      title: TITLE,
      method:
        `One ZooKeeper server of Kafka ${kafka.version}, a chroot for each launch, a session for each broker; ${LAUNCHES} launches ` +
        "each way, in real time. Classic: sleep 0–20 s, list /brokers/ids, take the lowest free one; all launches at once. " +
        "Roster: claim at once, on dynalite, with views that lag (80–98 % of the others seen); launches begin " +
        `${roster.between} ms apart, since without a sleep they would time their crowd. Both register by an ephemeral node ` +
        `${START / 1000} s later, as a broker whose JVM has started. NodeExists: an instance lost, replaced at once by one that does ` +
        "the same. Virtual clock: the same draws, without ZooKeeper. Ids are unique once the last instance to register by " +
        "its own knows it.",
      figures: [
        ...losses(CLASSIC, real),
        { name: `${CLASSIC}: the same on a virtual clock`, value: modelled.lostInAll, unit: "instances" },
        ...losses(ROSTER, rolled).map((figure) => ({ ...figure, target: { exactly: 0 } })),
        { name: `${ROSTER}: attempts`, value: mean(attempts), unit: "attempts" },
        ...times(CLASSIC, real, "s"),
        ...times(ROSTER, rolled, "ms"),
        { name: "time to unique ids, ratio of medians", value: ratio(real.known, rolled.known), unit: "×" },
        { name: "time until registered, ratio", value: ratio(real.registered, rolled.registered), unit: "×" },
      ],
    };
  } finally {
    clock.close();
    table.close();
    await zooKeeper.stop();
  }
}

/** How the brokers of a launch find their ids. */
interface Way {
  /** Of its clusters. */
  readonly name: string;
  /** ms from the start of one launch to the next's. */
  readonly between: number;
  /** Called once for each cluster. */
  readonly findId: (cluster: string, registry: Pick<Registry, "ids">) => (place: number) => Promise<number>;
}

function classicWay(clock: Clock, random: Random): Way {
  return {
    name: "classic",
    between: 0,
    findId(cluster, registry) {
      const own = random.fork(cluster);
      return () => classicId({ registry, clock, random: own });
    },
  };
}

/** With the attempts that each claim took, as they come. */
function rosterWay(table: LocalTable, random: Random) {
  const attempts: number[] = [];
  const role = roleOf(labDefinition(), "broker");
  return {
    name: "roster",
    between: 200,
    attempts,
    findId(cluster: string) {
      const own = random.fork(cluster);
      const crowd = crowdOf(role, INSTANCES, table.of(cluster), own);
      return async (place: number): Promise<number> => {
        const claimant = crowd.claimants[place];
        if (!claimant) throw new Error(`${cluster} has no instance ${place}`);
        const won = await claim(crowd, claimant, LAGGING, own);
        attempts.push(won.attempts);
        return won.id;
      };
    },
  };
}

/** The classic way once more, by the same draws. */
function modelledLaunches(random: Random): Promise<Launch[]> {
  return Promise.all(clustersOf("classic").map((cluster) => classic(INSTANCES, random.fork(cluster))));
}

/** The code of a claim, and its connections. */
async function warmUp(table: LocalTable): Promise<void> {
  const { findId } = rosterWay(table, seededRandom(SEED));
  const find = findId("warm-up");
  await Promise.all(Array.from({ length: INSTANCES }, (_, place) => find(place)));
}

function clustersOf(way: string): string[] {
  return Array.from({ length: LAUNCHES }, (_, index) => `${way}-${index + 1}`);
}

/** Each in a cluster of its own, one that much after the other. */
async function launches(server: string, clock: Clock, { name, between, findId }: Way): Promise<Launch[]> {
  const open = await Promise.all(
    clustersOf(name).map(async (cluster) => ({ cluster, registry: await zooKeeperRegistry(server, `/${cluster}`) })),
  );
  try {
    return await Promise.all(
      open.map(async ({ cluster, registry }, index) => {
        const find = findId(cluster, registry);
        await clock.wait(index * between);
        return launch({ instances: INSTANCES, findId: find, registry, clock });
      }),
    );
  } finally {
    await Promise.all(open.map(({ registry }) => registry.close()));
  }
}

function losses(way: string, { collided, lost, lostInAll }: Tally): Figure[] {
  return [
    { name: `${way}: launches that lost an instance`, value: collided, unit: "launches" },
    { name: `${way}: lost of the first ${LAUNCHES * INSTANCES}`, value: lost, unit: "instances" },
    { name: `${way}: lost with replacements`, value: lostInAll, unit: "instances" },
  ];
}

/** `unit`: what the ids are timed in. */
function times(way: string, { known, registered }: Tally, unit: "s" | "ms"): Figure[] {
  const per = unit === "s" ? 1000 : 1;
  return [
    { name: `${way}: time to unique ids, median`, value: known.median / per, unit },
    { name: `${way}: time to unique ids, most`, value: known.most / per, unit },
    { name: `${way}: time until all are registered, median`, value: registered.median / 1000, unit: "s" },
    { name: `${way}: time until all are registered, most`, value: registered.most / 1000, unit: "s" },
  ];
}

function ratio(of: Spread, to: Spread): number {
  return of.median / to.median;
}
