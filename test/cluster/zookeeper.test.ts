/** A cluster on a ZooKeeper ensemble: what it becomes, and what is refused. */
import { describe, expect, test } from "vitest";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import { quorumServers } from "../../shared/cluster/role-kinds.ts";
import { problemsOf, problemsWith, shortest, ZOOKEEPER } from "./written.ts";

const SUPERVISOR = "supervisor: { kind: systemd }";

describe("what a definition becomes", () => {
  const definition = parseDefinition(ZOOKEEPER, "zookeeper.yml");

  test("an ensemble and brokers, whose ids may be the same numbers", () => {
    expect(definition.kafka).toMatchObject({ version: "3.9.2", mode: "zookeeper" });
    expect(definition.roles.map(({ name, ids }) => [name, ids.slice(0, 3)])).toEqual([
      ["zookeeper", [1, 2, 3]],
      ["broker", [1, 2, 3]],
    ]);
    expect(quorumServers(definition)).toEqual(["10.0.1.10:2181", "10.0.2.10:2181", "10.0.3.10:2181"]);
  });

  test("systemd starts the members, unless Exhibitor is to", () => {
    expect(definition.roles[0]?.supervisor).toEqual({ kind: "systemd" });
    expect(parseDefinition(ZOOKEEPER.replace(SUPERVISOR, ""), "x.yml")).toEqual(definition);
    const exhibitor = { kind: "exhibitor", bucket: "orders-zookeeper", key: "exhibitor/orders.properties" };
    const text = ZOOKEEPER.replace(SUPERVISOR, `supervisor: ${JSON.stringify(exhibitor)}`);
    expect(text).toContain("nodes: { image:");
    expect(parseDefinition(text, "x.yml").roles[0]?.supervisor).toEqual(exhibitor);
  });

  test("no other role has a supervisor", () => {
    for (const role of parseDefinition(shortest(), "x.yml").roles) expect(role).not.toHaveProperty("supervisor");
    expect(definition.roles[1]).not.toHaveProperty("supervisor");
  });
});

describe("what is refused, each by itself", () => {
  const second = "- { id: 2, zone: eu-central-1b, address: 10.0.2.10 }";
  test.each<{ rule: string; change: [string, string]; path: string; problem: RegExp; remedy?: RegExp }>([
    {
      rule: "a Kafka without ZooKeeper",
      change: ["version: 3.9.2", "version: 4.3.1"],
      path: "kafka.version",
      problem: /knows no ZooKeeper/,
      remedy: /3\.9/,
    },
    {
      rule: "a Kafka before the last with ZooKeeper",
      change: ["version: 3.9.2", "version: 3.8.1"],
      path: "kafka.version",
      problem: /too old/,
    },
    {
      rule: "an ensemble without its mode",
      change: ["mode: zookeeper", "mode: kraft"],
      path: "roles.zookeeper",
      problem: /mode kraft has no zookeeper/,
      remedy: /controller and broker.*kafka\.mode to zookeeper/,
    },
    {
      rule: "controllers beside the ensemble",
      change: ["  broker:\n", "  controller: { perZone: 1 }\n\n  broker:\n"],
      path: "roles.controller",
      problem: /mode zookeeper has no controller/,
    },
    {
      rule: "a spare address",
      change: [second, `${second}\n      - { id: 4, zone: eu-central-1b, address: 10.0.2.11 }`],
      path: "roles.zookeeper.addresses",
      problem: /eu-central-1b has 2 addresses for its 1 nodes, and ZooKeeper members count all/,
      remedy: /exactly 1/,
    },
    {
      rule: "a member without its address",
      change: [second, ""],
      path: "roles.zookeeper.addresses",
      problem: /has 0 addresses/,
    },
    {
      rule: "an even ensemble",
      change: ["perZone: 1\n    instanceType: t4g", "perZone: 2\n    instanceType: t4g"],
      path: "roles.zookeeper.perZone",
      problem: /6 ZooKeeper members .* no sound quorum/,
    },
    { rule: "id 0", change: ["id: 2,", "id: 0,"], path: "roles.zookeeper.addresses[1].id", problem: /range/ },
    {
      rule: "an id beyond a byte",
      change: ["id: 2,", "id: 256,"],
      path: "roles.zookeeper.addresses[1].id",
      problem: /range/,
      remedy: /from 1 to 255/,
    },
    {
      rule: "a broker's address that is a member's",
      change: [
        "ids: { from: 1, to: 100 }",
        "addresses: [{ id: 7, zone: eu-central-1a, address: 10.0.1.10 }, { id: 8, zone: eu-central-1b, address: 10.0.2.40 }, " +
          "{ id: 9, zone: eu-central-1c, address: 10.0.3.40 }]",
      ],
      path: "roles.broker.addresses",
      problem: /also a zookeeper's/,
    },
    ...["server.1", "4lw.commands.whitelist", "dataDir", "clientPort", "admin.serverPort", "reconfigEnabled"].map(
      (setting) => ({
        rule: `the setting ${setting}`,
        change: ["tickTime: 1000", `"${setting}": "x"`] as [string, string],
        path: `roles.zookeeper.settings${/^\w+$/.test(setting) ? `.${setting}` : `["${setting}"]`}`,
        problem: /Rollcall's own/,
      }),
    ),
    {
      rule: "no name of a setting",
      change: ["tickTime: 1000", '"tick time": 1000'],
      path: 'roles.zookeeper.settings["tick time"]',
      problem: /not the name of a ZooKeeper setting/,
    },
    {
      rule: "a broker's way to ZooKeeper",
      change: ["num.io.threads: 2", "num.io.threads: 2\n    zookeeper.connect: elsewhere:2181"],
      path: 'kafka.settings["zookeeper.connect"]',
      problem: /Rollcall's own/,
    },
    {
      rule: "another supervisor",
      change: [SUPERVISOR, "supervisor: { kind: runit }"],
      path: "roles.zookeeper.supervisor.kind",
      problem: /not a supervisor/,
      remedy: /systemd, exhibitor/,
    },
    {
      rule: "an Exhibitor without its bucket",
      change: [SUPERVISOR, "supervisor: { kind: exhibitor, key: a }"],
      path: "roles.zookeeper.supervisor.bucket",
      problem: /missing/,
    },
    {
      rule: "an Exhibitor's key that its command line would part",
      change: [SUPERVISOR, 'supervisor: { kind: exhibitor, bucket: abc, key: "a:b" }'],
      path: "roles.zookeeper.supervisor.key",
      problem: /not an S3 object's key/,
    },
    {
      rule: "a bucket for systemd",
      change: [SUPERVISOR, "supervisor: { kind: systemd, bucket: abc }"],
      path: "roles.zookeeper.supervisor.bucket",
      problem: /needs none/,
    },
    {
      rule: "a broker's supervisor",
      change: ["ids: { from: 1, to: 100 }", "ids: { from: 1, to: 100 }\n    supervisor: { kind: systemd }"],
      path: "roles.broker.supervisor",
      problem: /not known/,
    },
  ])("$rule", ({ change, path, problem, remedy }) => {
    const problems = problemsWith(...change, ZOOKEEPER);
    const found = problems.find((candidate) => candidate.path === path && problem.test(candidate.problem));
    expect(found, JSON.stringify(problems, undefined, 1)).toBeDefined();
    if (remedy !== undefined) expect(found?.remedy).toMatch(remedy);
  });

  test("an Exhibitor that no image brings", () => {
    const exhibitor = "supervisor: { kind: exhibitor, bucket: abc, key: a }";
    const text = ZOOKEEPER.replace(SUPERVISOR, exhibitor).replace(/nodes: .*/, "nodes: {}");
    expect(problemsOf(text)).toContainEqual(
      expect.objectContaining({
        path: "roles.zookeeper.supervisor.kind",
        problem: expect.stringMatching(/would have no Exhibitor/),
        remedy: expect.stringMatching(/nodes\.image/),
      }),
    );
    expect(problemsWith(SUPERVISOR, exhibitor, ZOOKEEPER)).toEqual([]);
  });

  test("a missing ensemble, and members without addresses", () => {
    const text = shortest().replace("version: 4.3.1", "version: 3.9.2, mode: zookeeper");
    expect(problemsOf(text).map(({ path, problem }) => [path, problem])).toEqual([
      ["roles.zookeeper", "this is missing"],
      ["roles.controller", "a cluster in mode zookeeper has no controller"],
    ]);
    const bare = text.replace(
      /controller:[\s\S]*broker:/,
      "zookeeper: { perZone: 1, instanceType: t4g.small }\n  broker:",
    );
    expect(problemsOf(bare)).toMatchObject([
      { path: "roles.zookeeper.addresses", problem: expect.stringMatching(/^ZooKeeper members need fixed addresses/) },
    ]);
  });
});
