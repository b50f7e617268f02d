/** What `resources/node/rollcall-node.sh` does, step by step, on a modelled machine: its rules, its words, its answers. */
import { kindOf } from "../../shared/cluster/role-kinds.ts";
import { decodePayload, type Payload } from "../../shared/config/payload.ts";
import { parseProperties } from "../../shared/config/properties.ts";
import type { NodeAnswer, Voter } from "../../shared/lifecycle/sights.ts";
import type { LabClock } from "../clock.ts";
import type { Random } from "../random.ts";
import type { AwsCall, ScriptResult } from "./machine.ts";
import { carryOut, readOrder } from "./modelled-access-order.ts";
import type { NodeDurations } from "./modelled-durations.ts";
import { Failure } from "./modelled-failure.ts";
import type { ModelledKafka, ProcessHandle } from "./modelled-kafka.ts";
import type { Credential, Launch, LogDirectory, Login } from "./modelled-process.ts";
import { loginOf, readSecret } from "./modelled-secrets.ts";
import type { ModelledUnit } from "./modelled-unit.ts";

/** The machine, as the script meets it. */
export interface Host {
  readonly clock: LabClock;
  readonly durations: NodeDurations;
  readonly kafka: ModelledKafka;
  readonly unit: ModelledUnit;
  /** Usable in the guest. */
  readonly addresses: ReadonlySet<string>;
  /** Kafka's archive from there, by the machine's own rights; answers why it cannot be had. */
  fetch(url: string): string | undefined;
  /** AWS, by the machine's own rights; undefined where it has no credentials. */
  readonly call: AwsCall | undefined;
  execute(launch: Omit<Launch, "instance">, exited: () => void): ProcessHandle;
}

/** One run, which may be killed at any step. */
export interface Killable {
  readonly kill: () => void;
  /** The promise's outcome, unless it is killed before: then it rejects. */
  until<T>(promise: Promise<T>): Promise<T>;
}

export function killable(): Killable {
  const { promise: killed, reject } = Promise.withResolvers<never>();
  killed.catch(() => {});
  return {
    kill: () => reject(new Error("killed")),
    until: (promise) => Promise.race([killed, promise]),
  };
}

type Answer = Omit<NodeAnswer, "ok" | "action">;

/** The file that a program takes its settings from. */
const SETTINGS = { kafka: "config/server.properties", zookeeper: "config/zoo.cfg" } as const;

/** What there is instead of a member's, where Exhibitor writes that. */
const EXHIBITOR = "config/exhibitor.properties";

/** Those of that file. */
type Settings = Readonly<Record<string, string>>;

/** What configure is told. */
interface Configuration {
  readonly payload: Payload;
  readonly settings: Settings;
}

export class NodeScript {
  readonly #host: Host;
  readonly #random: Random;
  #holder: Killable | undefined;
  #tombstone = false;
  /** When the newest of each that was taken up was sent, ms since the epoch. */
  readonly #issued = { configuration: 0, declaration: 0 };
  #settings: Settings | undefined;
  /** What lies in `secrets/`, by file. */
  #secrets: ReadonlyMap<string, string> = new Map();
  #login: Login | undefined;
  #unitName = "rollcall-kafka.service";
  #digest: string | undefined;
  /** SHA-512 of the archive that was unpacked. */
  #installed: string | undefined;
  #formatted: { readonly directory: LogDirectory; readonly nodeId: number } | undefined;

  constructor(host: Host, random: Random) {
    this.#host = host;
    this.#random = random;
  }

  /** Present once the disk is formatted. */
  get directory(): LogDirectory | undefined {
    return this.#formatted?.directory;
  }

  /** Rejects where the run is killed. */
  async run(environment: Readonly<Record<string, string>>, run: Killable): Promise<ScriptResult> {
    const { SSM_action: action = "", SSM_payload: payload = "", SSM_issued: issued = "" } = environment;
    try {
      await this.#wait(this.#host.durations.script, run);
      const answer = await this.#act(action, payload, issued, run);
      return { code: 0, stdout: `${JSON.stringify({ ok: true, action, ...answer })}\n`, stderr: "" };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const answer = { ok: false, action, error: error.message, ...error.members };
      return { code: 1, stdout: `${JSON.stringify(answer)}\n`, stderr: `rollcall: ${error.message}\n` };
    } finally {
      if (this.#holder === run) this.#holder = undefined;
    }
  }

  #act(action: string, payload: string, issued: string, run: Killable): Promise<Answer> {
    if (action === "configure") return this.#configure(payload, issued, run);
    if (action === "stop") return this.#stop(run);
    if (action === "status") return Promise.resolve(this.#look());
    if (action === "verify") return this.#verify(run);
    if (action === "access") return this.#access(payload, issued, run);
    throw new Failure(`SSM_action must be configure, stop, status, verify or access; it is '${action.slice(0, 40)}'`);
  }

  async #configure(encoded: string, issued: string, run: Killable): Promise<Answer> {
    this.#refuseTombstone();
    const { payload, settings } = readPayload(encoded);
    this.#install(payload);
    await this.#waitForAddress(payload.address, run);
    await this.#lock(run);
    this.#refuseTombstone();
    this.#takeUp("configuration", issued);
    this.#checkDisk(payload);
    const secrets = await this.#fetchSecrets(payload, run);
    const changed = this.#digest !== payload.digest || !sameTexts(secrets, this.#secrets);
    if (changed) this.#write(payload, settings, secrets);
    // Once the ensemble has formed, a member that never started shall not vote before it has synced either.
    if (payload.format.kind === "ensemble" && payload.format.member === "join") delete this.directory?.initialize;
    if (!this.#formatted) await this.#format(payload, run);
    if (changed || this.#host.unit.state !== "active") {
      this.#host.unit.enable();
      await run.until(this.#host.unit.restart());
      this.#digest = payload.digest;
      await this.#settle(run);
    }
    return { digest: payload.digest, unit: this.#host.unit.state, tombstone: false };
  }

  #install({ archive }: Payload): void {
    if (!archive || archive.sha512 === this.#installed) return;
    const refusal = this.#host.fetch(archive.url);
    if (refusal !== undefined) throw new Failure(`fetching ${archive.url} failed: ${refusal}`);
    this.#installed = archive.sha512;
  }

  async #fetchSecrets({ secrets = [] }: Payload, run: Killable): Promise<ReadonlyMap<string, string>> {
    const texts = new Map<string, string>();
    for (const { file, ...value } of secrets) {
      texts.set(file, (await run.until(readSecret(value, this.#host.call))).password);
    }
    return texts;
  }

  async #stop(run: Killable): Promise<Answer> {
    await this.#lock(run);
    this.#tombstone = true;
    this.#host.unit.mask();
    await run.until(this.#host.unit.stop());
    return { unit: this.#host.unit.state, tombstone: true, stopped: true };
  }

  #look(): Answer {
    return {
      unit: this.#host.unit.state,
      ...(this.#digest === undefined ? {} : { digest: this.#digest }),
      tombstone: this.#tombstone,
      ...(this.#tombstone ? { stopped: this.#host.unit.process === undefined } : {}),
    };
  }

  async #verify(run: Killable): Promise<Answer> {
    const { durations, kafka } = this.#host;
    if (!this.#settings) throw new Failure("this node is not configured, so it knows no quorum to ask", this.#look());
    if (kafka.mode === "zookeeper") {
      throw new Failure("this node's cluster has no quorum of Kafka's own to ask: ZooKeeper keeps it", this.#look());
    }
    await this.#wait(durations.tool, run);
    const quorum = kafka.quorum();
    if (quorum.leader === -1) {
      await this.#wait(durations.toolTimeout - durations.tool, run);
      const servers = this.#settings["controller.quorum.bootstrap.servers"] ?? "";
      throw new Failure(`the quorum at ${servers} does not answer: TimeoutException`, this.#look());
    }
    return { ...this.#look(), quorum };
  }

  /** By Kafka's tools, through this node's own broker. */
  async #access(encoded: string, issued: string, run: Killable): Promise<Answer> {
    const { durations, kafka, call } = this.#host;
    this.#refuseTombstone();
    const order = readOrder(encoded);
    if (!this.#settings) throw new Failure("this node is not configured, so it has no broker to ask", this.#look());
    this.#takeUp("declaration", issued);
    const [host = "", port = ""] = (this.#settings.listeners ?? "").replace(/^.*:\/\//, "").split(":");
    await this.#wait(durations.tool, run);
    const login = this.#login;
    const answers = kafka.listenerAt(host, Number(port)) !== undefined && kafka.hasController;
    if (!answers || (login && !kafka.access.lets(login.user, login.password))) {
      await this.#wait(durations.toolTimeout - durations.tool, run);
      const why = answers ? `SaslAuthenticationException for ${login?.user}` : "TimeoutException";
      throw new Failure(`the broker at ${host}:${port} does not tell its users: ${why}`, this.#look());
    }
    const passwords = new Map<string, Credential>();
    const own: string[] = [];
    const troubles: Record<string, string> = {};
    for (const { name, ...value } of order.users) {
      try {
        const credential = await run.until(readSecret(value, call));
        const known = name.startsWith("rollcall-admin-") && this.#secrets.get(name.slice("rollcall-".length));
        if (typeof known === "string" && known !== credential.password)
          throw new Failure(
            `secret ${value.secret} has another password of ${name} than this node has: put the one before back, and raise security.generation for another`,
          );
        passwords.set(name, credential);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (name.startsWith("rollcall-")) own.push(error.message);
        else troubles[name] = error.message;
      }
    }
    await this.#wait(durations.tool, run);
    if (!kafka.hasController) throw new Failure(`the broker at ${host}:${port} refuses: TimeoutException`);
    const done = carryOut(order, passwords, kafka.access);
    const access = { ...done, ...(Object.keys(troubles).length > 0 && { troubles }) };
    // What one secret lacks keeps nobody else out, and is a failure only where nodes or Rollcall itself go by it.
    if (own.length > 0) throw new Failure(`${own.join(". ")}.`, { access });
    return { digest: order.digest, access };
  }

  #wait(ms: number, run: Killable): Promise<void> {
    return run.until(this.#host.clock.wait(ms));
  }

  #refuseTombstone(): void {
    if (!this.#tombstone) return;
    throw new Failure("this node was stopped for good: its id may belong to another by now. Launch a new instance", {
      tombstone: true,
      unit: this.#host.unit.state,
    });
  }

  async #waitForAddress(address: string, run: Killable): Promise<void> {
    const { addresses, clock, durations } = this.#host;
    const deadline = clock.now() + durations.addressWait;
    while (!addresses.has(address)) {
      if (clock.now() >= deadline) {
        const present = [...addresses].join(", ");
        const waited = `within ${durations.addressWait / 1000} s`;
        throw new Failure(`address ${address} did not appear on this machine ${waited}; it has ${present}`);
      }
      this.#refuseTombstone();
      await this.#wait(500, run);
    }
  }

  async #lock(run: Killable): Promise<void> {
    const { clock, durations } = this.#host;
    const deadline = clock.now() + durations.lockWait;
    while (this.#holder) {
      if (clock.now() >= deadline) {
        throw new Failure(`another configure or stop has held the lock for ${durations.lockWait / 1000} s`);
      }
      await this.#wait(100, run);
    }
    this.#holder = run;
  }

  /** Orders are told apart by when they were sent. */
  #takeUp(what: "configuration" | "declaration", issued: string): void {
    if (issued === "") return;
    if (Number(issued) < this.#issued[what])
      throw new Failure(`a newer ${what} was taken up already: this one came late`);
    this.#issued[what] = Number(issued);
  }

  /** A disk that was formatted for another node or cluster is not touched. */
  #checkDisk(payload: Payload): void {
    if (!this.#formatted) return;
    const { directory, nodeId } = this.#formatted;
    const remedy = "Launch an instance with an empty disk";
    if (payload.format.kind !== "none" && directory.clusterId !== payload.clusterId) {
      throw new Failure(
        `the disk belongs to cluster '${directory.clusterId}', not to ${payload.clusterId}: it is left as it is. ${remedy}`,
      );
    }
    if (nodeId !== payload.id) {
      throw new Failure(`the disk belongs to node '${nodeId}', not to ${payload.id}: it is left as it is. ${remedy}`);
    }
    if (payload.format.kind === "founder" && payload.format.directoryId !== directory.directoryId) {
      throw new Failure(
        `the disk was formatted as directory '${directory.directoryId}', but founder ${nodeId} is to be ${payload.format.directoryId}: the quorum is not founded a second time`,
      );
    }
  }

  /** From here until its unit was started, the node counts as not configured. */
  #write(payload: Payload, settings: Settings, secrets: ReadonlyMap<string, string>): void {
    const login = loginOf(settings, secrets);
    this.#digest = undefined;
    this.#settings = settings;
    this.#secrets = secrets;
    this.#login = login;
    this.#unitName = payload.unit.name;
    this.#host.unit.install((exited) => {
      if (!this.#formatted) throw new Error("the unit was started before the disk was formatted");
      const { directory } = this.#formatted;
      const host = /:\/\/([^:]+):/.exec(settings["advertised.listeners"] ?? "")?.[1];
      const launch = {
        role: payload.role,
        id: payload.id,
        zone: settings["broker.rack"] ?? "",
        address: host ?? payload.address,
        directory,
        autoJoin: settings["controller.quorum.auto.join.enable"] === "true",
        members: membersOf(settings),
        ...(login && { login }),
        authorizes: settings["authorizer.class.name"] !== undefined,
        digest: payload.digest,
      };
      return this.#host.execute(launch, exited);
    });
  }

  async #format(payload: Payload, run: Killable): Promise<void> {
    const { format, clusterId } = payload;
    if (format.kind !== "ensemble") await this.#wait(this.#host.durations.tool, run);
    if (format.kind === "none") await this.#makeFirstUsers(payload, run);
    const blank = { clusterId, logs: new Map<string, number>(), metadata: false };
    const directory: LogDirectory =
      format.kind === "founder"
        ? {
            ...blank,
            directoryId: format.directoryId,
            founders: format.voters.map(readVoter),
            users: await this.#firstUsers(payload, run),
          }
        : {
            ...blank,
            directoryId: kafkaUuid(this.#random),
            ...(format.kind === "ensemble" && format.member === "new" && { initialize: true }),
          };
    this.#formatted = { directory, nodeId: payload.id };
  }

  async #firstUsers({ scram = [] }: Payload, run: Killable): Promise<Map<string, Credential>> {
    const users = new Map<string, Credential>();
    for (const { user, ...value } of scram) users.set(user, await run.until(readSecret(value, this.#host.call)));
    return users;
  }

  /** In ZooKeeper, before the first broker starts; whatever there is already stays as it is. */
  async #makeFirstUsers(payload: Payload, run: Killable): Promise<void> {
    if (!payload.scram) return;
    const { kafka, durations } = this.#host;
    const users = await this.#firstUsers(payload, run);
    if (!kafka.hasQuorum) {
      await this.#wait(durations.toolTimeout - durations.tool, run);
      const servers = this.#settings?.["zookeeper.connect"] ?? "";
      throw new Failure(`ZooKeeper at ${servers} does not tell its users: ConnectionLossException`);
    }
    for (const [name, credential] of users) {
      if (!kafka.access.users.has(name)) kafka.access.setUser(name, credential);
    }
  }

  /** A mistake in the configuration ends Kafka in its first second or two: said here. */
  async #settle(run: Killable): Promise<void> {
    const { clock, durations, unit } = this.#host;
    const deadline = clock.now() + durations.settle;
    for (;;) {
      // Between two automatic restarts the unit is activating, without a process.
      if (!unit.process) {
        throw new Failure(`${this.#unitName} ended right after its start`, { unit: unit.state });
      }
      if (clock.now() >= deadline) return;
      await this.#wait(200, run);
    }
  }
}

function readPayload(encoded: string): Configuration {
  if (encoded === "") throw new Failure("configure needs a payload, and there is none");
  let read: Configuration;
  try {
    read = decoded(encoded);
  } catch (error) {
    throw new Failure(`the payload is not whole: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { payload } = read;
  if (payload.format.kind === "founder") {
    if (payload.role !== "controller") throw new Failure("the payload has a broker found the quorum");
    const { directoryId, voters } = payload.format;
    const own = voters.map(readVoter).find((voter) => voter.id === payload.id);
    if (own?.directoryId !== directoryId)
      throw new Failure(`the payload's founder ${payload.id} is not among its voters`);
  }
  return read;
}

/** Payloads that were read lately: many nodes of many histories get the same ones. */
const known = new Map<string, Configuration>();
const MOST_KNOWN = 2_000;

function decoded(encoded: string): Configuration {
  const before = known.get(encoded);
  if (before) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  const payload = decodePayload(encoded);
  const path = SETTINGS[kindOf({ name: payload.role }).runs];
  const server = payload.files.find((file) => file.path === path || file.path === EXHIBITOR);
  const read = { payload, settings: server ? parseProperties(server.content) : {} };
  known.set(encoded, read);
  return read;
}

/** The ensemble's ids, by either program's settings; none in those of Kafka. */
function membersOf(settings: Settings): number[] {
  const listed = settings["servers-spec"];
  if (listed !== undefined) return listed.split(",").map((member) => Number.parseInt(member, 10));
  return Object.keys(settings).flatMap((name) => (name.startsWith("server.") ? Number(name.slice(7)) : []));
}

function sameTexts(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([file, text]) => other.get(file) === text);
}

/** `id@host:port:directoryId` */
function readVoter(text: string): Voter {
  const [, id = "", directoryId = ""] = /^(\d+)@[^:]+:\d+:(.+)$/.exec(text) ?? [];
  if (id === "") throw new Failure(`the payload's format line is malformed: ${text}`);
  return { id: Number(id), directoryId };
}

/** 16 random bytes in base64url; Kafka's own never start with a dash. */
function kafkaUuid(random: Random): string {
  for (;;) {
    const uuid = Buffer.from(random.bytes(16)).toString("base64url");
    if (!uuid.startsWith("-")) return uuid;
  }
}
