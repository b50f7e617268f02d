/** Archives of the bus, and replays from them: new event ids, same time and detail, one-minute buckets unordered inside. */
import type { World } from "../world.ts";
import type { Bus } from "./bus.ts";
import type { CloudEvent } from "./event.ts";
import { compilePattern, type Pattern } from "./pattern.ts";

export interface ArchiveText {
  readonly name: string;
  readonly pattern?: string;
  readonly description?: string;
  /** 0: for ever. */
  readonly retentionDays: number;
}

interface ArchivedEvent {
  readonly event: CloudEvent;
  /** When it came, ms since the epoch. */
  readonly at: number;
  /** From when on a replay includes it. */
  readonly available: number;
}

export interface Archive extends ArchiveText {
  readonly arn: string;
  readonly created: number;
  readonly matches: Pattern;
  readonly events: ArchivedEvent[];
}

export interface ReplayText {
  readonly name: string;
  readonly description?: string;
  readonly archive: Archive;
  /** Window `[start, end)`, ms since the epoch. */
  readonly start: number;
  readonly end: number;
  /** Rule ARNs; empty: every rule of the bus. */
  readonly only: readonly string[];
}

export interface Replay extends ReplayText {
  readonly arn: string;
  readonly state: "STARTING" | "RUNNING" | "CANCELLING" | "COMPLETED" | "CANCELLED" | "FAILED";
  readonly started: number;
  readonly ended?: number;
  /** Time of the last event replayed. */
  readonly last?: number;
}

const MINUTE = 60_000;
const DAY = 86_400_000;

export class Archives {
  readonly #world: World;
  readonly #bus: Bus;
  readonly #archives = new Map<string, Archive>();
  readonly #replays = new Map<string, Replay>();

  constructor(world: World, bus: Bus) {
    this.#world = world;
    this.#bus = bus;
    bus.subscribe((event) => this.#keep(event));
  }

  archive(name: string): Archive | undefined {
    return this.#archives.get(name);
  }

  archives(): Archive[] {
    return [...this.#archives.values()];
  }

  replay(name: string): Replay | undefined {
    return this.#replays.get(name);
  }

  replays(): Replay[] {
    return [...this.#replays.values()];
  }

  /** Throws an Error that says what is wrong with the pattern. */
  create(text: ArchiveText): Archive {
    const matches = text.pattern === undefined ? () => true : compilePattern(text.pattern);
    const arn = this.#world.arn("events", `archive/${text.name}`);
    const archive: Archive = { ...text, arn, matches, created: this.#world.now(), events: [] };
    this.#archives.set(text.name, archive);
    return archive;
  }

  /** What it keeps from now on; what it has stays. Throws an Error that says what is wrong with the pattern. */
  change(archive: Archive, { pattern, ...rest }: Partial<Omit<ArchiveText, "name">>): Archive {
    const matches = pattern === undefined ? archive.matches : compilePattern(pattern);
    const changed = { ...archive, ...rest, matches, ...(pattern !== undefined && { pattern }) };
    this.#archives.set(archive.name, changed);
    return changed;
  }

  delete(name: string): void {
    this.#archives.delete(name);
  }

  start(text: ReplayText): Replay {
    const arn = this.#world.arn("events", `replay/${text.name}`);
    const replay: Replay = { ...text, arn, state: "STARTING", started: this.#world.now() };
    this.#replays.set(text.name, replay);
    this.#next(text.name, () => this.#run(text.name));
    return replay;
  }

  cancel(name: string): void {
    this.#change(name, { state: "CANCELLING" });
  }

  /** Replayed events are not archived again. */
  #keep(event: CloudEvent): void {
    if (event["replay-name"] !== undefined) return;
    const now = this.#world.now();
    for (const { events, matches, retentionDays } of this.#archives.values()) {
      if (!matches(event)) continue;
      events.push({ event, at: now, available: now + this.#world.draw(this.#world.delays.events.archive) });
      const oldest = retentionDays === 0 ? 0 : now - retentionDays * DAY;
      while (events[0] && events[0].at < oldest) events.shift();
    }
  }

  #run(name: string): void {
    const replay = this.#change(name, { state: "RUNNING" });
    const now = this.#world.now();
    const wanted = replay.archive.events.filter((e) => e.at >= replay.start && e.at < replay.end && e.available <= now);
    const minutes = [...new Set(wanted.map((e) => Math.floor(e.at / MINUTE)))].sort((a, b) => a - b);
    const buckets = minutes.map((minute) => wanted.filter((e) => Math.floor(e.at / MINUTE) === minute));
    this.#bucket(name, buckets);
  }

  #bucket(name: string, [bucket, ...more]: readonly (readonly ArchivedEvent[])[]): void {
    const replay = this.#replays.get(name);
    if (!replay) return;
    if (!bucket) {
      this.#change(name, { state: "COMPLETED", ended: this.#world.now() });
      return;
    }
    for (const { event } of this.#world.random.shuffle(bucket)) {
      this.#bus.publish({ ...event, id: this.#world.uuid(), "replay-name": name }, replay.only);
    }
    this.#change(name, { last: Math.max(...bucket.map((e) => e.at)) });
    this.#next(name, () => this.#bucket(name, more));
  }

  /** Goes on after a while, unless the replay was cancelled in between. */
  #next(name: string, step: () => void): void {
    this.#world.after(this.#world.delays.events.replay, () => {
      if (this.#replays.get(name)?.state !== "CANCELLING") step();
      else this.#change(name, { state: "CANCELLED", ended: this.#world.now() });
    });
  }

  #change(name: string, change: Partial<Replay>): Replay {
    const replay = this.#replays.get(name);
    if (!replay) throw new Error(`no replay ${name}`);
    const changed = { ...replay, ...change };
    this.#replays.set(name, changed);
    return changed;
  }
}
