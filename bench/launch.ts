/**
 * Brokers that come at once and each have to find an id. Whoever has one starts, and registers some seconds later; where another
 * has that id by then, it is refused and ends, as Kafka does ("Fatal error during KafkaServer startup", NodeExists). Its group
 * launches another, which does the same.
 */
import type { Clock } from "../shared/lifecycle/ports.ts";
import { median } from "./figure.ts";

/** The brokers that are registered in one cluster. */
export interface Registry {
  /** Ids that are registered now. */
  ids(): Promise<readonly number[]>;
  /** False where the id is taken. */
  register(id: number): Promise<boolean>;
}

/** ms between knowing one's id and being registered by it: the start of the JVM. */
export const START = 6_000;

export interface Launch {
  /** Of the instances that came first: how many ended because another had taken the same id. */
  readonly lost: number;
  /** The same with their replacements, and theirs. */
  readonly lostInAll: number;
  /** ms until the last of them knew the id that it registered by. */
  readonly known: number;
  /** ms until as many as asked for were registered. */
  readonly registered: number;
}

interface Course {
  /** How many come at once. */
  readonly instances: number;
  /** What the instance in that place does to find its id; asked again for the one that replaces it. */
  readonly findId: (place: number) => Promise<number>;
  readonly registry: Registry;
  readonly clock: Clock;
}

/** Whoever ends is replaced at once, which no group can. */
export async function launch({ instances, findId, registry, clock }: Course): Promise<Launch> {
  const began = clock.now();
  const places = Array.from({ length: instances }, async (_, place) => {
    for (let lost = 0; ; lost += 1) {
      const id = await findId(place);
      const known = clock.now() - began;
      await clock.wait(START);
      if (await registry.register(id)) return { lost, known, registered: clock.now() - began };
    }
  });
  const came = await Promise.all(places);
  return {
    lost: came.filter(({ lost }) => lost > 0).length,
    lostInAll: came.reduce((sum, { lost }) => sum + lost, 0),
    known: Math.max(...came.map(({ known }) => known)),
    registered: Math.max(...came.map(({ registered }) => registered)),
  };
}

/** What is told of many launches; times in ms. */
export interface Tally {
  /** Launches in which at least one instance was lost. */
  readonly collided: number;
  readonly lost: number;
  readonly lostInAll: number;
  readonly known: Spread;
  readonly registered: Spread;
}

export interface Spread {
  readonly median: number;
  readonly most: number;
}

/** Throws where there are none. */
export function tally(launches: readonly Launch[]): Tally {
  const total = (of: (launch: Launch) => number) => launches.reduce((sum, launch) => sum + of(launch), 0);
  return {
    collided: total(({ lost }) => (lost > 0 ? 1 : 0)),
    lost: total(({ lost }) => lost),
    lostInAll: total(({ lostInAll }) => lostInAll),
    known: spread(launches.map(({ known }) => known)),
    registered: spread(launches.map(({ registered }) => registered)),
  };
}

function spread(values: readonly number[]): Spread {
  return { median: median(values), most: Math.max(...values) };
}
