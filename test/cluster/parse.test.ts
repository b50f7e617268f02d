import { describe, expect, test } from "vitest";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import { LAB, problemsOf, problemsWith, shortest } from "./written.ts";

describe("what a definition becomes", () => {
  test("the lab's: three of each role, ids 101 to 103 at fixed addresses, ids 1 to 100 for brokers", () => {
    const lab = parseDefinition(LAB, "lab.yml");
    expect(lab).toMatchObject({ cluster: "lab", region: "eu-central-1", kafka: { version: "4.3.1", mode: "kraft" } });
    const [controller, broker] = lab.roles;
    expect(controller?.ids).toEqual([101, 102, 103]);
    expect(controller?.pool?.[1]).toEqual({ id: 102, zone: "eu-central-1b", address: "10.0.2.10" });
    expect(controller?.groups.map((group) => group.name)).toContain("lab-controller-eu-central-1a");
    expect(broker?.ids).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(broker).not.toHaveProperty("pool");
    expect(lab.periods).toMatchObject({ sweep: 2000, heartbeat: 30_000 });
  });

  test("what is left out has its default, and a pool is in the order of its ids", () => {
    const definition = parseDefinition(shortest(), "shortest.yml");
    expect(definition.periods).toEqual({
      sweep: 60_000,
      heartbeat: 1_800_000,
      agent: 900_000,
      identity: 1_800_000,
      command: 600_000,
      register: 900_000,
      stop: 900_000,
      grace: 180_000,
      silentGrace: 900_000,
      access: 900_000,
    });
    expect(definition.safety).toEqual({ ignoreTopics: [] });
    expect(definition.kafka).toEqual({ version: "4.3.1", mode: "kraft", settings: {} });
    expect(definition.roles[0]?.ids).toEqual([3001, 3002, 3003]);
    expect(definition.roles[0]?.heap).toBe(512);
    expect(definition.roles[1]).toMatchObject({ ids: [0, 1, 2, 3, 4, 5], heap: 1024, settings: {} });
  });

  test("a section with nothing in it is as good as none", () => {
    expect(parseDefinition(shortest("safety:\nperiods:\n"), "x.yml")).toEqual(parseDefinition(shortest(), "x.yml"));
  });

  test("seconds may have fractions", () => {
    expect(parseDefinition(shortest("periods: { sweep: 0.25 }"), "x.yml").periods.sweep).toBe(250);
  });

  test("numbers and booleans among the settings become the text they were written as", () => {
    const settings = "{ num.network.threads: 3, log.cleaner.enable: true, a.ratio: 0.5, b: 1000000000000, c: yes }";
    const text = shortest().replace("version: 4.3.1", `version: 4.3.1, settings: ${settings}`);
    expect(parseDefinition(text, "x.yml").kafka.settings).toEqual({
      "a.ratio": "0.5",
      b: "1000000000000",
      c: "yes",
      "log.cleaner.enable": "true",
      "num.network.threads": "3",
    });
  });

  test("a named group is one that exists already, the others are the stack's; ids may have gaps", () => {
    const text = shortest()
      .replace("{ from: 0, to: 5 }", "[7, 1, 2, 3, 11, 12]")
      .replace("instanceType: m7g.large", "instanceType: m7g.large, groups: { eu-west-1b: kafka-b }");
    const broker = parseDefinition(text, "x.yml").roles[1];
    expect(broker?.ids).toEqual([1, 2, 3, 7, 11, 12]);
    expect(broker?.groups).toEqual([
      { name: "orders-broker-eu-west-1a", zone: "eu-west-1a" },
      { name: "kafka-b", zone: "eu-west-1b", existing: true },
      { name: "orders-broker-eu-west-1c", zone: "eu-west-1c" },
    ]);
  });
});

describe("what is refused, each by itself", () => {
  const ids = "ids: { from: 1, to: 100 }";
  const second = "{ id: 102, zone: eu-central-1b, address: 10.0.2.10 }";
  const settings = (text: string): [string, string] => ["num.io.threads: 2", `num.io.threads: 2\n    ${text}`];
  test.each<{ rule: string; change: [string, string]; path: string; problem: RegExp; remedy?: RegExp }>([
    {
      rule: "an unknown key",
      change: ["heap: 160", "heep: 256"],
      path: "roles.broker.heep",
      problem: /not known/,
      remedy: /mean heap\?/,
    },
    {
      rule: "an unknown section",
      change: ["safety:", "savety:"],
      path: "savety",
      problem: /not known/,
      remedy: /mean safety\?/,
    },
    {
      rule: "a key unlike any",
      change: ["heap: 160", "xyz: 1"],
      path: "roles.broker.xyz",
      problem: /not known/,
      remedy: /Known are perZone,/,
    },
    { rule: "a missing value", change: ["cluster: lab", ""], path: "cluster", problem: /missing/ },
    {
      rule: "a wrong type",
      change: ["perZone: 1\n    instanceType: m7g", 'perZone: "1"\n    instanceType: m7g'],
      path: "roles.broker.perZone",
      problem: /whole number/,
    },
    {
      rule: "a number where text belongs",
      change: ["version: 4.3.1", "version: 4.3"],
      path: "kafka.version",
      problem: /text/,
      remedy: /quotes/,
    },
    {
      rule: "a mapping where a list belongs",
      change: ["ignoreTopics: []", "ignoreTopics: {}"],
      path: "safety.ignoreTopics",
      problem: /list/,
    },
    {
      rule: "a cluster name too long for what it names",
      change: ["cluster: lab", `cluster: ${"x".repeat(33)}`],
      path: "cluster",
      problem: /cluster name/,
    },
    {
      rule: "a cluster name in capitals",
      change: ["cluster: lab", "cluster: Lab"],
      path: "cluster",
      problem: /cluster name/,
    },
    {
      rule: "a zone twice",
      change: ["name: eu-central-1b", "name: eu-central-1a"],
      path: "zones[1].name",
      problem: /twice/,
    },
    {
      rule: "a zone of another region",
      change: ["region: eu-central-1", "region: eu-west-1"],
      path: "zones[0].name",
      problem: /not in eu-west-1/,
    },
    {
      rule: "a zone of a region that begins alike",
      change: ["region: eu-central-1", "region: eu-central-2"],
      path: "zones[0].name",
      problem: /not in eu-central-2/,
    },
    {
      rule: "a subnet twice",
      change: ["subnet-0a1b2c3d4e5f60b02", "subnet-0a1b2c3d4e5f60a01"],
      path: "zones[1].subnet",
      problem: /another zone's/,
    },
    {
      rule: "no subnet id",
      change: ["subnet-0a1b2c3d4e5f60b02", "subnet-1"],
      path: "zones[1].subnet",
      problem: /not a subnet's id/,
    },
    {
      rule: "overlapping blocks",
      change: ["10.0.2.0/24", "10.0.0.0/22"],
      path: "zones[1].cidr",
      problem: /overlaps 10\.0\.1\.0\/24/,
    },
    {
      rule: "a block with a host part",
      change: ["10.0.2.0/24", "10.0.2.0/20"],
      path: "zones[1].cidr",
      problem: /zero host part/,
    },
    {
      rule: "a block too large for a subnet",
      change: ["10.0.1.0/24", "11.0.0.0/8"],
      path: "zones[0].cidr",
      problem: /\/16 to \/28/,
    },
    {
      rule: "an address outside its zone's subnet",
      change: ["10.0.2.10", "10.0.3.11"],
      path: "roles.controller.addresses[1].address",
      problem: /not in eu-central-1b's subnet/,
    },
    {
      rule: "AWS's fourth address",
      change: ["10.0.2.10", "10.0.2.3"],
      path: "roles.controller.addresses[1].address",
      problem: /first four/,
    },
    {
      rule: "AWS's last address",
      change: ["10.0.2.10", "10.0.2.255"],
      path: "roles.controller.addresses[1].address",
      problem: /the last/,
    },
    {
      rule: "no address at all",
      change: ["10.0.2.10", "10.0.2.010"],
      path: "roles.controller.addresses[1].address",
      problem: /not an IPv4 address/,
    },
    {
      rule: "an address twice",
      change: ["10.0.2.10 }", "10.0.2.10 }\n      - { id: 104, zone: eu-central-1b, address: 10.0.2.10 }"],
      path: "roles.controller.addresses[2].address",
      problem: /twice/,
    },
    { rule: "an id twice", change: ["id: 102", "id: 101"], path: "roles.controller.addresses[1].id", problem: /twice/ },
    {
      rule: "an address in an unknown zone",
      change: [`- ${second}`, `- ${second}\n      - { id: 104, zone: eu-central-1d, address: 10.0.4.10 }`],
      path: "roles.controller.addresses[2].zone",
      problem: /not one of the cluster's/,
    },
    {
      rule: "fewer addresses than nodes in a zone",
      change: [`- ${second}`, ""],
      path: "roles.controller.addresses",
      problem: /eu-central-1b has 0 addresses for its 1 nodes/,
    },
    {
      rule: "ids beside addresses",
      change: ["heap: 96", "heap: 96\n    ids: { from: 101, to: 103 }"],
      path: "roles.controller.ids",
      problem: /exactly their ids/,
    },
    {
      rule: "too few broker ids",
      change: [ids, "ids: { from: 1, to: 2 }"],
      path: "roles.broker.ids",
      problem: /2 ids are too few for 3 nodes/,
    },
    { rule: "an empty range", change: [ids, "ids: { from: 3, to: 1 }"], path: "roles.broker.ids", problem: /empty/ },
    {
      rule: "ids shared with the controllers",
      change: [ids, "ids: { from: 1, to: 102 }"],
      path: "roles.broker.ids",
      problem: /also controller ids/,
    },
    {
      rule: "a negative id",
      change: [ids, "ids: { from: -1, to: 5 }"],
      path: "roles.broker.ids.from",
      problem: /range/,
    },
    {
      rule: "an id beyond Java's int",
      change: ["id: 102", "id: 2147483648"],
      path: "roles.controller.addresses[1].id",
      problem: /range/,
    },
    {
      rule: "more ids than an item holds",
      change: [ids, "ids: { from: 200, to: 9000 }"],
      path: "roles.broker.ids",
      problem: /at most 2000/,
    },
    {
      rule: "an id twice in a list",
      change: [ids, "ids: [1, 2, 2, 3]"],
      path: "roles.broker.ids[2]",
      problem: /twice/,
    },
    {
      rule: "a group of an unknown zone",
      change: [ids, `${ids}\n    groups: { eu-central-1x: g }`],
      path: "roles.broker.groups.eu-central-1x",
      problem: /not one of/,
    },
    {
      rule: "one group for two zones",
      change: [ids, `${ids}\n    groups: { eu-central-1a: g, eu-central-1b: g }`],
      path: "roles.broker.groups.eu-central-1b",
      problem: /also that of broker, eu-central-1a/,
    },
    {
      rule: "an even quorum",
      change: ["perZone: 1\n    instanceType: t4g", "perZone: 2\n    instanceType: t4g"],
      path: "roles.controller.perZone",
      problem: /6 controllers/,
    },
    {
      rule: "no node at all",
      change: ["perZone: 1\n    instanceType: m7g", "perZone: 0\n    instanceType: m7g"],
      path: "roles.broker.perZone",
      problem: /range/,
    },
    {
      rule: "no instance type",
      change: ["m7g.large", "large"],
      path: "roles.broker.instanceType",
      problem: /instance type/,
    },
    {
      rule: "a Kafka before dynamic rejoining",
      change: ["version: 4.3.1", "version: 4.1.0"],
      path: "kafka.version",
      problem: /too old/,
    },
    {
      rule: "a Kafka not known yet",
      change: ["version: 4.3.1", "version: 5.0.0"],
      path: "kafka.version",
      problem: /newer/,
    },
    { rule: "another mode", change: ["mode: kraft", "mode: etcd"], path: "kafka.mode", problem: /not a mode/ },
    {
      rule: "a setting that is Rollcall's own",
      change: settings("node.id: 5"),
      path: 'kafka.settings["node.id"]',
      problem: /Rollcall's own: .*ids/,
    },
    {
      rule: "a role's setting that is Rollcall's own",
      change: [ids, `${ids}\n    settings: { listeners: x }`],
      path: "roles.broker.settings.listeners",
      problem: /Rollcall's own/,
    },
    { rule: "no setting's name", change: settings('"a b": 1'), path: 'kafka.settings["a b"]', problem: /not the name/ },
    {
      rule: "nested settings",
      change: settings("min: { insync: 2 }"),
      path: "kafka.settings.min",
      problem: /must be text/,
      remedy: /dots/,
    },
    {
      rule: "a list as a setting",
      change: settings("a.b: [1, 2]"),
      path: 'kafka.settings["a.b"]',
      problem: /must be text/,
      remedy: /a,b,c/,
    },
    {
      rule: "a number that doubles cannot hold",
      change: settings("a.b: 9223372036854775807"),
      path: 'kafka.settings["a.b"]',
      problem: /too large/,
      remedy: /quotes/,
    },
    {
      rule: "more replicas than brokers",
      change: settings("default.replication.factor: 4"),
      path: 'kafka.settings["default.replication.factor"]',
      problem: /only 3 brokers/,
    },
    {
      rule: "a min ISR that lets no broker stop",
      change: settings("min.insync.replicas: 3"),
      path: 'kafka.settings["min.insync.replicas"]',
      problem: /ever be stopped/,
    },
    {
      rule: "a pattern among the topics",
      change: ["ignoreTopics: []", "ignoreTopics: [a, b-*]"],
      path: "safety.ignoreTopics[1]",
      problem: /exact name/,
    },
    {
      rule: "a topic twice",
      change: ["ignoreTopics: []", "ignoreTopics: [a, a]"],
      path: "safety.ignoreTopics[1]",
      problem: /twice/,
    },
    {
      rule: "a heartbeat shorter than Auto Scaling takes",
      change: ["heartbeat: 30", "heartbeat: 29"],
      path: "periods.heartbeat",
      problem: /range/,
    },
    {
      rule: "half a second of heartbeat",
      change: ["heartbeat: 30", "heartbeat: 30.5"],
      path: "periods.heartbeat",
      problem: /whole/,
    },
    { rule: "no sweep", change: ["sweep: 2", "sweep: 0"], path: "periods.sweep", problem: /range/ },
    { rule: "a sweep that is no number", change: ["sweep: 2", "sweep: 2s"], path: "periods.sweep", problem: /number/ },
    {
      rule: "heartbeats that no sweep is in time for",
      change: ["sweep: 2", "sweep: 10.5"],
      path: "periods.sweep",
      problem: /30 s after their last heartbeat/,
    },
    {
      rule: "a deadline shorter than a sweep",
      change: ["grace: 5", "grace: 1"],
      path: "periods.grace",
      problem: /between two sweeps/,
    },
    {
      rule: "giving up before the former one is stopped",
      change: ["stop: 90", "stop: 180"],
      path: "periods.identity",
      problem: /may still be stopping/,
    },
    {
      rule: "giving a stop up while its command may run",
      change: ["command: 90", "command: 91"],
      path: "periods.command",
      problem: /given up after 90 s/,
    },
    {
      rule: "half a second of a command",
      change: ["command: 90", "command: 0.5"],
      path: "periods.command",
      problem: /whole/,
    },
    {
      rule: "silence killing sooner than death",
      change: ["silentGrace: 30", "silentGrace: 4"],
      path: "periods.grace",
      problem: /known dead/,
    },
    {
      rule: "a launch longer than Auto Scaling lets it last",
      change: ["identity: 180", "identity: 2700"],
      path: "periods.heartbeat",
      problem: /Auto Scaling ends it after 3000 s/,
    },
    {
      rule: "a stop longer than Auto Scaling lets it last",
      change: ["stop: 90", "stop: 3000"],
      path: "periods.stop",
      problem: /ends the termination after 3000 s/,
    },
    { rule: "a key twice", change: ["cluster: lab", "cluster: lab\ncluster: lab"], path: "(YAML)", problem: /unique/ },
    { rule: "broken YAML", change: ["cluster: lab", "cluster: [lab"], path: "(YAML)", problem: /./ },
  ])("$rule", ({ change, path, problem, remedy }) => {
    const problems = problemsWith(...change);
    const found = problems.find((candidate) => candidate.path === path && problem.test(candidate.problem));
    expect(found, JSON.stringify(problems, undefined, 1)).toBeDefined();
    if (remedy !== undefined) expect(found?.remedy).toMatch(remedy);
    expect(found?.remedy).not.toBe("");
  });

  test.each<{ rule: string; text: string; path: string; problem: string }>([
    { rule: "no document", text: "", path: "(the whole definition)", problem: "this is missing" },
    { rule: "a list as the document", text: "- a", path: "(the whole definition)", problem: "this must be a mapping" },
    {
      rule: "a list where a mapping belongs",
      text: shortest("safety: []"),
      path: "safety",
      problem: "this must be a mapping",
    },
    {
      rule: "a missing section",
      text: shortest().replace("kafka: { version: 4.3.1 }", ""),
      path: "kafka",
      problem: "this is missing",
    },
    {
      rule: "a missing role",
      text: shortest().replace(/ {2}broker: .*/, ""),
      path: "roles.broker",
      problem: "this is missing",
    },
    {
      rule: "controllers without addresses",
      text: shortest().replace(/ {4}addresses:(\n {6}- .*){3}/, ""),
      path: "roles.controller.addresses",
      problem: "controllers need fixed addresses, where brokers and each other look for the quorum",
    },
    {
      rule: "sweeps further apart than the defaults they watch",
      text: shortest("periods: { sweep: 600 }"),
      path: "periods.sweep",
      problem: "two sweeps are further apart than what they watch: grace (180 s)",
    },
  ])("$rule", ({ text, path, problem }) => {
    expect(problemsOf(text)).toMatchObject([{ path, problem }]);
  });
});

test.each([
  "{ heartbeat: 7200 }",
  "{ sweep: 60, grace: 60 }",
  "{ sweep: 10, heartbeat: 30, identity: 100, agent: 30, command: 30, register: 30, stop: 99, grace: 10, silentGrace: 10 }",
])("periods that work together: %s", (periods) => {
  expect(problemsOf(shortest(`periods: ${periods}`))).toEqual([]);
});

describe("how problems are told", () => {
  const broken = shortest("periods: { sweep: 3600 }\nextra: 1\n")
    .replace("cluster: orders", "cluster: Orders")
    .replace("id: 3002", "id: 3001");

  test("all at once, in the order of their lines, with the value and what to do", () => {
    const problems = problemsOf(broken);
    expect(problems.map(({ path, line, value }) => [path, line, value])).toEqual([
      ["cluster", 2, "Orders"],
      ["roles.controller.addresses[2].id", 18, 3001],
      // Too few heartbeats in time, and too far apart for the deadlines.
      ["periods.sweep", 20, 3600],
      ["periods.sweep", 20, 3600],
      ["extra", 21, 1],
    ]);
  });

  test("the message names file, lines, paths and remedies", () => {
    expect(() => parseDefinition(shortest("extra: 1"), "my.yml")).toThrow(
      "my.yml cannot be used as a cluster definition (1 problem):\n" +
        "  line 20, extra: 1\n" +
        "    this key is not known here. Known are cluster, region, zones, network, kafka, nodes, roles, loadBalancer, safety, " +
        "security, periods, retention, alarms.",
    );
  });

  test("one cause does not draw others after it", () => {
    // An unreadable zone name leaves open which zones there are, so no address is told to be in none of them.
    expect(problemsWith("name: eu-central-1b", "name: Frankfurt").map(({ path }) => path)).toEqual(["zones[1].name"]);
    expect(problemsWith("region: eu-central-1", "region: Frankfurt").map(({ path }) => path)).toEqual(["region"]);
    expect(problemsWith("perZone: 1\n    instanceType: m7g.large", "instanceType: m7g.large")).toMatchObject([
      { path: "roles.broker.perZone", problem: "this is missing" },
    ]);
  });
});
