/** Each invariant is asserted by something that can fail: a healthy moment, and what breaks it. */
import { describe, expect, test } from "vitest";
import type { LoggedCall } from "../../lab/cloud/calls.ts";
import { addressesLeftBehind, strayAddresses } from "../../lab/invariants/addresses.ts";
import { type KafkaTruth, letIn, notCountedIn } from "../../lab/invariants/counted-in.ts";
import { freedTooEarly } from "../../lab/invariants/freed.ts";
import type { Moment, RunningNode } from "../../lab/invariants/moment.ts";
import { moreThanOneHolder } from "../../lab/invariants/one-holder.ts";
import { type Write, wroteOver } from "../../lab/invariants/one-writer.ts";
import { parametersText, SECRET_FORMS, secretsIn } from "../../lab/invariants/secrets.ts";
import { timeouts } from "../../lab/invariants/timeouts.ts";
import { Invariants } from "../../lab/invariants.ts";
import type { Violation } from "../../lab/machines/modelled-violations.ts";
import type { RoleName } from "../../shared/cluster/definition.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { InstanceRecord, Roster, Turn } from "../../shared/lifecycle/sights.ts";
import { definition } from "../lifecycle/scene.ts";
import { founder, payloadFor } from "./modelled-cluster.ts";

const NOW = 1_800_000_000_000;
const SUBNET = { id: "subnet-1", vpc: "vpc-1", zone: "eu-central-1a", cidr: "10.0.1.0/24" };

function rosters(held: Readonly<Record<string, string | undefined>>): Map<RoleName, Roster> {
  const found = new Map<RoleName, Roster>();
  for (const role of ["broker", "controller"] as const) {
    const members = Object.entries(held)
      .filter(([name]) => name.startsWith(role))
      .map(([name, owner]) => {
        const id = Number(name.split(" ")[1]);
        return [id, { id, zone: SUBNET.zone, since: NOW, served: true, ...(owner && { owner }) }] as const;
      });
    found.set(role, { role, members: new Map(members) });
  }
  return found;
}

function run(node: string): RunningNode {
  const [role = "", id = "", instance = ""] = node.split(" ");
  return { role: role as RoleName, id: Number(id), instance };
}

const instance = (id: string, state: "running" | "shutting-down" | "terminated" = "running") =>
  ({ id, type: "m7g.large", subnet: SUBNET, address: "10.0.1.4", tags: [], state, launched: NOW }) as const;

/** What a node was asked, and what became of it. */
function command(to: string, action: string, status: "Success" | "Failed" | "InProgress", answer: object = {}) {
  const stdout = `some words\n${JSON.stringify(answer)}\n`;
  const invocation = { instance: to, status, detail: status, code: 0, stdout, stderr: "" };
  return { ...invocation, command: { parameters: { action: [action] } } };
}

interface Change {
  readonly held?: Readonly<Record<string, string | undefined>>;
  readonly running?: readonly string[];
  readonly instances?: readonly ReturnType<typeof instance>[];
  readonly interfaces?: readonly { address: string; to: string; status: "attaching" | "attached" | "detaching" }[];
  readonly commands?: readonly ReturnType<typeof command>[];
}

/** Broker 1 and controller 101 are in service. */
function moment(change: Change = {}): Moment {
  const interfaces = change.interfaces ?? [{ address: "10.0.1.10", to: "i-c", status: "attached" }];
  return {
    at: NOW,
    rosters: rosters(change.held ?? { "broker 1": "i-b", "controller 101": "i-c" }),
    records: new Map(),
    running: (change.running ?? ["broker 1 i-b", "controller 101 i-c"]).map(run),
    timedOut: [],
    cloud: {
      groups: [],
      actions: [],
      instances: change.instances ?? [instance("i-b"), instance("i-c")],
      interfaces: interfaces.map(({ address, to, status }) => ({
        id: "eni-1",
        subnet: SUBNET,
        address,
        description: "",
        tags: [],
        attachment: { id: "a-1", instance: to, status, deviceIndex: 1, deleteOnTermination: false, since: NOW },
      })),
      commands: (change.commands ?? [
        command("i-b", "configure", "Success"),
        command("i-c", "configure", "Success"),
      ]) as unknown as Moment["cloud"]["commands"],
    },
  };
}

describe("1: one holder", () => {
  test("each id runs once, each instance holds one", () => {
    expect(moreThanOneHolder(moment())).toEqual([]);
  });
  test("two processes of one id", () => {
    expect(moreThanOneHolder(moment({ running: ["broker 1 i-b", "broker 1 i-x"] }))).toEqual([
      "broker 1 runs on i-b and i-x",
    ]);
  });
  test("two ids on one instance", () => {
    expect(moreThanOneHolder(moment({ running: ["broker 1 i-b", "broker 2 i-b"] }))).toEqual([
      "broker 1 and broker 2 run on i-b",
    ]);
  });
  test("two ids held by one instance, of whichever role", () => {
    expect(moreThanOneHolder(moment({ held: { "broker 1": "i-b", "controller 101": "i-b" } }))).toEqual([
      "i-b holds broker 1 and controller 101",
    ]);
  });
});

describe("2: a fixed address belongs to the holder of its id", () => {
  const to = (instance: string, status: "attaching" | "attached" | "detaching") =>
    moment({ interfaces: [{ address: "10.0.1.10", to: instance, status }] });
  test("attached to its holder, detaching from whoever was, and other interfaces are well", () => {
    expect(strayAddresses(definition, moment())).toEqual([]);
    expect(strayAddresses(definition, to("i-x", "detaching"))).toEqual([]);
    const other = moment({ interfaces: [{ address: "10.0.1.77", to: "i-x", status: "attached" }] });
    expect(strayAddresses(definition, other)).toEqual([]);
  });
  test.each(["attaching", "attached"] as const)("%s to somebody else", (status) => {
    expect(strayAddresses(definition, to("i-x", status))).toEqual([
      "10.0.1.10 is attached to i-x, but i-c holds controller 101",
    ]);
  });

  describe("nor left behind where its id is freed", () => {
    const left = (held: string | undefined, to: string, status: "attaching" | "attached" | "detaching") =>
      addressesLeftBehind(
        definition,
        moment(),
        moment({
          held: { "broker 1": "i-b", "controller 101": held },
          interfaces: [{ address: "10.0.1.10", to, status }],
        }),
      );
    test("its holder keeps both, or gave both up", () => {
      expect(left("i-c", "i-c", "attached")).toEqual([]);
      expect(left(undefined, "i-c", "detaching")).toEqual([]);
      expect(left("i-x", "i-x", "attached")).toEqual([]);
    });
    test.each(["attaching", "attached"] as const)("still %s to who had the id", (status) => {
      const what = ["controller 101 was freed, but 10.0.1.10 is still attached to i-c"];
      expect(left(undefined, "i-c", status)).toEqual(what);
      expect(left("i-x", "i-c", status)).toEqual(what);
    });
  });
});

describe("3: freed only after a confirmed stop, or its end", () => {
  const gone = { held: { "broker 1": undefined, "controller 101": "i-c" }, running: ["controller 101 i-c"] };
  const stop = (status: "Success" | "Failed" | "InProgress", answer: object) => [
    command("i-b", "configure", "Success"),
    command("i-b", "stop", status, answer),
  ];
  const freed = (change: Change) => freedTooEarly(moment(), moment({ ...gone, ...change }));

  test("nothing is freed, or rightly", () => {
    expect(freedTooEarly(moment(), moment())).toEqual([]);
    expect(freed({ commands: stop("Success", { ok: true, stopped: true }) })).toEqual([]);
    expect(freed({ instances: [instance("i-b", "terminated")] })).toEqual([]);
    expect(freed({ instances: [] })).toEqual([]);
    expect(freed({ commands: [] })).toEqual([]);
  });
  test.each([
    ["no stop was sent", [command("i-b", "configure", "Success")]],
    ["the stop still runs", stop("InProgress", {})],
    ["the stop failed", stop("Failed", { ok: false })],
    ["the stop does not say that it stopped", stop("Success", { ok: true })],
    ["another instance was stopped", [command("i-b", "configure", "Success"), command("i-x", "stop", "Success")]],
  ])("%s", (_, commands) => {
    expect(freed({ commands })).toEqual([expect.stringContaining("broker 1 was freed while i-b may run it")]);
  });
  test("EC2 is only about to end it", () => {
    expect(freed({ instances: [instance("i-b", "shutting-down")] })).toHaveLength(1);
  });
  test("handed on in one go", () => {
    const after = moment({ held: { "broker 1": "i-x", "controller 101": "i-c" }, running: [] });
    expect(freedTooEarly(moment(), after)).toHaveLength(1);
  });
  test("confirmed or not, what is freed must not run", () => {
    const stopped = stop("Success", { ok: true, stopped: true });
    expect(freed({ commands: stopped, running: ["broker 1 i-b"] })).toEqual([
      "broker 1 runs on i-b, but nobody holds it",
    ]);
  });
});

describe("4: let in only once Kafka counts it in", () => {
  const kafka = (change: Partial<Record<keyof KafkaTruth, unknown>> = {}): KafkaTruth => {
    const truth = {
      processes: [
        { ...run("broker 1 i-b"), address: "10.0.1.4", directory: { directoryId: "b" } },
        { ...run("controller 101 i-c"), address: "10.0.1.10", directory: { directoryId: "c" } },
      ],
      registered: [{ id: 1, host: "10.0.1.4" }],
      partitions: [{ topic: "t", index: 0, replicas: [1, 2], isr: [1, 2], minIsr: 1, leader: 1, elr: [] }],
      quorum: { leader: 101, voters: [{ id: 101, directoryId: "c", logEndOffset: 1, lag: 0, caughtUpAgo: 0 }] },
      ...change,
    } as { [K in keyof KafkaTruth]: ReturnType<KafkaTruth[K]> };
    return {
      processes: () => truth.processes,
      registered: () => truth.registered,
      partitions: () => truth.partitions,
      quorum: () => truth.quorum,
    };
  };
  const voter = (directoryId: string, caughtUpAgo: number) => ({
    quorum: { leader: 101, voters: [{ id: 101, directoryId, logEndOffset: 1, lag: 0, caughtUpAgo }] },
  });
  const behind = {
    partitions: [{ topic: "t", index: 0, replicas: [1, 2], isr: [2], minIsr: 1, leader: 2, elr: [] }],
  };

  test("registered and in every ISR; a voter that has caught up", () => {
    expect(notCountedIn(kafka(), "i-b", true)).toBeUndefined();
    expect(notCountedIn(kafka(), "i-c", true)).toBeUndefined();
  });
  test("near the action's limit the ISRs do not matter", () => {
    expect(notCountedIn(kafka(behind), "i-b", false)).toBeUndefined();
  });
  test.each([
    ["nothing runs", "i-b", { processes: [] }, "no Kafka runs"],
    ["not registered", "i-b", { registered: [] }, "not registered"],
    ["registered elsewhere", "i-b", { registered: [{ id: 1, host: "10.0.1.9" }] }, "at 10.0.1.9"],
    ["missing from an ISR", "i-b", behind, "(t-0)"],
    ["the voter that it replaces", "i-c", voter("former", 0), "not a voter"],
    ["a voter that lags", "i-c", voter("c", 900), "not caught up"],
    ["no leader", "i-c", { quorum: { leader: -1, voters: [] } }, "no leader"],
  ])("%s", (_, on, change, reason) => {
    expect(notCountedIn(kafka(change), on, true)).toContain(reason);
  });

  const call = (change: object = {}, ended: LoggedCall["ended"] = "answered"): LoggedCall => ({
    number: 1,
    service: "autoscaling",
    action: "CompleteLifecycleAction",
    caller: { role: "lifecycle" },
    at: NOW,
    input: {
      InstanceId: "i-b",
      LifecycleHookName: "rollcall-launch",
      LifecycleActionResult: "CONTINUE",
      ...change,
    },
    ...(ended && { ended }),
  });
  test("which call lets in", () => {
    expect(letIn(call())).toBe("i-b");
    expect(letIn(call({ LifecycleActionResult: "ABANDON" }))).toBeUndefined();
    expect(letIn(call({ LifecycleHookName: "rollcall-terminate" }))).toBeUndefined();
    expect(letIn(call({}, { error: new Error("no such action") }))).toBeUndefined();
  });

  const watched = (change: object) => {
    const truth = { ...kafka(change), violations: [] };
    return new Invariants({ definition: () => definition, kafka: truth, secrets: [] });
  };
  test("is asserted at the call", () => {
    const well = watched({});
    well.heard(call(), NOW);
    expect(well.breaches).toEqual([]);
    const early = watched({ registered: [] });
    early.heard(call(), NOW);
    expect(early.breaches).toMatchObject([{ invariant: 4, what: expect.stringContaining("i-b was let into service") }]);
  });
});

describe("5: no action times out", () => {
  const action = { instance: "i-b", hook: { name: "rollcall-launch" } } as Moment["timedOut"][number]["action"];
  const held = new Map([["i-b", { hold: { reason: "an empty disk is not safe", since: NOW } }]]);
  test("a hold may reach its action's global limit", () => {
    expect(timeouts({ timedOut: [{ action, how: "global timeout", at: NOW }], records: held })).toEqual([]);
  });
  test.each([
    ["heartbeat timeout", held],
    ["global timeout", new Map()],
  ] as const)("%s", (how, records) => {
    expect(timeouts({ timedOut: [{ action, how, at: NOW }], records })).toEqual([
      `rollcall-launch of i-b ended by its ${how}`,
    ]);
  });
});

describe("8: no secret", () => {
  test.each([
    ["ssl.keystore.password=hunter2"],
    ['{"password": "hunter2"}'],
    [
      'sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="app" password="hunter2";',
    ],
    ["-----BEGIN RSA PRIVATE KEY-----"],
    ["AKIAIOSFODNN7EXAMPLE"],
  ])("%s", (text) => {
    expect(secretsIn("a log line", text, SECRET_FORMS)).toEqual([expect.stringContaining("a log line has")]);
  });
  test("ordinary words have none", () => {
    for (const text of [
      "password.encoder is not set",
      "listeners=PLAINTEXT://10.0.1.4:9092",
      "no secret here",
      'password="${secrets:secrets:admin-1}"',
      '"secret":"rollcall/orders/admin-1"',
    ]) {
      expect(secretsIn("a log line", text, SECRET_FORMS)).toEqual([]);
    }
  });
  test("a payload is unpacked", () => {
    const settings = { "ssl.key.password": "hunter2" };
    const packed = { action: ["configure"], payload: [payloadFor(101, founder(101), { settings })] };
    expect(secretsIn("a command", parametersText(packed), SECRET_FORMS)).toHaveLength(1);
    const clean = { action: ["configure"], payload: [payloadFor(101, founder(101))] };
    expect(secretsIn("a command", parametersText(clean), SECRET_FORMS)).toEqual([]);
    expect(parametersText({ action: ["stop"], payload: [""] })).toBe("action stop\npayload ");
  });
});

describe("nobody writes over what another wrote meanwhile", () => {
  const contents = (change: Partial<TableContents> = {}): TableContents => ({
    rosters: rosters({ "broker 1": "i-b", "controller 101": undefined }),
    records: new Map(),
    ...change,
  });
  const told = (method: Write["method"], asked: object, before: TableContents, after: TableContents): string[] =>
    wroteOver({ method, input: [asked], before, after }).map(({ invariant, what }) => `${invariant}: ${what}`);
  const record = (version: number): InstanceRecord => ({
    instance: "i-b",
    role: "broker",
    group: "brokers-a",
    zone: SUBNET.zone,
    version,
  });
  const records = (version: number): TableContents =>
    contents({ records: new Map(version === 0 ? [] : [["i-b", record(version)]]) });
  const turn: Turn = { role: "broker", id: 1, instance: "i-b", since: NOW, reason: "its group ends its instance" };

  test("an id that is free is claimed, one that is held is not passed on", () => {
    const claimed = contents({ rosters: rosters({ "broker 1": "i-b", "controller 101": "i-c" }) });
    expect(told("claim", {}, contents(), claimed)).toEqual([]);
    const taken = contents({ rosters: rosters({ "broker 1": "i-x", "controller 101": undefined }) });
    expect(told("claim", {}, contents(), taken)).toEqual(["3: broker 1 passed to i-x while i-b held it"]);
    const freed = contents({ rosters: rosters({ "broker 1": undefined, "controller 101": undefined }) });
    const release = (instance: string) =>
      wroteOver({ method: "release", input: ["broker", 1, instance], before: contents(), after: freed });
    expect(release("i-b")).toEqual([]);
    expect(release("i-x")).toEqual([{ invariant: 3, what: "broker 1, which i-b held, was freed for i-x" }]);
  });
  test("a record is written over the version it was read at", () => {
    expect(told("save", record(0), records(0), records(1))).toEqual([]);
    expect(told("save", record(4), records(4), records(5))).toEqual([]);
    const refused = records(5);
    expect(told("save", record(4), refused, refused)).toEqual([]);
    expect(told("save", record(4), records(5), records(6))).toEqual([
      "3: version 5 of the record of i-b was overwritten by one that was read at 4",
    ]);
  });
  test("the turn is given back by whom it was taken by, and taken anew by the same member", () => {
    const taken = contents({ turn });
    expect(told("takeTurn", turn, contents(), taken)).toEqual([]);
    expect(told("giveTurn", turn, taken, contents())).toEqual([]);
    const successor = { ...turn, instance: "i-x" };
    expect(told("takeTurn", successor, taken, contents({ turn: successor }))).toEqual([]);
    expect(told("giveTurn", successor, taken, taken)).toEqual([]);
    expect(told("giveTurn", successor, taken, contents())).toEqual([
      "9: the turn of broker 1 was given back by i-x for broker 1",
    ]);
    const other = { ...turn, id: 2, instance: "i-y" };
    expect(told("takeTurn", other, taken, contents({ turn: other }))).toEqual([
      "9: the turn of broker 1 was taken by i-y for broker 2",
    ]);
  });
});

describe("9: nothing done on purpose harms", () => {
  test("what the modelled Kafka saw is told, once", () => {
    const violations: Violation[] = [{ kind: "stopped under min ISR", at: NOW, detail: "broker 1 on i-b: t-0" }];
    const nothing = { processes: () => [], registered: () => [], partitions: () => [] };
    const kafka = { ...nothing, quorum: () => ({ leader: -1, voters: [] }), violations };
    const invariants = new Invariants({ definition: () => definition, kafka, secrets: [] });
    invariants.look(moment());
    invariants.look(moment());
    expect(invariants.breaches).toEqual([
      { invariant: 9, what: "stopped under min ISR: broker 1 on i-b: t-0", at: NOW },
    ]);
  });
});

test("every look is judged against the one before", () => {
  const invariants = new Invariants({ definition: () => definition, secrets: [] });
  const without = moment({ held: { "controller 101": "i-c" }, running: ["controller 101 i-c"] });
  invariants.look(without);
  invariants.look(moment());
  expect(invariants.breaches).toEqual([]);
  invariants.look(without);
  expect(invariants.breaches).toMatchObject([{ invariant: 3 }]);
});
