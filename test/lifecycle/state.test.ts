import { describe, expect, test } from "vitest";
import { decide } from "../../shared/lifecycle/decide/index.ts";
import type { LifecycleState } from "../../shared/lifecycle/sights.ts";
import { A, changeOf, definition, NOW, plan, type Setting, step } from "./scene.ts";

const nowhere = { instance: "i-1", zone: A } as const;

describe("the present state chooses the table, never the event", () => {
  test("nothing seen: looks at the group and the table", () => {
    expect(decide(plan, { now: NOW, instance: "i-1", attempt: 0, echo: false, suspect: false })).toMatchObject({
      do: "look",
      facts: ["fleet", "table"],
    });
  });
  test("a stranger is left alone without a further look", () => {
    expect(step({ nodes: [nowhere] })).toMatchObject({ do: "settled", row: "state/foreign" });
  });
  test.each([
    "Pending:Proceed",
    "Terminating:Proceed",
    "Warmed:Stopped",
    "ReplacingRootVolume:Wait",
    "EnteringStandby",
  ] as LifecycleState[])("%s is left alone", (state) => {
    expect(step({ nodes: [{ ...nowhere, state, id: 1 }] })).toMatchObject({ do: "settled", row: "state/leave-alone" });
  });
  test("Pending: looks again", () => {
    expect(step({ nodes: [{ ...nowhere, state: "Pending" }] })).toMatchObject({ do: "wait", on: ["fleet"] });
  });
  test.each(["Standby", "Detached", "Terminating:Retained"] as const)("%s with an id is held, naming it", (state) => {
    expect(step({ nodes: [{ ...nowhere, state, id: 7 }] })).toMatchObject({
      do: "hold",
      row: "state/aside",
      reason: expect.stringContaining("7"),
    });
  });
  test("nobody attends to what had no heartbeat for half its period: the one who did may have been killed", () => {
    const { heartbeat } = definition.periods;
    const record = { action: { kind: "launch", since: NOW - heartbeat }, attended: NOW + 1000 } as const;
    const woken = (ago: number): string =>
      step({
        nodes: [{ ...nowhere, state: "Pending:Wait", id: 1 }],
        record: { ...record, heartbeat: NOW - ago },
        echo: true,
      }).row;
    expect(woken(heartbeat / 2)).toBe("state/attended");
    expect(woken(heartbeat / 2 + 1)).not.toBe("state/attended");
    const unbegun = { nodes: [{ ...nowhere, state: "Pending:Wait", id: 1 }], echo: true } as const;
    expect(step({ ...unbegun, record: { attended: NOW + 1000 } }).row).not.toBe("state/attended");
  });
  test("the end of a command is an echo only of the record's own: a question to the node wakes nobody to ask again", () => {
    const seen = { agent: { state: "absent" } } as const;
    const command = { action: "configure", digest: "d", attempt: 1, sent: NOW, id: "c-1" } as const;
    const woken = (record: object): string =>
      step({ nodes: [{ ...nowhere, state: "Pending:Wait", id: 1 }], seen, record, echo: true, ended: "c-9" }).row;
    expect(woken({ command })).toBe("state/attended");
    expect(woken({})).toBe("state/attended");
    expect(woken({ command: { ...command, id: "c-9" } })).not.toBe("state/attended");
    const { id: _, ...unnamed } = command;
    const asked: Setting = { nodes: [{ ...nowhere, state: "Pending:Wait", id: 1 }], echo: true, ended: "c-9" };
    const found = (id: string): NonNullable<Setting["seen"]> => ({
      ...seen,
      command: { id, status: "success", detail: "" },
    });
    expect(step({ ...asked, record: { command: unnamed } })).toMatchObject({ do: "look", facts: ["command"] });
    expect(step({ ...asked, record: { command: unnamed }, seen: found("c-1") }).row).toBe("state/attended");
    expect(step({ ...asked, record: { command: unnamed }, seen: found("c-9") }).row).not.toBe("state/attended");
  });
  test("an echo leaves alone what another invocation attends to; news does not", () => {
    const setting = {
      nodes: [{ ...nowhere, state: "Pending:Wait", id: 1 }],
      record: { action: { kind: "launch", since: NOW }, heartbeat: NOW, attended: NOW + 1000 },
    } as const;
    expect(step({ ...setting, echo: true })).toMatchObject({ do: "settled", row: "state/attended" });
    expect(step(setting)).toMatchObject({ do: "look", facts: ["agent"] });
    expect(step({ ...setting, echo: true, record: { ...setting.record, attended: NOW - 1 } })).toMatchObject({
      do: "look",
      facts: ["agent"],
    });
  });
});

describe("an instance that EC2 has ended", () => {
  const dead = { ...nowhere, id: 1, served: true } as const;
  test("frees its id, whatever its group still says", () => {
    for (const state of ["InService", "Terminating:Wait", "Pending:Wait"] as const) {
      expect(changeOf({ nodes: [{ ...dead, state }], seen: { ec2: "terminated" } })).toMatchObject({
        kind: "release",
        id: 1,
        row: "gone/free",
      });
    }
  });
  test("the id freed tells where the node may have run, once it was sent a configuration", () => {
    const ended = { nodes: [{ ...dead, state: "InService" }], seen: { ec2: "terminated" } } as const;
    expect(changeOf(ended)).toMatchObject({ left: {} });
    const record = { address: "10.0.1.50" };
    expect(changeOf({ ...ended, record })).toMatchObject({ kind: "release", left: record });
  });
  test("then ends the lifecycle action that still waits for it", () => {
    expect(changeOf({ nodes: [{ ...nowhere, state: "Terminating:Wait" }], seen: { ec2: "terminated" } })).toMatchObject(
      { kind: "complete", action: "terminate", result: "CONTINUE" },
    );
    expect(changeOf({ nodes: [{ ...nowhere, state: "Pending:Wait" }], seen: { ec2: "terminated" } })).toMatchObject({
      kind: "complete",
      action: "launch",
      result: "ABANDON",
    });
  });
  test("is looked at in EC2 first where something said so, or where no group lists it", () => {
    expect(step({ nodes: [{ ...dead, state: "InService" }], suspect: true })).toMatchObject({
      do: "look",
      facts: ["ec2"],
    });
    expect(step({ nodes: [dead] })).toMatchObject({ do: "look", facts: ["ec2"] });
  });
  test("unknown to EC2 and every group, having been seen before, is gone", () => {
    const held = { ...dead, held: 300_000 };
    expect(changeOf({ nodes: [held], seen: { ec2: "unknown" } })).toMatchObject({ kind: "release", id: 1 });
  });
  test("but not where it was seen first just now: both views may be of before it was born", () => {
    const young = { ...dead, held: 299_999 };
    expect(step({ nodes: [young], seen: { ec2: "unknown" } })).toMatchObject({ do: "wait", row: "state/unknown" });
    const record = { action: { kind: "launch", since: NOW - 299_999 } } as const;
    expect(step({ nodes: [nowhere], record, seen: { ec2: "unknown" } })).toMatchObject({ row: "state/unknown" });
  });
  test("a newborn that EC2 does not know yet is not", () => {
    expect(changeOf({ nodes: [{ ...nowhere, state: "Pending:Wait" }], seen: { ec2: "unknown" } })).toMatchObject({
      kind: "claim",
    });
  });
  test.each(["stopped", "stopping", "running"] as const)("%s is not gone: an id outside every group is held", (ec2) => {
    expect(step({ nodes: [dead], seen: { ec2 } })).toMatchObject({ do: "hold", row: "state/aside" });
  });
  test("shutting down is not gone yet", () => {
    expect(step({ nodes: [dead], seen: { ec2: "shutting-down" } })).toMatchObject({ do: "wait", on: ["ec2"] });
  });
  test("is forgotten once it holds nothing", () => {
    expect(changeOf({ nodes: [nowhere], record: {}, seen: { ec2: "terminated" } })).toMatchObject({
      kind: "drop-record",
    });
    expect(step({ nodes: [nowhere], seen: { ec2: "terminated" } })).toMatchObject({ do: "settled" });
  });
});
