/**
 * Looks for the cluster's secrets wherever none may be: in what was said, sent and kept, in command histories, on process lists,
 * and in every file of the machines but those made for them, which nobody else may read.
 */
import { readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { join, relative } from "node:path";
import type { Lab } from "../lab.ts";

export interface Secret {
  /** For the words: never the value. */
  readonly name: string;
  readonly value: string;
}

export interface Places {
  /** Texts by what they are, e.g. `the archive`. */
  readonly texts: () => Promise<Readonly<Record<string, string>>>;
  /** The machines' files; undefined where they have none. */
  readonly folder: string | undefined;
  readonly clock: Lab["clock"];
}

/** Between two looks at the process lists, ms: the shortest-lived JVM takes many times as long. */
const PERIOD = 100;
/** Of a file, bytes: what is longer is a log segment, into which no configuration goes. */
const LONGEST = 4_000_000;
/** Below a machine's directory: where its secrets are kept, each in a file of its own. */
const KEPT = /^[^/]+\/home\/secrets(\/|$)/;

export class Hunt {
  readonly #secrets: () => Promise<readonly Secret[]>;
  readonly #places: Places;
  readonly #found = new Set<string>();
  /** Every command line seen, with whose it was. */
  readonly #lines = new Map<string, string>();
  #watching: Promise<void> | undefined;
  #stopped = false;

  constructor(secrets: () => Promise<readonly Secret[]>, places: Places) {
    this.#secrets = secrets;
    this.#places = places;
  }

  /** Process lists are watched from now on. */
  start(): void {
    const watch = async (): Promise<void> => {
      while (!this.#stopped) {
        this.look();
        await this.#places.clock.wait(PERIOD);
      }
    };
    this.#watching = watch();
  }

  /** Takes the last look; answers where which secret was found, in words. */
  async end(): Promise<readonly string[]> {
    this.#stopped = true;
    await this.#watching;
    const secrets = await this.#secrets();
    if (secrets.length === 0) this.#found.add("there is no secret to look for");
    for (const [place, text] of Object.entries(await this.#places.texts())) this.#read(secrets, place, text);
    for (const [line, whose] of this.#lines) this.#read(secrets, whose, line);
    if (this.#places.folder !== undefined) this.#readFiles(secrets, this.#places.folder);
    return [...this.#found];
  }

  #read(secrets: readonly Secret[], place: string, text: string): void {
    for (const { name, value } of secrets) if (text.includes(value)) this.#found.add(`${name} is in ${place}`);
  }

  /** At the processes there are now. */
  look(): void {
    for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
      const line = readAway(`/proc/${pid}/cmdline`)?.toString("utf8").replaceAll("\0", " ") ?? "";
      const program = line.split(" ", 1)[0] ?? "";
      if (line !== "") this.#lines.set(line, `the arguments of ${program}`);
    }
  }

  #readFiles(secrets: readonly Secret[], folder: string): void {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const below = relative(folder, path);
      const kept = KEPT.test(below);
      const status = entry.isSymbolicLink() ? undefined : statAway(path);
      if (!status) continue;
      if (kept && (status.mode & 0o077) !== 0)
        this.#found.add(`${below} is open to others: mode ${(status.mode & 0o777).toString(8)}`);
      if (kept || !status.isFile() || status.size > LONGEST) continue;
      this.#read(secrets, below, readAway(path)?.toString("latin1") ?? "");
    }
  }
}

/** The secrets of the lab's cloud: every text in each, down to a private key's lines, and what it was before the last change. */
export async function secretsOf({ operate }: Pick<Lab, "operate">): Promise<Secret[]> {
  const { SecretList = [] } = (await operate("secretsmanager", "ListSecrets", {})) as {
    readonly SecretList?: readonly { readonly Name: string }[];
  };
  const found: Secret[] = [];
  for (const { Name: name } of SecretList) {
    const { VersionIdsToStages = {} } = (await operate("secretsmanager", "DescribeSecret", { SecretId: name })) as {
      readonly VersionIdsToStages?: Readonly<Record<string, unknown>>;
    };
    for (const VersionId of Object.keys(VersionIdsToStages)) {
      const { SecretString: text = "{}" } = (await operate("secretsmanager", "GetSecretValue", {
        SecretId: name,
        VersionId,
      })) as { readonly SecretString?: string };
      found.push(...partsOf(name, text));
    }
  }
  return found;
}

function partsOf(name: string, text: string): Secret[] {
  return Object.entries(JSON.parse(text) as Record<string, string>).flatMap(([key, value]) => {
    // Certificates are shown to whoever connects.
    if (key === "certificate" || key === "authority") return [];
    const parts = value.split("\n").filter((line) => line.length >= 16 && !line.startsWith("-----"));
    return parts.map((part) => ({ name: `${key} of secret ${name}`, value: part }));
  });
}

/** What Rollcall and the cloud have said and kept. */
export async function textsOf(lab: Lab): Promise<Record<string, string>> {
  const { cloud, journal, table } = lab;
  const contents = await table.readAll();
  return {
    "what was said": JSON.stringify(journal.sayings),
    "the table": JSON.stringify({
      ...contents,
      rosters: [...contents.rosters].map(([role, roster]) => [role, [...roster.members]]),
      records: [...contents.records],
    }),
    "the archive": JSON.stringify(cloud.archives.archives().map(({ events }) => events)),
    "the log of API calls": JSON.stringify(cloud.calls.all()),
    "the command history or another part of the cloud": JSON.stringify(cloud.snapshot()),
  };
}

/** Undefined where it is gone by now. */
function readAway(path: string): Buffer | undefined {
  return ifThere(() => readFileSync(path));
}

function statAway(path: string): Stats | undefined {
  return ifThere(() => statSync(path));
}

const GONE = new Set(["ENOENT", "ESRCH", "EACCES", "EPERM", "ENOTDIR"]);

function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof Error && "code" in error && GONE.has(String(error.code))) return undefined;
    throw error;
  }
}
