/** What every kind of machine does, whatever it is made of: one suite, run for each of them. */
import { describe, expect, test } from "vitest";
import type { Machine, MachineKind } from "../../lab/machines/machine.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import { decodePayload, digestOf, encodePayload, type Payload } from "../../shared/config/payload.ts";
import { render } from "../../shared/config/render.ts";
import type { NodeAnswer } from "../../shared/lifecycle/sights.ts";
import { nodeOf, QUORUM } from "../config/cluster.ts";

/** A kind of machine, with its time. */
export interface Bench {
  readonly kind: MachineKind;
  readonly definition: Definition;
  /** The document's script. */
  readonly script: string;
  /** Waits for the promise, on the clock that the machines are on. */
  settle<T>(promise: Promise<T>): Promise<T>;
  wait(ms: number): Promise<void>;
  /** Names the Kafka server process that runs for that node, another one by another name; undefined: there is none. */
  server(id: number): string | undefined;
  close(): Promise<void>;
}

/** Ms; more than any step takes. */
const LIMIT = 60_000;
const DEADLINE = 60_000;

interface Ran {
  readonly code: number;
  readonly answer: NodeAnswer | undefined;
}

export function machineSuite(
  name: string,
  openBench: () => Promise<Bench>,
  options: { readonly skip?: boolean } = {},
): void {
  describe.skipIf(options.skip ?? false)(`${name} machines`, () => {
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

    rule("verify tells of the quorum that the founders formed", async (subject) => {
      const ids = [101, 102, 103];
      const machines = ids.map((id) => subject.create(id));
      const all = await subject.settle(Promise.all(machines.map((m, index) => subject.begin(m, ids[index] ?? 0))));
      expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
      const [machine] = machines;
      if (!machine) throw new Error("no machine");
      let answer: NodeAnswer | undefined;
      await subject.until(async () => {
        ({ answer } = await subject.run(machine, "verify"));
        return answer?.ok === true && answer.quorum?.leader !== -1;
      });
      expect(ids).toContain(answer?.quorum?.leader);
      const voters = answer?.quorum?.voters.map(({ id, directoryId }) => ({ id, directoryId })) ?? [];
      expect(voters.sort((a, b) => a.id - b.id)).toEqual(QUORUM.voters);
    });

    rule("what it is told to do must be known", async (subject) => {
      const { code, answer } = await subject.run(subject.create(101), "dance");
      expect([code, answer?.ok]).toEqual([1, false]);
      expect(answer?.error).toContain("'dance'");
    });
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

  configure(machine: Machine, id: number, { limit = LIMIT, issued = 1000 } = {}): Promise<Ran> {
    return this.settle(this.begin(machine, id, limit, issued));
  }

  run(machine: Machine, action: string, payload = ""): Promise<Ran> {
    return this.settle(this.#run(machine, action, payload, LIMIT));
  }

  /** A configure that is still running; only `settle` brings it to its end. */
  begin(machine: Machine, id: number, limit = LIMIT, issued = 1000): Promise<Ran> {
    return this.#run(machine, "configure", this.#render(id).payload, limit, issued);
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
  #render(id: number): { digest: string; payload: string } {
    const { definition } = this.#bench;
    const rendered = decodePayload(render(definition, nodeOf(definition, id), QUORUM).payload);
    const content = rendered.unit.content.replace(/^StartLimitBurst=.*$/m, "StartLimitBurst=3");
    const configuration = { ...rendered, unit: { ...rendered.unit, content } };
    const digest = digestOf(configuration);
    return { digest, payload: encodePayload({ ...configuration, digest }) };
  }
}
