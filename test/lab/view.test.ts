import { EventEmitter } from "node:events";
import process from "node:process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Summary } from "../../lab/summary.ts";
import { changes } from "../../lab/view/changes.ts";
import { changeLine } from "../../lab/view/lines.ts";
import { renderScreen, type Screen } from "../../lab/view/screen.ts";
import type { ClusterSnapshot, NodeSnapshot } from "../../lab/view/snapshot.ts";
import { createView, type Signals, type ViewOptions } from "../../lab/view.ts";
import { coloured, duration, plain, widthOf } from "../../shared/terminal/text.ts";
import { Terminal } from "./view-terminal.ts";

const START = Date.UTC(2026, 0, 1);

const controller: NodeSnapshot = {
  instance: "i-0c0ffee0000000101",
  role: "controller",
  zone: "eu-central-1a",
  id: 101,
  address: "127.0.1.10",
  scaling: "InService",
  ec2: "running",
  kafka: "leader",
};
const well: NodeSnapshot = {
  ...controller,
  instance: "i-0b0b0b00000000001",
  role: "broker",
  id: 1,
  kafka: "in sync 12/12",
};
const waiting: NodeSnapshot = {
  instance: "i-0b0b0b00000000002",
  role: "broker",
  zone: "eu-central-1b",
  scaling: "Pending:Wait",
  ec2: "running",
  kafka: "",
  status: "id 2 is still held by i-0dead000000000002, Terminating:Wait, seen 4 s ago",
};

const snapshotOf = (
  nodes: readonly NodeSnapshot[],
  at = START + 12_340,
  notes: readonly string[] = [],
): ClusterSnapshot => ({
  at,
  cluster: "lab",
  nodes,
  notes,
});
const screenOf = (nodes: readonly NodeSnapshot[], notes: readonly string[] = []): Screen => ({
  snapshot: snapshotOf(nodes, START + 12_340, notes),
  start: START,
  step: { title: "A broker's instance dies without warning, and its disk with it", since: START + 10_000 },
});

const summary: Summary = {
  ok: true,
  kafka: { real: true, version: "4.3.0" },
  nodes: [{ role: "broker", id: 1, zone: "eu-central-1a", address: "127.0.1.50", instance: "i-2", state: "InService" }],
  launch: { seconds: 14.24, own: 1.5 },
  replacements: [
    {
      role: "controller",
      id: 101,
      kind: "terminated",
      old: "i-1",
      new: "i-2",
      sameId: true,
      sameAddress: true,
      seconds: 21,
    },
  ],
  messages: { acknowledged: 12345, read: 12346, lost: 0, duplicated: 1 },
  replay: { events: 84, changes: 0 },
  apiCalls: { "ec2:DescribeInstances": 7, "ssm:SendCommand": 1200 },
};

describe("the screen", () => {
  test("a row for each node, controllers first, with why it waits below", () => {
    const lines = renderScreen(screenOf([waiting, well, controller], ["1,204 messages acknowledged"]), { width: 120 });
    expect(lines).toMatchInlineSnapshot(`
      [
        "",
        "▸ A broker's instance dies without warning, and its disk with it  2.3s · 12.3s in all",
        "ROLE        ID   ZONE           ADDRESS     INSTANCE             AUTO SCALING  EC2      KAFKA",
        "controller  101  eu-central-1a  127.0.1.10  i-0c0ffee0000000101  InService     running  leader",
        "broker      1    eu-central-1a  127.0.1.10  i-0b0b0b00000000001  InService     running  in sync 12/12",
        "broker      –    eu-central-1b  –           i-0b0b0b00000000002  Pending:Wait  running  –",
        "  ↳ id 2 is still held by i-0dead000000000002, Terminating:Wait, seen 4 s ago",
        "",
        "1,204 messages acknowledged",
      ]
    `);
  });

  test("what is spared first where it is narrow: the zones' common start, instance ids, EC2's state", () => {
    const header = (width: number) => renderScreen(screenOf([controller, waiting]), { width })[3];
    const [wide = "", middle = "", narrow = ""] = [120, 90, 70].map((width) => header(width));
    expect(wide).toContain("eu-central-1a");
    expect(wide).toContain("i-0c0ffee0000000101");
    expect(middle).not.toContain("eu-central");
    expect(middle).toContain("i-0c0ffee0000000101");
    expect(narrow).toContain("i-0c0ffe…");
    expect(narrow).not.toContain("running");
  });

  test("where it is low, reasons go before rows, and healthy rows before those that wait", () => {
    const nodes = [controller, well, waiting];
    const low = renderScreen(screenOf(nodes), { width: 120, height: 5 });
    expect(low.at(-2)).toContain("Pending:Wait");
    expect(low.at(-1)).toBe("… and 2 more");
  });

  test("never wider or higher than it may be, in colour or without", () => {
    const node = fc.record({
      instance: fc.constantFrom("i-1", "i-0123456789abcdef0"),
      role: fc.constantFrom("broker" as const, "controller" as const),
      zone: fc.constantFrom("eu-central-1a", "us-gov-west-1b"),
      scaling: fc.constantFrom("", "InService", "Terminating:Wait"),
      ec2: fc.constantFrom("running", "shutting-down"),
      kafka: fc.string({ maxLength: 30 }),
      status: fc.string({ maxLength: 300, unit: "grapheme-ascii" }),
    });
    const size = fc.record({ width: fc.integer({ min: 20, max: 200 }), height: fc.integer({ min: 3, max: 40 }) });
    fc.assert(
      fc.property(fc.array(node, { maxLength: 12 }), size, fc.array(fc.string()), (nodes, { width, height }, notes) => {
        const lines = renderScreen(screenOf(nodes, notes), { width, height }, coloured);
        expect(lines.length).toBeLessThanOrEqual(height);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        const uncoloured = renderScreen(screenOf(nodes, notes), { width, height }, plain);
        expect(lines.map(widthOf)).toEqual(uncoloured.map(widthOf));
      }),
    );
  });

  test("what a node says cannot move the cursor", () => {
    const evil = { ...waiting, status: "two\nlines \u001b[2J and \r more", kafka: "\u0007bell" };
    const text = renderScreen(screenOf([evil]), { width: 120 }).join("|");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested.
    expect(text).not.toMatch(/[\u0000-\u001f]/);
    expect(text).toContain("two lines  and");
  });
});

describe("changes", () => {
  test("none between equal snapshots, nor where only a time that it names has passed", () => {
    const later = { ...waiting, status: "id 2 is still held by i-0dead000000000002, Terminating:Wait, seen 5 s ago" };
    expect(changes(snapshotOf([waiting, well]), snapshotOf([well, later]))).toEqual([]);
  });

  test("a node comes, changes, and goes", () => {
    const inService = { ...well, instance: waiting.instance, zone: waiting.zone, id: 2 };
    const came = changes(undefined, snapshotOf([waiting]));
    const changed = changes(snapshotOf([waiting]), snapshotOf([inService]));
    const gone = changes(snapshotOf([inService]), snapshotOf([]));
    expect([came, changed, gone].flat().map(changeLine)).toMatchInlineSnapshot(`
      [
        "broker –        eu-central-1b  i-0b0b0b00000000002  Pending:Wait · EC2 running · id 2 is still held by i-0dead000000000002, Terminating:Wait, seen 4 s ago",
        "broker 2        eu-central-1b  i-0b0b0b00000000002  Pending:Wait → InService · id 2 · address 127.0.1.10 · Kafka: in sync 12/12",
        "broker 2        eu-central-1b  i-0b0b0b00000000002  InService → gone",
      ]
    `);
  });

  test("a status is told anew where it waits for another", () => {
    const other = { ...waiting, status: "id 3 is still held by i-0dead000000000003, Terminating:Wait, seen 4 s ago" };
    expect(changes(snapshotOf([waiting]), snapshotOf([other]))).toHaveLength(1);
  });
});

/** A view on a clock of its own, with nobody else listening to signals. */
function viewOn(out: ViewOptions["out"], options: Partial<ViewOptions> = {}) {
  const emitter = new EventEmitter();
  const killed: string[] = [];
  const clock = { now: START };
  const signals: Signals = {
    pid: 1,
    on: (event, listener) => emitter.on(event, listener),
    off: (event, listener) => emitter.off(event, listener),
    listenerCount: (event) => emitter.listenerCount(event),
    kill: (_, signal) => killed.push(signal),
  };
  const view = createView({ out, json: false, now: () => clock.now, environment: {}, signals, ...options });
  return { view, emitter, killed, clock };
}

function collector() {
  let text = "";
  return {
    out: {
      write(more: string) {
        text += more;
      },
    },
    get text() {
      return text;
    },
  };
}

describe("on a terminal", () => {
  test("steps and notes stay, the table below them is drawn in place", () => {
    const terminal = new Terminal();
    const { view, clock } = viewOn(terminal);
    view.note("a local cloud is up");
    view.step("Six instances launch at once");
    view.show(snapshotOf([waiting, well]));
    clock.now += 14_200;
    view.show(snapshotOf([well]));
    view.step("A broker dies");
    view.show(snapshotOf([controller, well]));
    expect(terminal.text).toMatchInlineSnapshot(`
      "· a local cloud is up
      ✓ Six instances launch at once  14.2s

      ▸ A broker dies  0.0s · 14.2s in all
      ROLE        ID   ZONE           ADDRESS     INSTANCE             AUTO SCALING  EC2      KAFKA
      controller  101  eu-central-1a  127.0.1.10  i-0c0ffee0000000101  InService     running  leader
      broker      1    eu-central-1a  127.0.1.10  i-0b0b0b00000000001  InService     running  in sync 12/12
      "
    `);
  });

  test("a longer area, a shorter one, a narrower and a lower window leave nothing behind", () => {
    const nodes = [controller, well, waiting, { ...waiting, instance: "i-3" }];
    fc.assert(
      fc.property(
        fc.array(fc.record({ count: fc.nat(4), columns: fc.integer({ min: 30, max: 130 }), note: fc.boolean() })),
        (frames) => {
          const terminal = new Terminal(130, 40);
          const { view } = viewOn(terminal);
          let notes = 0;
          for (const { count, columns, note } of frames) {
            terminal.resize(columns);
            if (note) view.note(`note ${notes++}`);
            view.show(snapshotOf(nodes.slice(0, count)));
            const rows = terminal.lines.filter((line) => /^(broker|controller) /.test(line));
            expect(rows).toHaveLength(count);
            expect(terminal.lines.filter((line) => line.includes("▸"))).toHaveLength(1);
          }
          expect(terminal.lines.filter((line) => line.includes("note "))).toHaveLength(notes);
          view.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  test("each frame is one write, shown as a whole, without clearing the screen first", () => {
    const writes: string[] = [];
    const out = { isTTY: true, columns: 100, rows: 30, write: (text: string) => writes.push(text) };
    const { view } = viewOn(out);
    for (let n = 0; n < 3; n++) view.show(snapshotOf([well, waiting]));
    expect(writes).toHaveLength(3);
    for (const text of writes) {
      expect(text.startsWith("\u001b[?2026h") && text.endsWith("\u001b[?2026l")).toBe(true);
      expect(text).not.toContain("\u001b[2J");
    }
  });

  test("a window of a few rows is not overrun", () => {
    const terminal = new Terminal(80, 8);
    const { view } = viewOn(terminal);
    view.step("A step");
    for (let n = 0; n < 3; n++) view.show(snapshotOf([controller, well, waiting, waiting, waiting, waiting]));
    expect(terminal.lines.filter((line) => line.includes("▸"))).toHaveLength(1);
  });

  test("no colour where NO_COLOR is set, colour otherwise", () => {
    const draw = (environment: Record<string, string>) => {
      const terminal = new Terminal();
      viewOn(terminal, { environment }).view.show(snapshotOf([well]));
      return terminal.raw;
    };
    expect(draw({})).toContain("\u001b[32mInService");
    expect(draw({ NO_COLOR: "1" })).not.toContain("\u001b[32m");
    const writes: string[] = [];
    const { view } = viewOn({ isTTY: true, write: (text) => writes.push(text) }, { environment: { TERM: "dumb" } });
    view.show(snapshotOf([well]));
    expect(writes.join("")).toContain("InService");
    expect(writes.join("")).not.toContain("\u001b");
  });

  test("hides the cursor while it draws, and shows it again at close", () => {
    const terminal = new Terminal();
    const { view, emitter } = viewOn(terminal);
    view.show(snapshotOf([well]));
    expect(terminal.cursorShown).toBe(false);
    view.close();
    expect(terminal.cursorShown).toBe(true);
    expect(emitter.eventNames()).toEqual([]);
  });

  test("Ctrl-C: the cursor is shown again, and the signal takes its course where nobody else listens", () => {
    const terminal = new Terminal();
    const { view, emitter, killed } = viewOn(terminal);
    view.show(snapshotOf([well]));
    emitter.emit("SIGINT");
    expect(terminal.cursorShown).toBe(true);
    expect(killed).toEqual(["SIGINT"]);
  });

  test("Ctrl-C is left to whoever else listens; from then on the terminal is only written to", () => {
    const terminal = new Terminal();
    const { view, emitter, killed } = viewOn(terminal);
    emitter.on("SIGINT", () => {});
    view.show(snapshotOf([well]));
    const shown = terminal.text.trimEnd();
    emitter.emit("SIGINT");
    expect(killed).toEqual([]);
    view.show(snapshotOf([well, waiting]));
    view.note("the cluster goes down");
    expect(terminal.text.trimEnd()).toBe(`${shown}\n· the cluster goes down`);
    expect(terminal.cursorShown).toBe(true);
  });

  test("the end of the program restores the cursor, too", () => {
    const terminal = new Terminal();
    const { view, emitter } = viewOn(terminal);
    view.show(snapshotOf([well]));
    expect(terminal.cursorShown).toBe(false);
    emitter.emit("exit");
    expect(terminal.cursorShown).toBe(true);
  });

  test("what came of a step stands below it", () => {
    const terminal = new Terminal();
    const { view } = viewOn(terminal);
    view.step("Broker 1 dies");
    view.show(snapshotOf([well]));
    view.done();
    view.note("broker 1 is back");
    view.step("Broker 2 dies");
    expect(terminal.lines.slice(0, 2)).toEqual([expect.stringMatching(/^✓ Broker 1 dies/), "· broker 1 is back"]);
  });

  test("a summary is broken, not cut, where the terminal is narrow", () => {
    const terminal = new Terminal(70);
    const { view } = viewOn(terminal);
    view.summary(summary, [], []);
    const launch = terminal.lines.findIndex((line) => line.startsWith("Launch"));
    expect(terminal.lines.slice(launch, launch + 2)).toEqual([
      "Launch     1 nodes in service after 14.2s; Rollcall's own calls and",
      "           decisions took at most 1.5s of a node's launch",
    ]);
  });

  test("the real process will do for its signals", () => {
    const signals: Signals = process;
    expect(signals.pid).toBe(process.pid);
  });

  test("ends with the summary below the last table", () => {
    const terminal = new Terminal();
    const { view } = viewOn(terminal);
    view.step("The tour");
    view.show(snapshotOf([well]));
    view.summary(summary, [], ["Next:", "  npm start -- --stay"]);
    view.close();
    expect(terminal.cursorShown).toBe(true);
    expect(terminal.text.slice(terminal.text.indexOf("✓ Every"))).toMatchInlineSnapshot(`
      "✓ Every node came back as itself, and nothing was lost.

      Kafka      4.3.0, real processes
      Launch     1 nodes in service after 14.2s; Rollcall's own calls and decisions took at most 1.5s of a node's launch
      Replaced   controller 101 (terminated): i-1 → i-2, same id, same address, 21.0s
      Messages   12,345 acknowledged, 12,346 read back: 0 lost, 1 duplicated
      Replay     84 events again: 0 changes
      API calls  1,207 (most: ssm:SendCommand 1,200, ec2:DescribeInstances 7)

      Next:
        npm start -- --stay
      "
    `);
    expect(terminal.lines.filter((line) => line.startsWith("broker 1 "))).toHaveLength(0);
    expect(terminal.text).toContain("in sync 12/12");
  });
});

describe("without a terminal", () => {
  test("plain lines, for changes only, with the time since the start", () => {
    const output = collector();
    const { view, clock } = viewOn(output.out);
    view.step("Six instances launch at once");
    clock.now += 12_340;
    view.show(snapshotOf([waiting]));
    view.show(snapshotOf([waiting]));
    clock.now += 100_000;
    view.warn("no Java here: the nodes are modelled");
    view.close();
    expect(output.text).toMatchInlineSnapshot(`
      "  +0.0s  ▸ Six instances launch at once
       +12.3s  broker –        eu-central-1b  i-0b0b0b00000000002  Pending:Wait · EC2 running · id 2 is still held by i-0dead000000000002, Terminating:Wait, seen 4 s ago
      +1m 52s  ! no Java here: the nodes are modelled
      "
    `);
  });

  test("problems are in the summary, in words", () => {
    const output = collector();
    const { view } = viewOn(output.out);
    view.summary({ ...summary, ok: false }, ["2 acknowledged messages were lost"], []);
    expect(output.text).toContain("✗ Not everything is as it must be:\n  - 2 acknowledged messages were lost\n");
  });
});

describe("with --json", () => {
  test("one object a line, the last one the summary alone", () => {
    const output = collector();
    const { view, clock } = viewOn(output.out, { json: true });
    view.step("A step");
    clock.now += 1_500;
    view.show(snapshotOf([waiting]));
    view.show(snapshotOf([waiting]));
    view.note("a note");
    view.summary(summary, ["a problem"], ["not for machines"]);
    view.close();
    const objects = output.text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(objects.map(({ type }) => type)).toEqual(["step", "change", "note", "problem", undefined]);
    expect(objects[1]).toEqual({
      type: "change",
      at: "2026-01-01T00:00:01.500Z",
      seconds: 1.5,
      instance: waiting.instance,
      role: "broker",
      zone: "eu-central-1b",
      id: null,
      gone: false,
      changes: { scaling: { to: "Pending:Wait" }, ec2: { to: "running" }, status: { to: waiting.status } },
    });
    expect(objects.at(-1)).toEqual(summary);
  });
});

test.each([
  [0, "0.0s"],
  [12_340, "12.3s"],
  [99_960, "1m 40s"],
  [185_400, "3m 05s"],
])("%s ms reads %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
