/** What every kind of machine does, whatever it is made of: one suite, run for each of them. */
import { describe, expect, test } from "vitest";
import type { Machine, MachineKind } from "../../lab/machines/machine.ts";
import type { Definition, Mode } from "../../shared/cluster/definition.ts";
import { ROLE_KINDS } from "../../shared/cluster/role-kinds.ts";
import { decodePayload, digestOf, encodePayload, type Payload } from "../../shared/config/payload.ts";
import { render } from "../../shared/config/render.ts";
import type { EnsembleMember } from "../../shared/lifecycle/ports.ts";
import type { NodeAnswer, QuorumSight } from "../../shared/lifecycle/sights.ts";
import { FORMED, nodeOf, QUORUM } from "../config/cluster.ts";

/** A kind of machine, with its time. */
export interface Bench {
  readonly kind: MachineKind;
  readonly definition: Definition;
  /** The document's script. */
  readonly script: string;
  /** Waits for the promise, on the clock that the machines are on. */
  settle<T>(promise: Promise<T>): Promise<T>;
  wait(ms: number): Promise<void>;
  /** Names the server process that runs for that node, another one by another name; undefined: there is none. */
  server(id: number): string | undefined;
  /** What the members of a ZooKeeper ensemble say of themselves, where they can say something. */
  readonly ensemble?: (members: readonly EnsembleMember[]) => Promise<QuorumSight>;
  close(): Promise<void>;
}

/** Ms; more than any step takes. */
const LIMIT = 60_000;
const DEADLINE = 60_000;
const ENSEMBLE_PORT = ROLE_KINDS.zookeeper.port;

interface Ran {
  readonly code: number;
  readonly answer: NodeAnswer | undefined;
}

/** `mode`: of the definition. */
export function machineSuite(
  name: string,
  openBench: () => Promise<Bench>,
  options: { readonly skip?: boolean; readonly mode?: Mode; readonly speaks?: boolean } = {},
): void {
  const { skip = false, mode = "kraft", speaks = true } = options;
  describe.skipIf(skip)(`${name} machines`, () => {
    /** Each test has a bench of its own, so that they can run at the same time. */
    const rule = (title: string, body: (bench: Subject) => Promise<void>) =>
      test.concurrent(title, async () => {
        const bench = await openBench();
        try {
          await body(new Subject(bench));
        } finally {
          await bench.close();
        }
      });

    rule("configure starts the node, and status tells of it", async (subject) => {
      const machine = subject.create(101);
      const { code, answer } = await subject.configure(machine, 101);
      expect([code, answer]).toMatchObject([0, { ok: true, unit: "active", digest: subject.digest(101) }]);
      await subject.until(async () => subject.server(101) !== undefined);
      const { answer: status } = await subject.run(machine, "status");
      expect(status).toMatchObject({ ok: true, unit: "active", digest: subject.digest(101), tombstone: false });
    });

    rule("a configure that was sent before the newest one comes too late", async (subject) => {
      const machine = subject.create(101);
      const { code } = await subject.configure(machine, 101, { issued: 2000 });
      expect(code).toBe(0);
      const late = await subject.configure(machine, 101, { issued: 1999 });
      expect([late.code, late.answer]).toMatchObject([1, { ok: false, error: expect.stringContaining("came late") }]);
      const again = await subject.configure(machine, 101, { issued: 2000 });
      expect([again.code, again.answer]).toMatchObject([0, { ok: true, digest: subject.digest(101) }]);
    });

    rule("configure with the same payload again leaves the process alone", async (subject) => {
      const machine = subject.create(101);
      await subject.configure(machine, 101);
      const server = await subject.started(101);
      expect(await subject.configure(machine, 101)).toMatchObject({ code: 0, answer: { unit: "active" } });
      expect(subject.server(101)).toBe(server);
    });

    rule("configure waits for its address", async (subject) => {
      const machine = subject.createUnplugged(101);
      const configuring = subject.begin(machine, 101);
      await subject.wait(1000);
      machine.plug(subject.address(101));
      expect(await subject.settle(configuring)).toMatchObject({ code: 0, answer: { unit: "active" } });
    });

    rule("a command that does not end in time is killed, and the next one goes through", async (subject) => {
      const machine = subject.createUnplugged(101);
      expect((await subject.configure(machine, 101, { limit: 1500 })).code).toBe(137);
      machine.plug(subject.address(101));
      expect((await subject.configure(machine, 101)).code).toBe(0);
    });

    rule("an unplugged address is not there any more", async (subject) => {
      const machine = subject.createUnplugged(101);
      machine.plug(subject.address(101));
      await subject.wait(2000);
      machine.unplug(subject.address(101));
      // Long enough for a configure that finds its address.
      expect((await subject.configure(machine, 101, { limit: 7000 })).code).toBe(137);
      expect(subject.server(101)).toBeUndefined();
    });

    rule("stop is final: no configure gets past it, and neither does a reboot", async (subject) => {
      const machine = subject.create(101);
      await subject.configure(machine, 101);
      await subject.started(101);
      const stopped = { code: 0, answer: { ok: true, stopped: true, tombstone: true } };
      expect(await subject.run(machine, "stop")).toMatchObject(stopped);
      expect(subject.server(101)).toBeUndefined();
      expect(await subject.configure(machine, 101)).toMatchObject({ code: 1, answer: { ok: false, tombstone: true } });
      await subject.settle(machine.reboot());
      expect(await subject.run(machine, "stop")).toMatchObject(stopped);
      expect(await subject.run(machine, "status")).toMatchObject({ answer: { unit: "masked", stopped: true } });
      expect(subject.server(101)).toBeUndefined();
    });

    rule("a reboot brings a running node back with its disk", async (subject) => {
      const machine = subject.create(101);
      await subject.configure(machine, 101);
      const before = await subject.started(101);
      await subject.settle(machine.reboot());
      await subject.until(async () => ![undefined, before].includes(subject.server(101)));
      const { answer } = await subject.run(machine, "status");
      expect(answer).toMatchObject({ unit: "active", digest: subject.digest(101), tombstone: false });
      // Formatted for another cluster it would be refused: it is still the same disk.
      expect(await subject.configure(machine, 101)).toMatchObject({ code: 0, answer: { unit: "active" } });
      const foreign = encodePayload({ ...subject.configuration(101), clusterId: "6L6g3nShT-eMCtK--X86sw" });
      expect((await subject.run(machine, "configure", foreign)).answer?.error).toContain("belongs to cluster");
    });

    rule("destroy ends everything at once, a command that runs included", async (subject) => {
      const machine = subject.create(101);
      await subject.configure(machine, 101);
      await subject.started(101);
      const other = subject.createUnplugged(102);
      const waiting = subject.begin(other, 102);
      await subject.settle(machine.destroy());
      await subject.settle(other.destroy());
      expect(subject.server(101)).toBeUndefined();
      expect((await subject.settle(waiting)).code).toBe(137);
      expect((await subject.run(machine, "status")).code).toBe(137);
    });

    rule("a broken Kafka stays down, configure fails, and status tells so", async (subject) => {
      const machine = subject.create(101);
      await subject.configure(machine, 101);
      await subject.started(101);
      await subject.settle(machine.breakKafka());
      expect(subject.server(101)).toBeUndefined();
      expect(await subject.configure(machine, 101)).toMatchObject({ code: 1, answer: { ok: false } });
      expect(["activating", "failed"]).toContain((await subject.run(machine, "status")).answer?.unit);
      await subject.until(async () => (await subject.run(machine, "status")).answer?.unit === "failed");
      expect(subject.server(101)).toBeUndefined();
    });

    if (mode === "kraft") quorumRules(rule);
    else ensembleRules(rule, speaks);

    rule("what it is told to do must be known", async (subject) => {
      const { code, answer } = await subject.run(subject.create(101), "dance");
      expect([code, answer?.ok]).toEqual([1, false]);
      expect(answer?.error).toContain("'dance'");
    });
  });
}

type Rule = (title: string, body: (subject: Subject) => Promise<void>) => void;

const IDS = [101, 102, 103];

/** Of controllers, which keep the quorum of KRaft. */
function quorumRules(rule: Rule): void {
  rule("verify tells of the quorum that the founders formed", async (subject) => {
    const [machine] = await subject.found();
    if (!machine) throw new Error("no machine");
    let answer: NodeAnswer | undefined;
    await subject.until(async () => {
      ({ answer } = await subject.run(machine, "verify"));
      return answer?.ok === true && answer.quorum?.leader !== -1;
    });
    expect(IDS).toContain(answer?.quorum?.leader);
    const voters = answer?.quorum?.voters.map(({ id, directoryId }) => ({ id, directoryId })) ?? [];
    expect(voters.sort((a, b) => a.id - b.id)).toEqual(QUORUM.voters);
  });
}

/** Of the members of a ZooKeeper ensemble. `speaks`: the servers are more than stand-ins. */
function ensembleRules(rule: Rule, speaks: boolean): void {
  rule("verify knows no quorum of Kafka's own", async (subject) => {
    const machine = subject.create(101);
    await subject.configure(machine, 101);
    const { code, answer } = await subject.run(machine, "verify");
    expect([code, answer]).toMatchObject([1, { ok: false, unit: "active", tombstone: false }]);
    expect(answer).not.toHaveProperty("quorum");
  });
  if (!speaks) return;

  rule("founders elect a leader, which all others follow", async (subject) => {
    await subject.found();
    await subject.until(async () => (await subject.serving()).length === 3);
    expect(IDS).toContain((await subject.ensemble())?.leader);
  });

  rule("disks without the founders' mark elect nobody", async (subject) => {
    await subject.found({ formed: true });
    for (const id of IDS) await subject.started(id);
    await subject.wait(6_000);
    expect(await subject.serving()).toEqual([]);
  });

  rule("a member that comes back with an empty disk serves again once it has synced", async (subject) => {
    const [first] = await subject.found();
    await subject.until(async () => (await subject.serving()).length === 3);
    await subject.settle(first?.destroy() ?? Promise.resolve());
    await subject.until(async () => (await subject.serving()).join() === "102,103");
    const again = subject.create(101);
    expect(await subject.configure(again, 101, { formed: true })).toMatchObject({
      code: 0,
      answer: { unit: "active" },
    });
    await subject.until(async () => (await subject.serving()).length === 3);
  });

  rule("two of three serve, one of three does not, however it is asked", async (subject) => {
    const [first, second] = await subject.found();
    if (!first || !second) throw new Error("no machines");
    await subject.until(async () => (await subject.serving()).length === 3);
    await subject.run(first, "stop");
    await subject.until(async () => (await subject.serving()).join() === "102,103");
    await subject.run(second, "stop");
    await subject.until(async () => (await subject.serving()).length === 0);
    expect(await subject.ensemble()).toMatchObject({ seen: true, leader: -1 });
    expect(subject.server(103)).toBeDefined();
  });

  rule("an ensemble that was off serves again from its disks", async (subject) => {
    const machines = await subject.found();
    await subject.until(async () => (await subject.serving()).length === 3);
    await subject.settle(Promise.all(machines.map((machine) => machine.reboot())));
    await subject.until(async () => (await subject.serving()).length === 3);
  });
}

/** A bench with what the suite says of it in a few words. */
class Subject {
  readonly #bench: Bench;
  #created = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  /** A machine that has the fixed address of that node. */
  create(id: number): Machine {
    const machine = this.createUnplugged(id);
    machine.plug(this.address(id));
    return machine;
  }

  createUnplugged(id: number): Machine {
    this.#created += 1;
    const node = nodeOf(this.#bench.definition, id);
    const address = this.address(id).replace(/\d+$/, String(200 + this.#created));
    return this.#bench.kind.create({ instance: `i-${id}-${this.#created}`, zone: node.zone, address });
  }

  address(id: number): string {
    return nodeOf(this.#bench.definition, id).address;
  }

  configuration(id: number): Payload {
    return decodePayload(this.#render(id).payload);
  }

  digest(id: number): string {
    return this.#render(id).digest;
  }

  configure(machine: Machine, id: number, { limit = LIMIT, issued = 1000, formed = false } = {}): Promise<Ran> {
    return this.settle(this.begin(machine, id, limit, issued, formed));
  }

  /** All members of the quorum, configured at once; `formed`: as those who come after its founders. */
  async found({ formed = false } = {}): Promise<Machine[]> {
    const machines = IDS.map((id) => this.create(id));
    const runs = machines.map((machine, index) => this.begin(machine, IDS[index] ?? 0, LIMIT, 1000, formed));
    const all = await this.settle(Promise.all(runs));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
    return machines;
  }

  async ensemble(): Promise<QuorumSight & { readonly seen: true }> {
    const members = IDS.map((id) => ({ id, server: `${this.address(id)}:${ENSEMBLE_PORT}` }));
    const sight = await this.#bench.ensemble?.(members);
    return sight?.seen ? sight : { seen: true, leader: -1, voters: [], observers: [] };
  }

  /** Members that serve, by their own word. */
  async serving(): Promise<number[]> {
    const { voters } = await this.ensemble();
    return voters.filter(({ caughtUpAgo }) => caughtUpAgo === 0).map(({ id }) => id);
  }

  run(machine: Machine, action: string, payload = ""): Promise<Ran> {
    return this.settle(this.#run(machine, action, payload, LIMIT));
  }

  /** A configure that is still running; only `settle` brings it to its end. */
  begin(machine: Machine, id: number, limit = LIMIT, issued = 1000, formed = false): Promise<Ran> {
    return this.#run(machine, "configure", this.#render(id, formed).payload, limit, issued);
  }

  async #run(machine: Machine, action: string, payload: string, limit: number, issued = 1000): Promise<Ran> {
    const environment = { SSM_action: action, SSM_payload: payload, SSM_issued: String(issued) };
    const { code, stdout } = await machine.run(this.#bench.script, environment, limit);
    const last = stdout.trimEnd().split("\n").at(-1) ?? "";
    return { code, answer: last === "" ? undefined : JSON.parse(last) };
  }

  settle<T>(promise: Promise<T>): Promise<T> {
    return this.#bench.settle(promise);
  }

  wait(ms: number): Promise<void> {
    return this.#bench.wait(ms);
  }

  server(id: number): string | undefined {
    return this.#bench.server(id);
  }

  /** Waits for the server of that node. */
  async started(id: number): Promise<string> {
    await this.until(async () => this.server(id) !== undefined);
    return this.server(id) ?? "";
  }

  async until(condition: () => Promise<boolean>): Promise<void> {
    for (let waited = 0; !(await condition()); waited += 200) {
      if (waited >= DEADLINE) throw new Error(`not so after ${DEADLINE} ms`);
      await this.wait(200);
    }
  }

  /** As it is rendered, but a unit that fails is given up after its third start. */
  #render(id: number, formed = false): { digest: string; payload: string } {
    const { definition } = this.#bench;
    const rendered = decodePayload(render(definition, nodeOf(definition, id), formed ? FORMED : QUORUM).payload);
    const content = rendered.unit.content.replace(/^StartLimitBurst=.*$/m, "StartLimitBurst=3");
    const configuration = { ...rendered, unit: { ...rendered.unit, content } };
    const digest = digestOf(configuration);
    return { digest, payload: encodePayload({ ...configuration, digest }) };
  }
}
