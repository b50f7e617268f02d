/** The pure parts of the command line: how things are read and said. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Message } from "../../cli/aws/queues.ts";
import { accessFindings } from "../../cli/doctor/access.ts";
import { commandFindings, ordersIn } from "../../cli/doctor/commands.ts";
import type { Finding } from "../../cli/doctor/finding.ts";
import { kafkaFindings } from "../../cli/doctor/kafka.ts";
import { memberFindings } from "../../cli/doctor/members.ts";
import { nodeFindings } from "../../cli/doctor/nodes.ts";
import { permissionFindings, toDeploy, toOperate } from "../../cli/doctor/permissions.ts";
import { type QuotaSight, quotaFindings } from "../../cli/doctor/quotas.ts";
import { Refusal } from "../../cli/exit.ts";
import { adviceOn } from "../../cli/failure.ts";
import { readLetter, sortLetters } from "../../cli/look/letters.ts";
import { differenceLine, differencesOf, momentFrom } from "../../cli/look/moment.ts";
import { type NodeStatus, nextOf } from "../../cli/look/node.ts";
import type { GroupStatus, Status } from "../../cli/look/status.ts";
import { examinationLines } from "../../cli/show/examination.ts";
import { concernsOf, statusLines } from "../../cli/show/status.ts";
import { span, timeOf } from "../../cli/show/words.ts";
import { timeAt } from "../../cli/time.ts";
import { stackNames } from "../../resources/names.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import type { Explanation } from "../../shared/lifecycle/explain.ts";
import { planFor } from "../../shared/lifecycle/plan.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type {
  AccessMark,
  CommandSight,
  FleetSight,
  InstanceRecord,
  LifecycleState,
  RosterMember,
} from "../../shared/lifecycle/sights.ts";
import { plain } from "../../shared/terminal/text.ts";
import { definition } from "../definition.ts";
import { at, kafka, mark, unsafe } from "../lifecycle/scene.ts";

const NOW = Date.parse("2026-11-22T16:00:00Z");
const [A, B] = ["eu-central-1a", "eu-central-1b"] as const;

test.each([
  [0, "0s"],
  [999, "0s"],
  [12_400, "12s"],
  [245_000, "4m 5s"],
  [240_000, "4m"],
  [3_600_000, "1h"],
  [2 * 86_400_000 + 3 * 3_600_000 + 59_000, "2d 3h"],
  [-5, "0s"],
])("%i ms is %s", (ms, text) => {
  expect(span(ms)).toBe(text);
});

test("a time is told with its day only where that is another", () => {
  expect(timeOf(NOW - 1000, NOW)).toBe("15:59:59Z");
  expect(timeOf(NOW - 86_400_000, NOW)).toBe("2026-11-21 16:00:00Z");
});

describe("times as they are typed", () => {
  test.each([
    ["90m", NOW - 5_400_000],
    ["2h", NOW - 7_200_000],
    ["3d", NOW - 259_200_000],
    ["30s", NOW - 30_000],
    ["2026-11-22T14:00:00Z", Date.parse("2026-11-22T14:00:00Z")],
    ["2026-11-22T14:00Z", Date.parse("2026-11-22T14:00:00Z")],
    ["2026-11-22T14:00:00+02:00", Date.parse("2026-11-22T12:00:00Z")],
    ["1970-01-01T00:00Z", 0],
  ])("%s", (text, time) => {
    expect(timeAt("since", text, NOW)).toBe(time);
  });
  test.each([
    "",
    "2",
    "h",
    "-2h",
    "2 h",
    "2w",
    "2026",
    "22.11.2026",
    "2026-13-01T00:00Z",
    "now",
    "999999999d",
    "1969-12-31T23:59Z",
  ])("%j is none", (text) => {
    expect(() => timeAt("since", text, NOW)).toThrow(/^--since .*: give a time such as/);
  });
});

describe("dead letters", () => {
  const names = stackNames(definition);
  const arn = (name: string) => `arn:aws:lambda:eu-central-1:123456789012:function:${name}`;
  const message = (body: unknown, attributes: Record<string, string> = {}): Message => ({
    id: "m",
    receipt: "r",
    body: typeof body === "string" ? body : JSON.stringify(body),
    attributes,
    sent: NOW,
  });
  const event = {
    version: "0",
    id: "11111111-2222-3333-4444-555555555555",
    "detail-type": "EC2 Instance State-change Notification",
    source: "aws.ec2",
    account: "123456789012",
    time: "2026-11-22T15:00:00Z",
    region: "eu-central-1",
    resources: [],
    detail: { "instance-id": "i-0123456789abcdef0", state: "terminated" },
  };
  const failed = (functionArn: string, more: object = {}) => ({
    version: "1.0",
    timestamp: "2026-11-22T15:00:00Z",
    requestContext: { requestId: "r", functionArn, condition: "RetriesExhausted", approximateInvokeCount: 3 },
    requestPayload: event,
    ...more,
  });
  const read = (body: unknown, attributes = {}) => readLetter(definition, names, message(body, attributes));

  test("an invocation that failed goes to its function, without the version that Lambda names", () => {
    const error = { errorType: "Sandbox.Timedout", errorMessage: "Task timed out" };
    const letter = read(failed(`${arn(names.lifecycleFunction)}:$LATEST`, { responsePayload: error }));
    expect(letter.to).toEqual({ function: names.lifecycleFunction, event });
    expect(letter).toMatchObject({
      about: expect.stringContaining("i-0123456789abcdef0"),
      why: "Sandbox.Timedout: Task timed out",
    });
  });
  test("one without an error's text is told by its condition", () => {
    expect(read(failed(arn(names.sweepFunction)))).toMatchObject({ about: "a sweep", why: "RetriesExhausted" });
  });
  test("an event that was not delivered goes to its target", () => {
    const attributes = { TARGET_ARN: arn(names.lifecycleFunction), ERROR_CODE: "NO_PERMISSIONS", ERROR_MESSAGE: "no" };
    expect(read(event, attributes)).toMatchObject({ to: { event }, why: "NO_PERMISSIONS: no" });
  });
  test("one sweep makes up for all that were missed; what its function would not take stays", () => {
    const [sweep, lifecycle] = [names.sweepFunction, names.lifecycleFunction].map((name) => read(failed(arn(name))));
    if (!sweep || !lifecycle) throw new Error("two letters");
    const [first, second, stranger] = [{ ...sweep }, { ...sweep }, read({ hello: "world" })];
    const { hand, stay } = sortLetters([first, lifecycle, stranger, second], names, new Set());
    expect(hand).toEqual([
      { letter: lifecycle, covers: [] },
      { letter: second, covers: [first] },
    ]);
    expect(stay).toEqual([{ letter: stranger, why: "it is nothing of this cluster's" }]);
    expect(sortLetters([first, lifecycle], names, new Set([names.sweepFunction]))).toEqual({
      hand: [{ letter: lifecycle, covers: [] }],
      stay: [{ letter: first, why: "rollcall-lab-sweep is switched off" }],
    });
  });
  test("an event that even the function cannot read is handed over all the same, and told as what it is", () => {
    const letter = read(failed(arn(names.lifecycleFunction), { requestPayload: { "detail-type": "Dance" } }));
    expect(letter.to).toMatchObject({ function: names.lifecycleFunction });
    expect(letter.about).toContain("Dance");
  });
  test.each([
    ["not json", "not json"],
    ["another form", { hello: "world" }],
    ["another's function", failed(arn("shop"))],
    ["the Kafka function, which is only asked", failed(arn(names.kafkaFunction))],
  ])("%s stays where it is", (_, body) => {
    expect(read(body).to).toBeUndefined();
  });
});

const member = (id: number, zone: string, owner?: string, more: Partial<RosterMember> = {}): [number, RosterMember] => [
  id,
  { id, zone, since: NOW - 60_000, served: true, ...(owner !== undefined && { owner }), ...more },
];
const contents = (more: Partial<TableContents> = {}, ...brokers: [number, RosterMember][]): TableContents => ({
  rosters: new Map([["broker", { role: "broker", members: new Map(brokers) }]]),
  records: new Map(),
  quorum: mark,
  ...more,
});
const fleet = (...members: [string, string, LifecycleState][]): FleetSight => ({
  groups: [A, B].map((zone) => ({
    name: `lab-broker-${zone}`,
    desired: 1,
    deleting: false,
    members: members
      .filter(([, z]) => z === zone)
      .map(([instance, , state]) => ({ instance, state, zone, healthy: true })),
  })),
});
const record = (instance: string, more: Partial<InstanceRecord> = {}): [string, InstanceRecord] => [
  instance,
  { instance, role: "broker", group: "g", zone: A, version: 1, ...more },
];
const said = (findings: readonly Finding[]): string[] =>
  findings.filter((f) => f.level !== "fine").map((f) => `${f.level} ${f.area}: ${f.what}`);

describe("what a moment differs by from another", () => {
  const before = momentFrom(
    fleet(["i-1", A, "InService"]),
    contents({ records: new Map([record("i-1", { heartbeat: 1, version: 1 })]) }, member(1, A, "i-1")),
  );
  test("heartbeats, versions and attention are no difference", () => {
    const after = momentFrom(
      fleet(["i-1", A, "InService"]),
      contents({ records: new Map([record("i-1", { heartbeat: 2, version: 9, attended: 5 })]) }, member(1, A, "i-1")),
    );
    expect(differencesOf(before, after)).toEqual([]);
  });
  test("who holds an id, who is there, and what is written of it are", () => {
    const after = momentFrom(
      fleet(["i-2", A, "Pending:Wait"]),
      contents({ records: new Map([record("i-2", { hold: { reason: "r", since: 1 } })]) }, member(1, A, "i-2")),
    );
    expect(differencesOf(before, after).map(differenceLine)).toEqual([
      "instance i-1: gone (was InService in lab-broker-eu-central-1a)",
      "broker 1: held by i-2, was in service (was held by i-1, was in service)",
      "record of i-1: gone (was nothing of note)",
      "instance i-2: Pending:Wait in lab-broker-eu-central-1a (new)",
      "record of i-2: held: r (new)",
    ]);
  });
});

describe("the doctor on members", () => {
  const look = (
    sight: FleetSight,
    table: TableContents,
    ec2: Record<string, "running" | "terminated" | "unknown" | "stopped"> = {},
  ) => said(memberFindings(definition, { now: NOW, fleet: sight, contents: table, ec2: new Map(Object.entries(ec2)) }));

  test("an id whose holder EC2 has ended, and that no sweep has freed", () => {
    const table = contents({}, member(1, A, "i-1"));
    expect(look(fleet(), table, { "i-1": "terminated" })).toEqual([
      "wrong roster: broker 1 is held by i-1, which is terminated: the next sweep frees it",
    ]);
    const young = contents({}, member(1, A, "i-1", { since: NOW - 1_000 }));
    expect(look(fleet(), young, { "i-1": "terminated" })[0]).toMatch(/^note/);
  });
  test("an id whose holder runs outside every group", () => {
    expect(look(fleet(), contents({}, member(1, A, "i-1")), { "i-1": "stopped" })).toEqual([
      "wrong roster: broker 1 is held by i-1, which is in no group and stopped",
    ]);
  });
  test("an id in another zone than its own, and one that the definition has no more", () => {
    const table = contents({}, member(1, B, "i-1"), member(4711, A));
    expect(look(fleet(["i-1", A, "InService"]), table, { "i-1": "running" })).toEqual([
      "wrong roster: broker 1 belongs into eu-central-1b, and is held by i-1 in eu-central-1a",
      "note roster: broker 4711 is not among the definition's ids any more",
    ]);
  });
  test("an instance that runs on because its termination was not confirmed in time, also where it holds nothing", () => {
    const sight = fleet(["i-1", A, "InService"], ["i-7", A, "Terminating:Retained"]);
    expect(look(sight, contents({}, member(1, A, "i-1")), { "i-1": "running", "i-7": "running" })).toEqual([
      "wrong roster: i-7 runs on, as its termination was not confirmed in time (Terminating:Retained)",
    ]);
  });
  test("what holds several for the same reason is one thing", () => {
    const hold = { reason: "Kafka cannot be seen", since: NOW - 60_000 };
    const records = new Map([record("i-1", { hold }), record("i-2", { hold: { ...hold, since: NOW } })]);
    const table = contents({ records }, member(1, A, "i-1"), member(2, B, "i-2"));
    const sight = fleet(["i-1", A, "InService"], ["i-2", B, "InService"]);
    expect(look(sight, table, { "i-1": "running", "i-2": "running" })).toEqual([
      "wrong records: i-1, i-2 are held since 1m: Kafka cannot be seen",
    ]);
  });
  test.each<[LifecycleState, string[]]>([
    ["InService", ["note records: what an operator asked about i-1 5s ago (force) counts no more"]],
    ["Pending:Wait", []],
  ])("a wish for a launch of one that is %s", (state, found) => {
    const operator = { wish: "force", since: NOW - 5_000, action: "launch", reason: "r" } as const;
    const table = contents({ records: new Map([record("i-1", { operator })]) }, member(1, A, "i-1"));
    expect(look(fleet(["i-1", A, state]), table, { "i-1": "running" })).toEqual(found);
  });
  test("a wish that has lapsed, a record left behind", () => {
    const operator = { wish: "force", since: NOW - 3_600_000, reason: "r" } as const;
    const table = contents({ records: new Map([record("i-1", { operator }), record("i-9")]) }, member(1, A, "i-1"));
    expect(look(fleet(["i-1", A, "InService"]), table, { "i-1": "running", "i-9": "terminated" })).toEqual([
      "note records: what an operator asked about i-1 1h ago (force) counts no more",
      "note records: i-9 is terminated and still remembered: the next sweep, within 2s, forgets it",
    ]);
  });
});

describe("the doctor on nodes and Kafka", () => {
  const sight = fleet(["i-1", A, "InService"], ["i-2", B, "InService"]);
  const brokers = [
    member(1, A, "i-1", { address: "10.0.1.50" }),
    member(2, B, "i-2", { address: "10.0.2.50" }),
    member(3, A),
  ] as const;
  const table = contents({}, ...brokers);

  test("agents that are lost, and configurations that are others", () => {
    const agents = new Map([
      ["i-1", { state: "lost" as const }],
      ["i-2", { state: "online" as const }],
    ]);
    const configured = { digest: "other", at: NOW, times: 1 };
    const found = said(
      nodeFindings(planFor(definition), sight, { ...table, records: new Map([record("i-2", { configured })]) }, agents),
    );
    expect(found).toEqual([
      expect.stringMatching(/^wrong agents: the SSM agent of broker 1 \(i-1\) is lost/),
      "wrong configuration: nothing is known of the configuration of broker 1 (i-1)",
      "note configuration: broker 2 (i-2) is configured otherwise than this definition says",
    ]);
  });
  test("brokers that nobody holds, at another address, or missing; and partitions that nobody can ever stop", () => {
    const view = kafka({
      1: { ...at("10.0.9.9"), stop: unsafe },
      2: {},
      3: at("10.0.3.3"),
      77: {},
    });
    if (!view.seen) throw new Error("it is seen");
    const found = said(
      kafkaFindings(definition, {
        fleet: sight,
        contents: table,
        kafka: view,
        listeners: new Map([[101, "listening"]]),
      }),
    );
    expect(found).toEqual([
      "wrong Kafka: broker 1 is registered at 10.0.9.9:9092, and the roster has it at 10.0.1.50",
      "wrong Kafka: broker 2 (i-2) is in service, and Kafka does not count it in",
      "wrong Kafka: broker 3 is registered at 10.0.3.3:9092, and nobody holds that id",
      expect.stringMatching(/^note Kafka: broker 1 can never be stopped in order, though all is in sync: orders-0/),
    ]);
  });
  test("another cluster at the same addresses", () => {
    const view = kafka({ 1: at("10.0.1.50"), 2: at("10.0.2.50") });
    const other = { ...table, quorum: { ...mark, clusterId: "another" } };
    if (!view.seen) throw new Error("it is seen");
    expect(
      said(
        kafkaFindings(definition, {
          fleet: sight,
          contents: other,
          kafka: view,
          listeners: new Map([[101, "listening"]]),
        }),
      ),
    ).toEqual([`wrong Kafka: Kafka's cluster id is ${mark.clusterId}, and this cluster was founded as another`]);
  });
});

test("the doctor counts those of the quorum that listen, not those that were asked", () => {
  const view = kafka({});
  if (!view.seen) throw new Error("it is seen");
  const [, quorum] = kafkaFindings(definition, {
    fleet: fleet(),
    contents: contents(),
    kafka: view,
    listeners: new Map([
      [101, "listening"],
      [102, "listening"],
      [103, "refused"],
    ]),
  });
  expect(quorum).toMatchObject({ level: "fine", what: "2 controllers listen" });
});

describe("the doctor on commands", () => {
  const order = (more: object = {}) =>
    ({ action: "configure", digest: "d", attempt: 2, sent: NOW - 1_000, ...more }) as const;
  const found = (fate: CommandSight, more: object = {}) => {
    const table = contents({ records: new Map([record("i-1", { command: order(more) })]) }, member(1, A, "i-1"));
    const [asked] = ordersIn(table, NOW);
    return asked ? said(commandFindings(definition.periods, table, [{ ...asked, fate }], NOW)) : undefined;
  };
  test("one that failed, did not arrive, was never sent, or goes on for too long", () => {
    expect(found({ status: "failed", detail: "no space left on device" })).toEqual([
      "wrong commands: configure #2 of broker 1 (i-1) failed 1s ago: no space left on device",
    ]);
    expect(found({ status: "undelivered", detail: "" })).toEqual([expect.stringContaining("did not reach the node")]);
    const long = { sent: NOW - 3_600_000 };
    expect(found({ status: "unsent", detail: "" }, long)).toEqual([expect.stringContaining("SSM knows nothing of it")]);
    expect(found({ status: "running", detail: "" }, long)).toEqual([expect.stringContaining("under way for 1h")]);
  });
  test("one that succeeded, has its time, or is about to be sent is fine", () => {
    expect(found({ status: "success", detail: "" }, { sent: NOW - 3_600_000 })).toEqual([]);
    expect(found({ status: "running", detail: "" })).toEqual([]);
    expect(found({ status: "unsent", detail: "" })).toEqual([]);
  });
  test("a mere question, and what SSM has long forgotten, are not asked about", () => {
    expect(found({ status: "failed", detail: "" }, { action: "status" })).toBeUndefined();
    expect(found({ status: "failed", detail: "" }, { sent: NOW - 40 * 86_400_000 })).toBeUndefined();
  });
});

describe("what a node waits for, and since when", () => {
  const step = { do: "wait", row: "launch/8", reason: "configure runs on the node", on: ["command"] } as const;
  const explained = (over: Partial<Explanation>): Explanation => ({
    instance: "i-1",
    facts: { now: NOW, instance: "i-1", attempt: 0, echo: false, suspect: false },
    failed: new Map(),
    notes: [],
    step,
    ...over,
  });
  const [, launching] = record("i-1", {
    action: { kind: "launch", since: NOW - 60_000 },
    command: { action: "configure", digest: "d", attempt: 1, sent: NOW - 5_000 },
  });
  test("a command is waited for since it was sent, anything else since its lifecycle action began", () => {
    expect(nextOf(30_000, "Pending:Wait", launching, explained({}))).toEqual({
      do: "wait",
      row: "launch/8",
      reason: "configure runs on the node",
      since: NOW - 5_000,
      until: NOW - 60_000 + 3_000_000,
    });
    const agent = explained({ step: { ...step, on: ["agent"] } });
    expect(nextOf(30_000, "Pending:Wait", launching, agent)).toMatchObject({ since: NOW - 60_000 });
  });
  test("a launch that is long over says nothing of a termination that nobody has seen yet", () => {
    const next = nextOf(30_000, "Terminating:Wait", launching, explained({ step: { ...step, on: ["fleet"] } }));
    expect(next).toEqual({ do: "wait", row: "launch/8", reason: "configure runs on the node", unnoticed: true });
  });
  test("a hold is one since it was noted, and what could not be seen is said", () => {
    const [, held] = record("i-1", { hold: { reason: "r", since: NOW - 9_000 } });
    const blind = explained({ step: { ...step, do: "hold" }, failed: new Map([["agent", new Error("denied")]]) });
    expect(nextOf(30_000, "InService", held, blind)).toMatchObject({
      since: NOW - 9_000,
      reason: "configure runs on the node; agent cannot be seen: denied",
    });
  });
});

describe("what to do about a failure", () => {
  const failure = (name: string, code?: string) =>
    new Error("could not look", { cause: Object.assign(new Error("no"), { name, ...(code && { code }) }) });
  test.each([
    ["CredentialsProviderError", /AWS_PROFILE/],
    ["ExpiredTokenException", /renew them/],
    ["AccessDeniedException", /rollcall doctor/],
    ["ResourceNotFoundException", /not deployed in this account and region/],
  ])("%s", (name, advice) => {
    expect(adviceOn(failure(name))).toMatch(advice);
  });
  test("a connection that is refused", () => {
    expect(adviceOn(failure("Error", "ECONNREFUSED"))).toMatch(/AWS_ENDPOINT_URL/);
  });
  test("what is refused says by itself what to do", () => {
    expect(adviceOn(new Refusal("no", { cause: failure("AccessDenied") }))).toBeUndefined();
    expect(adviceOn(new Error("a mistake"))).toBeUndefined();
  });
});

describe("users and ACLs", () => {
  const mark: AccessMark = { digest: "declared", at: NOW - 120_000, versions: {}, drift: [] };
  const source = readFileSync(new URL("../../clusters/secure.yml", import.meta.url), "utf8");
  const secure = parseDefinition(source, "clusters/secure.yml");
  const look = (of: AccessMark | undefined, within = secure) =>
    said(accessFindings({ definition: within, access: () => ({ digest: "declared", payload: "" }) }, of, NOW));
  test("the doctor tells where they were never applied, are another declaration's, were changed, or are long unseen", () => {
    expect(look({ ...mark, at: NOW })).toEqual([]);
    expect(look(undefined)).toEqual(["wrong access: users and ACLs were never applied"]);
    expect(look({ ...mark, at: NOW, digest: "former", drift: ["removed user eve"] })).toEqual([
      expect.stringMatching(/^note access: .* from another declaration than this definition's/),
      "note access: somebody had changed them past the definition; put right 0s ago: removed user eve",
    ]);
    expect(look({ ...mark, troubles: { app: "no such secret" } })).toEqual([
      "wrong access: user app cannot be kept as declared: no such secret",
    ]);
    expect(look({ ...mark, at: NOW - 10 * secure.periods.access })).toEqual([
      expect.stringMatching(/^wrong access: users and ACLs were last compared .* ago/),
    ]);
    expect(look(undefined, definition)).toEqual([]);
  });
  test("the status says how far they are, where anybody is asked who he is", () => {
    const line = (access?: AccessMark | null): string[] =>
      statusLines(
        {
          at: NOW,
          cluster: "lab",
          deployed: true,
          groups: [],
          outside: [],
          vacant: [],
          letters: {},
          unseen: [],
          ...(access !== undefined && { access }),
        },
        { width: 120, paint: plain },
      ).filter((text) => text.startsWith("access"));
    expect(line()).toEqual([]);
    expect(line(null)).toEqual(["access   users and ACLs were never applied yet"]);
    expect(line(mark)).toEqual(["access   users and ACLs compared 2m ago, as declared"]);
    expect(line({ ...mark, drift: ["removed user eve"] })).toEqual([
      "access   users and ACLs compared 2m ago, put right: removed user eve",
    ]);
    expect(line({ ...mark, troubles: { app: "no such secret" } })).toEqual([
      "access   users and ACLs compared 2m ago, as declared, but for user app: no such secret",
    ]);
  });
});

/** As IAM calls what a service's client sends. */
function actionOf(client: string, command: string): string {
  const prefixes: Readonly<Record<string, string>> = {
    "auto-scaling": "autoscaling",
    eventbridge: "events",
    "secrets-manager": "secretsmanager",
    "service-quotas": "servicequotas",
  };
  return `${prefixes[client] ?? client}:${command === "Invoke" ? "InvokeFunction" : command}`;
}

describe("the doctor on quotas and permissions", () => {
  const enough: QuotaSight = {
    cores: 64,
    coresOf: new Map([
      ["t4g.small", 2],
      ["m7g.large", 2],
    ]),
    groups: { most: 500, now: 3 },
    concurrency: 1_000,
  };
  test("as much as is needed suffices, one less does not", () => {
    const look = (quotas: QuotaSight, deployed = false) => said(quotaFindings(definition, quotas, deployed));
    expect(look({ ...enough, cores: 12, groups: { most: 6, now: 0 }, concurrency: 9 })).toEqual([]);
    expect(look({ ...enough, cores: 11 })).toEqual([expect.stringContaining("needs 12 vCPUs")]);
    expect(look({ ...enough, groups: { most: 8, now: 3 } })).toEqual([
      expect.stringContaining("needs 6 Auto Scaling groups"),
    ]);
    expect(look({ ...enough, groups: { most: 8, now: 3 } }, true)).toEqual([]);
    expect(look({ ...enough, concurrency: 8 })).toEqual([expect.stringContaining("need 9 invocations at once")]);
    expect(look({ ...enough, coresOf: new Map([["t4g.small", 2]]) })).toEqual([
      expect.stringContaining("no instance type m7g.large"),
    ]);
  });
  test("each permission that is missing is named with its resource", () => {
    const decisions = [
      { action: "dynamodb:Query", resource: "table/x", allowed: true },
      { action: "sqs:ReceiveMessage", resource: "queue/x", allowed: false },
    ];
    expect(said(permissionFindings("arn:aws:iam::1:role/me", decisions))).toEqual([
      "wrong permissions: arn:aws:iam::1:role/me may not sqs:ReceiveMessage on queue/x",
    ]);
  });
  test("only what has to do with the cluster is asked about", () => {
    for (const { resource } of [...toDeploy(definition, "1", "aws"), ...toOperate(definition, "1", "aws")]) {
      // Instances and interfaces are the cluster's by their tag.
      expect(resource).toMatch(/^\*$|rollcall-lab|autoScalingGroupName\/lab-|:(instance|network-interface)\/\*$/);
    }
  });
  test("nothing is left out that a command calls, or the functions, whose steps --here takes", () => {
    const sources = ["cli/aws", "shared/aws"].flatMap((folder) => {
      const files = readdirSync(new URL(`../../${folder}/`, import.meta.url), { recursive: true, encoding: "utf8" });
      return files.filter((file) => file.endsWith(".ts")).map((file) => `${folder}/${file}`);
    });
    const called = sources.flatMap((path) => {
      const text = readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
      const imports = [...text.matchAll(/(?:import|export) \{([^}]*)\} from "@aws-sdk\/client-([a-z0-9-]+)"/g)];
      return imports.flatMap(([, names = "", service = ""]) =>
        [...names.matchAll(/\b(\w+)Command\b/g)].map(([, name]) => actionOf(service, name ?? "")),
      );
    });
    const asked = new Set(toOperate(definition, "1", "aws").flatMap(({ actions }) => actions));
    expect(called).toContain("ssm:SendCommand");
    expect([...new Set(called)].filter((action) => !asked.has(action)).sort()).toEqual([
      // What the doctor alone looks at, and finds out by that whether it may.
      "autoscaling:DescribeAccountLimits",
      "autoscaling:DescribeLifecycleHooks",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeSubnets",
      "events:ListTargetsByRule",
      "iam:GetRole",
      "iam:SimulatePrincipalPolicy",
      "lambda:GetAccountSettings",
      // The Kafka function's, which nobody takes the place of.
      "secretsmanager:GetSecretValue",
      "servicequotas:GetServiceQuota",
      "ssm:GetDocument",
      "sts:GetCallerIdentity",
    ]);
  });
});

describe("a status", () => {
  const node = (more: Partial<NodeStatus>): NodeStatus => ({
    instance: "i-0123456789abcdef0",
    state: "InService",
    ec2: "running",
    role: "broker",
    id: 1,
    zone: A,
    address: "10.0.1.50",
    kafka: "in sync 12/12",
    next: { do: "settled", row: "in-service/4", reason: "well" },
    ...more,
  });
  const status = (nodes: NodeStatus[], more: Partial<Status> = {}): Status => ({
    at: NOW,
    cluster: "lab",
    deployed: true,
    groups: [{ name: "lab-broker-eu-central-1a", role: "broker", zone: A, desired: 1, deleting: false, nodes }],
    outside: [],
    vacant: [],
    letters: { failures: 0 },
    unseen: [],
    ...more,
  });
  const held = node({
    state: "Terminating:Wait",
    next: {
      do: "hold",
      row: "terminate/2",
      reason: "stopping broker 1 is not safe: orders-0 would have no in-sync replica left",
      since: NOW - 245_000,
      until: NOW + 7_200_000,
    },
  });

  test("tells of a hold its row, its reason, since when, and how long it can last", () => {
    const lines = statusLines(status([held]), { width: 200, paint: plain });
    expect(lines).toContain(
      "  ↳ holds (terminate/2): stopping broker 1 is not safe: orders-0 would have no in-sync replica left [for 4m 5s, at most 2h more]",
    );
    expect(concernsOf(status([held]))).toEqual([
      expect.stringMatching(/^broker 1 \(i-0123456789abcdef0\) is held: stopping/),
    ]);
  });
  test("tells what an operator has asked while that counts, and no longer", () => {
    const forced = (state: LifecycleState, since = NOW - 1000): string =>
      statusLines(
        status([{ ...held, state, operator: { wish: "force", since, action: "terminate", reason: "a test" } }]),
        { width: 200, paint: plain },
      ).join();
    expect(forced("Terminating:Wait")).toContain("an operator asked to force it");
    expect(forced("InService")).not.toContain("an operator asked");
    expect(forced("Terminating:Wait", NOW - 3_600_000)).not.toContain("an operator asked");
  });
  test("fits any width", () => {
    const vacant = [{ id: 2, role: "broker" as const, zone: A, since: NOW, served: true }];
    const unseen = [{ what: "Kafka", reason: "no broker has answered, whichever of the three was asked" }];
    for (const width of [40, 60, 80, 120]) {
      for (const line of statusLines(status([held], { vacant, unseen }), { width, paint: plain }))
        expect(line.length).toBeLessThanOrEqual(width);
    }
  });
  test("says nowhere how long it has waited where no function has seen its lifecycle action, but that", () => {
    const unnoticed = node({
      state: "Terminating:Wait",
      next: { do: "change", row: "terminate/2", reason: "takes the turn for broker 1", unnoticed: true },
    });
    expect(statusLines(status([unnoticed]), { width: 200, paint: plain })).toContain(
      "  ↳ changes (terminate/2): takes the turn for broker 1 [no function of Rollcall's has seen that yet]",
    );
  });
  test("shows where each is, and what EC2 says only where it says something else", () => {
    const lines = statusLines(status([node({}), node({ id: 2, ec2: "stopped" })]), { width: 200, paint: plain });
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^broker 1 {2}i-0123456789abcdef0 {2}InService +in sync 12\/12 {2}10.0.1.50 {2}eu-central-1a {2}lab-broker-eu-central-1a 2\/1$/,
      ),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^broker 2 .* InService, EC2 stopped /));
  });
  test("says what is the same with several only once", () => {
    const blind = { do: "hold", row: "in-service/1", reason: "Kafka cannot be seen: no broker answers" } as const;
    const lines = statusLines(status([node({ next: blind }), node({ id: 2, next: blind })]), {
      width: 200,
      paint: plain,
    });
    expect(lines.filter((line) => line.includes("no broker answers"))).toHaveLength(1);
    expect(lines).toContain("  ↳ holds (in-service/1), as broker 1");
  });
  test("says how many instances are missing, and which group is", () => {
    const lines = (more: object) =>
      statusLines(status([], { groups: [{ ...status([]).groups[0], ...more } as GroupStatus] }), {
        width: 80,
        paint: plain,
      });
    expect(lines({ desired: 2 })).toContain("  ↳ 2 instances more are desired");
    expect(lines({ desired: undefined })).toContain("  ↳ its group lab-broker-eu-central-1a does not exist");
  });
  test("leaves out those who are well where a screen is too low for everybody", () => {
    const many = Array.from({ length: 30 }, (_, n) => node({ id: n + 1 }));
    const shown = statusLines(status([...many, node({ ...held, id: 31 })]), { width: 120, height: 16, paint: plain });
    expect(shown).toHaveLength(16);
    expect(shown.filter((line) => line.startsWith("broker 31 "))).toHaveLength(1);
    expect(shown.at(-1)).toBe("and 25 others that are well");
    expect(statusLines(status(many.slice(0, 3)), { width: 120, height: 16, paint: plain })).toHaveLength(10);
  });
  test("is one line where nothing is deployed", () => {
    const nothing = status([], { deployed: false });
    expect(statusLines(nothing, { width: 200, paint: plain })).toEqual(concernsOf(nothing));
  });
  test("wants an operator for holds, dead letters, missing groups and what is unseen, and for nothing else", () => {
    expect(concernsOf(status([node({}), node({ next: { do: "wait", row: "launch/4", reason: "r" } })]))).toEqual([]);
    expect(concernsOf(status([], { letters: { failures: 2 } }))).toEqual(["2 messages in failures: rollcall redrive"]);
    const {
      groups: [group],
      ...rest
    } = status([]);
    if (!group) throw new Error("one group");
    const { desired: _, ...gone } = group;
    expect(concernsOf({ ...rest, groups: [gone] })).toEqual(["group lab-broker-eu-central-1a does not exist"]);
    // Where no group can be seen, none is missing.
    expect(concernsOf({ ...rest, groups: [gone], unseen: [{ what: "Auto Scaling groups", reason: "r" }] })).toEqual([
      "Auto Scaling groups cannot be seen: r",
    ]);
  });
});

test("an examination ends with how much is wrong, and each finding has its remedy below", () => {
  const findings: Finding[] = [
    { area: "groups", level: "fine", what: "all well" },
    { area: "rules", level: "wrong", what: "rule x is disabled", remedy: "aws events enable-rule --name x" },
    { area: "Kafka", level: "unseen", what: "no broker answers" },
  ];
  expect(examinationLines({ deployed: true, findings }, 80, plain)).toEqual([
    "✓ groups  all well",
    "✗ rules   rule x is disabled",
    "          → aws events enable-rule --name x",
    "? Kafka   cannot be seen: no broker answers",
    "",
    "1 thing wrong, 1 thing could not be looked at",
  ]);
});
