import { describe, expect, test } from "vitest";
import { type Expected, type Findings, isOk, type Replacement } from "../../lab/summary.ts";

const NODES = [101, 102, 103, 1, 2, 3].map((id) => ({
  role: id > 100 ? ("controller" as const) : ("broker" as const),
  id,
  zone: "eu-central-1a",
  address: `10.0.0.${id}`,
  instance: `i-new${id}`,
  state: "InService",
}));

const replacement = (id: number, kind: Replacement["kind"]): Replacement => ({
  role: id > 100 ? "controller" : "broker",
  id,
  kind,
  old: `i-old${id}`,
  new: `i-new${id}`,
  sameId: true,
  sameAddress: id > 100 ? true : null,
  seconds: 12,
});

const GOOD: Findings = {
  kafka: { real: true, version: "4.3.0" },
  nodes: NODES,
  launch: { seconds: 14.2 },
  replacements: [
    replacement(1, "died"),
    replacement(2, "terminated"),
    replacement(3, "unhealthy"),
    replacement(102, "terminated"),
  ],
  messages: { acknowledged: 1000, read: 1002, lost: 0, duplicated: 1 },
  replay: { events: 80, changes: 0 },
  apiCalls: { "ec2:DescribeInstances": 7 },
};

const EXPECTED: Expected = {
  nodes: { broker: 3, controller: 3 },
  replacements: GOOD.replacements.map(({ role, kind }) => ({ role, kind })),
  acknowledged: 500,
  fixedAddress: ["controller"],
  security: false,
  rotation: false,
  renewal: false,
  outage: false,
  ensemble: false,
};

const [first, second] = GOOD.replacements as [Replacement, Replacement];
const last = GOOD.replacements[3] as Replacement;
const others = GOOD.replacements.slice(1);
const node = (change: object) => [...NODES.slice(0, 5), { ...NODES[5], ...change }] as Findings["nodes"];
const { messages } = GOOD;

test("a tour that went as it must is ok", () => {
  expect(isOk(GOOD, EXPECTED)).toEqual({ ok: true, problems: [] });
});

describe("is not ok, for that one reason, with", () => {
  test.each<[string, Partial<Findings>, string]>([
    ["a lost message", { messages: { ...messages, lost: 1 } }, "1 acknowledged messages were lost"],
    ["too few acknowledged", { messages: { ...messages, acknowledged: 499 } }, "too few to tell"],
    ["fewer read than acknowledged", { messages: { ...messages, read: 999 } }, "999 messages were read, of 1000"],
    ["a count that is none", { messages: { ...messages, duplicated: Number.NaN } }, "not a count"],
    ["another id", { replacements: [{ ...first, sameId: false }, ...others] }, "broker 1 has another id"],
    [
      "another address",
      { replacements: [...GOOD.replacements.slice(0, 3), { ...last, sameAddress: false }] },
      "controller 102 has another address",
    ],
    [
      "a controller whose address was not compared",
      { replacements: [...GOOD.replacements.slice(0, 3), { ...last, sameAddress: null }] },
      "controller 102 has no fixed address",
    ],
    ["a replacement that took no time", { replacements: [{ ...first, seconds: 0 }, ...others] }, "took 0 s"],
    ["a replacement that is missing", { replacements: others }, "no broker was replaced that died"],
    [
      "a replacement of another kind",
      { replacements: [first, { ...second, kind: "died" }, ...GOOD.replacements.slice(2)] },
      "no broker was replaced that was terminated",
    ],
    [
      "an instance replaced by itself",
      { replacements: [{ ...first, old: "i-gone", new: "i-gone" }, ...others] },
      "the same instance, i-gone",
    ],
    [
      "a replaced instance that is still there",
      { replacements: [{ ...first, old: "i-new3" }, ...others] },
      "i-new3 is still there",
    ],
    ["a node not in service", { nodes: node({ state: "Pending:Wait" }) }, "broker 3 (i-new3) is Pending:Wait"],
    ["a node that is nowhere", { nodes: node({ state: "" }) }, "is nowhere"],
    ["a missing node", { nodes: NODES.slice(0, 5) }, "there are 2 brokers, not 3"],
    ["one id twice", { nodes: node({ id: 2 }) }, "id 2 is held more than once"],
    ["one address twice", { nodes: node({ address: "10.0.0.2" }) }, "address 10.0.0.2 is held more than once"],
    ["one instance twice", { nodes: node({ instance: "i-new2" }) }, "i-new2 holds more than one id"],
    ["a replay that changed something", { replay: { events: 80, changes: 2 } }, "changed 2 things"],
    ["nothing replayed", { replay: { events: 0, changes: 0 } }, "no event was replayed"],
    ["no time for the launch", { launch: { seconds: Number.NaN } }, "the launch took NaN s"],
    ["no API call", { apiCalls: {} }, "no API call was counted"],
  ])("%s", (_, change, reason) => {
    const { ok, problems } = isOk({ ...GOOD, ...change }, EXPECTED);
    expect(ok).toBe(false);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(reason);
  });
});

describe("a cluster that asks who is there, on ZooKeeper", () => {
  const security = { anonymous: "refused", wrongPassword: "refused", unauthorised: "refused", allowed: "ok" };
  const members = [1, 2, 3].map((id) => ({ id, address: `10.0.1.${id}`, mode: id === 2 ? "leader" : "follower" }));
  const ensemble = { members, leader: 2, replacedWhileServing: true };
  const rotation = { from: 1, to: 3, seconds: 70, former: "refused", present: "ok", refusals: 0 };
  const held = [{ role: "zookeeper" as const, id: 3, reason: "only 0 other voters have caught up" }];
  const outage = { down: [1, 2], held, worsened: [], seconds: 40 };
  const authority = { seconds: 200, former: "refused", present: "ok", refusals: 0 };
  const renewal = { servers: 6, certificate: "renewed", authority };
  const whole: Findings = { ...GOOD, security, rotation, renewal, ensemble, outage };
  const expected: Expected = {
    ...EXPECTED,
    security: true,
    rotation: true,
    renewal: "authority",
    ensemble: true,
    outage: true,
  };

  test("is ok where whoever has no leave was refused, and the ensemble served on", () => {
    expect(isOk(whole, expected)).toEqual({ ok: true, problems: [] });
  });

  test.each<[string, Partial<Findings>, string]>([
    [
      "the nodes' former password is still good",
      { rotation: { ...rotation, former: "ok" } },
      "the nodes' former password: ok, not refused",
    ],
    [
      "their former password was given up too soon",
      { rotation: { ...rotation, to: 2 } },
      "the nodes' former password: refused, not ok",
    ],
    [
      "their present one is not",
      { rotation: { ...rotation, present: "refused, ok" } },
      "the nodes' present password: refused, ok, not ok",
    ],
    ["a node refused another", { rotation: { ...rotation, refusals: 3 } }, "nodes were refused by others 3 times"],
    [
      "a node shows the former certificate",
      { renewal: { ...renewal, certificate: "renewed, former" } },
      "the nodes' certificate: renewed, former, not renewed",
    ],
    ["nobody shows one", { renewal: { ...renewal, servers: 0 } }, "no node speaks TLS"],
    [
      "the former authority is as good as ever",
      { renewal: { ...renewal, authority: { ...authority, former: "ok" } } },
      "who believes the former authority: ok, not refused",
    ],
    [
      "the present authority is not believed",
      { renewal: { ...renewal, authority: { ...authority, present: "refused" } } },
      "who believes the present authority: refused, not ok",
    ],
    [
      "a node did not believe another",
      { renewal: { ...renewal, authority: { ...authority, refusals: 2 } } },
      "nodes were refused by others 2 times while another authority took over",
    ],
    [
      "no other authority took over",
      { renewal: { servers: 6, certificate: "renewed" } },
      "no other authority took over",
    ],
    [
      "one was stopped without a majority",
      { outage: { ...outage, worsened: ["broker 2 does not run"] } },
      "without a majority of the ensemble: broker 2 does not run",
    ],
    ["nothing was held without one", { outage: { ...outage, held: [] } }, "nothing was held"],
  ])("is not where %s", (_, change, reason) => {
    const { problems } = isOk({ ...whole, ...change }, expected);
    expect(problems).toEqual([expect.stringContaining(reason)]);
  });

  test("is not where neither was tried", () => {
    const { rotation: _, renewal: __, outage: ___, ...rest } = whole;
    expect(isOk(rest, expected).problems).toEqual([
      "the nodes' own password was not rotated",
      "the nodes' certificate was not renewed",
      "the ensemble never lost its majority",
    ]);
  });

  test.each<[string, Partial<Findings>, string]>([
    ["nobody tried", { ensemble }, "nobody tried to get in without leave"],
    [
      "anybody was let in",
      { ensemble, security: { ...security, anonymous: "let in" } },
      "anonymous: let in, not refused",
    ],
    [
      "who has leave was not",
      { ensemble, security: { ...security, allowed: "timed out" } },
      "allowed: timed out, not ok",
    ],
    ["no ensemble was watched", { security }, "no ensemble was watched"],
    [
      "a session was lost",
      { security, ensemble: { ...ensemble, replacedWhileServing: false, reason: "the sessions behind 1 were lost" } },
      "the ensemble did not serve on: the sessions behind 1 were lost",
    ],
    [
      "a member does not serve",
      {
        security,
        ensemble: { ...ensemble, members: members.map((m) => (m.id === 3 ? { ...m, mode: "not serving" } : m)) },
      },
      "zookeeper 3 is not serving",
    ],
    ["nobody leads", { security, ensemble: { ...ensemble, leader: -1 } }, "the ensemble has no leader"],
  ])("is not where %s", (_, findings, reason) => {
    expect(isOk({ ...GOOD, rotation, renewal, outage, ...findings }, expected).problems).toEqual([
      expect.stringContaining(reason),
    ]);
  });

  test("ids of an ensemble's members are no broker's", () => {
    const nodes = NODES.map((n) =>
      n.role === "controller" ? { ...n, role: "zookeeper" as const, id: n.id - 100 } : n,
    );
    const replacements = GOOD.replacements.map((r) =>
      r.role === "controller" ? { ...r, role: "zookeeper" as const, id: 2 } : r,
    );
    const findings = { ...whole, nodes, replacements };
    const zookeeper: Expected = {
      ...expected,
      nodes: { broker: 3, zookeeper: 3 },
      replacements: replacements.map(({ role, kind }) => ({ role, kind })),
      fixedAddress: ["zookeeper"],
    };
    expect(isOk(findings, zookeeper)).toEqual({ ok: true, problems: [] });
  });
});
