import { describe, expect, test } from "vitest";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import { problemsOf, shortest } from "./written.ts";

const SHA = "0123456789abcdef".repeat(8);
const NETWORK = "network: { vpc: vpc-0a1b2c3d, clients: [10.1.0.0/16] }";
const NODES = "nodes: { image: ami-0a1b2c3d }";
const BROKER = "instanceType: m7g.large";

const withNetwork = (network: string): string => shortest().replace(NETWORK, `network: ${network}`);
const withNodes = (nodes: string, rest = ""): string => shortest(rest).replace(NODES, `nodes: ${nodes}`);
const withVolume = (volume: string): string => shortest().replace(BROKER, `${BROKER}, volume: ${volume}`);
const archive = (url: string, sha512 = SHA): string => `{ archive: { url: "${url}", sha512: "${sha512}" } }`;

describe("what the stack is made of", () => {
  test("has its defaults", () => {
    const definition = parseDefinition(shortest(), "x.yml");
    expect(definition).toMatchObject({
      network: { vpc: "vpc-0a1b2c3d", clients: ["10.1.0.0/16"] },
      nodes: { image: "ami-0a1b2c3d" },
      loadBalancer: true,
      retention: { logs: 30, events: 14 },
      alarms: [],
    });
    expect(definition.roles.map(({ name, volume }) => [name, volume])).toEqual([
      ["controller", { size: 20, type: "gp3" }],
      ["broker", { size: 100, type: "gp3" }],
    ]);
  });

  test("is what was written", () => {
    const text = withVolume("{ size: 500, iops: 6000, throughput: 500 }")
      .replace("clients: [10.1.0.0/16]", "clients: [10.0.0.0/8, sg-0a1b2c3d4e5f60718]")
      .replace(NODES, `nodes: ${archive("s3://artifacts/kafka/kafka_2.13-4.3.1.tgz")}`)
      .concat(
        "loadBalancer: false\nretention: { logs: 7 }\nalarms: [arn:aws:sns:eu-west-1:111122223333:pager]\n",
        "periods: { command: 420 }\n",
      );
    const definition = parseDefinition(text, "x.yml");
    expect(definition).toMatchObject({
      network: { clients: ["10.0.0.0/8", "sg-0a1b2c3d4e5f60718"] },
      loadBalancer: false,
      retention: { logs: 7, events: 14 },
      alarms: ["arn:aws:sns:eu-west-1:111122223333:pager"],
    });
    expect(definition.nodes).toEqual({ archive: { url: "s3://artifacts/kafka/kafka_2.13-4.3.1.tgz", sha512: SHA } });
    expect(definition.roles[1]?.volume).toEqual({ size: 500, type: "gp3", iops: 6000, throughput: 500 });
  });

  test("needs no image where every group exists already", () => {
    const zones = ["a", "b", "c"].map((zone) => `eu-west-1${zone}`);
    const groups = (role: string): string =>
      `groups: { ${zones.map((zone) => `${zone}: ${role}-${zone}`).join(", ")} }`;
    const all = withNodes("").replace(BROKER, `${BROKER}, ${groups("kafka")}`);
    expect(problemsOf(all)).toMatchObject([{ path: "nodes", problem: expect.stringMatching(/no Kafka/) }]);
    expect(problemsOf(all.replace("    addresses:", `    ${groups("quorum")}\n    addresses:`))).toEqual([]);
  });

  test.each([
    ["the largest gp3", "{ size: 65536, iops: 80000, throughput: 2000 }"],
    ["the smallest gp3, with what the type gives by itself", "{ size: 1, iops: 3000, throughput: 125 }"],
    ["a gp3 at its ratios", "{ size: 16, iops: 8000, throughput: 2000 }"],
    ["as much as the IOPS it has by itself carry", "{ size: 1, throughput: 750 }"],
    ["the largest io2", "{ size: 65536, type: io2, iops: 256000 }"],
    ["an io2 at its ratio", "{ size: 4, type: io2, iops: 4000 }"],
  ])("a volume can be %s", (_, volume) => {
    expect(problemsOf(withVolume(volume))).toEqual([]);
  });

  test.each([
    "s3://a.bucket-1/kafka.tgz",
    "s3://artifacts/a/b/kafka_2.13-4.3.1.tgz",
    "https://mirror.example:8443/kafka/4.3.1/kafka_2.13-4.3.1.tgz",
    "https://mirror.example/kafka-latest.tgz",
  ])("an archive can come from %s", (url) => {
    expect(problemsOf(withNodes(archive(url)))).toEqual([]);
  });

  test.each([1, 3653])("logs can be kept for %i days", (days) => {
    expect(problemsOf(shortest(`retention: { logs: ${days}, events: ${days} }`))).toEqual([]);
  });
});

describe("what is refused, each by itself", () => {
  const topics = (...arns: string[]): string => shortest(`alarms: [${arns.join(", ")}]`);
  const topic = "arn:aws:sns:eu-west-1:111122223333:pager";
  test.each<{ rule: string; text: string; path: string; problem: RegExp; remedy?: RegExp }>([
    { rule: "no network", text: shortest().replace(NETWORK, ""), path: "network", problem: /missing/ },
    {
      rule: "no word on who may reach it",
      text: withNetwork("{ vpc: vpc-0a1b2c3d }"),
      path: "network.clients",
      problem: /missing/,
    },
    {
      rule: "no VPC's id",
      text: withNetwork("{ vpc: main, clients: [] }"),
      path: "network.vpc",
      problem: /not a VPC's id/,
    },
    {
      rule: "an address among the clients",
      text: withNetwork("{ vpc: vpc-0a1b2c3d, clients: [10.0.0.0/8, 10.1.1.1] }"),
      path: "network.clients[1]",
      problem: /neither an IPv4 block/,
    },
    {
      rule: "a client block with a host part",
      text: withNetwork("{ vpc: vpc-0a1b2c3d, clients: [10.0.0.1/8] }"),
      path: "network.clients[0]",
      problem: /zero host part/,
    },
    {
      rule: "the internet as a client",
      text: withNetwork("{ vpc: vpc-0a1b2c3d, clients: [0.0.0.0/0] }"),
      path: "network.clients[0]",
      problem: /whole internet/,
    },
    {
      rule: "a client twice",
      text: withNetwork("{ vpc: vpc-0a1b2c3d, clients: [10.0.0.0/8, 10.0.0.0/8] }"),
      path: "network.clients[1]",
      problem: /twice/,
    },
    {
      rule: "more clients than a security group takes",
      text: withNetwork(
        `{ vpc: vpc-0a1b2c3d, clients: [${Array.from({ length: 51 }, (_, i) => `10.${i}.0.0/16`).join(", ")}] }`,
      ),
      path: "network.clients",
      problem: /51 are too many/,
    },
    {
      rule: "stock instances without an archive",
      text: withNodes(""),
      path: "nodes",
      problem: /no Kafka/,
      remedy: /archive/,
    },
    { rule: "no AMI's id", text: withNodes("{ image: al2023 }"), path: "nodes.image", problem: /not an AMI's id/ },
    {
      rule: "an archive without its checksum",
      text: withNodes("{ archive: { url: s3://artifacts/kafka.tgz } }"),
      path: "nodes.archive.sha512",
      problem: /missing/,
    },
    {
      rule: "a SHA-256",
      text: withNodes(archive("s3://artifacts/kafka.tgz", "a".repeat(64))),
      path: "nodes.archive.sha512",
      problem: /not the archive's SHA-512/,
      remedy: /sha512sum/,
    },
    ...[
      "http://mirror.example/kafka.tgz",
      "s3://artifacts",
      "s3://Artifacts/kafka.tgz",
      "https://user@mirror.example/kafka.tgz",
      "https://mirror.example/kafka.tgz?token=secret",
      "https://mirror.example/$(reboot).tgz",
      "https://mirror.example/a b.tgz",
    ].map((url) => ({
      rule: `the archive ${url}`,
      text: withNodes(archive(url)),
      path: "nodes.archive.url",
      problem: /not the address/,
    })),
    {
      rule: "an archive of another version",
      text: withNodes(archive("s3://artifacts/kafka_2.13-4.2.0.tgz")),
      path: "nodes.archive.url",
      problem: /Kafka 4\.2\.0, but kafka\.version is 4\.3\.1/,
    },
    {
      rule: "too little time to install",
      text: withNodes(archive("s3://artifacts/kafka.tgz"), "periods: { command: 419 }"),
      path: "periods.command",
      problem: /may take 420 s/,
    },
    {
      rule: "a volume that is a number",
      text: withVolume("100"),
      path: "roles.broker.volume",
      problem: /must be a mapping/,
    },
    {
      rule: "a gp2",
      text: withVolume("{ type: gp2 }"),
      path: "roles.broker.volume.type",
      problem: /not an EBS volume/,
    },
    { rule: "an empty gp3", text: withVolume("{ size: 0 }"), path: "roles.broker.volume.size", problem: /range/ },
    {
      rule: "a gp3 too large",
      text: withVolume("{ size: 65537 }"),
      path: "roles.broker.volume.size",
      problem: /range/,
    },
    {
      rule: "a gp3 with fewer IOPS than it has",
      text: withVolume("{ iops: 2999 }"),
      path: "roles.broker.volume.iops",
      problem: /range/,
    },
    {
      rule: "a gp3 with more IOPS than its size carries",
      text: withVolume("{ size: 10, iops: 5001 }"),
      path: "roles.broker.volume.iops",
      problem: /10 GiB of gp3 carry 5000 IOPS/,
    },
    {
      rule: "a gp3 with more throughput than there is",
      text: withVolume("{ iops: 80000, size: 1000, throughput: 2001 }"),
      path: "roles.broker.volume.throughput",
      problem: /range/,
    },
    {
      rule: "a gp3 with more throughput than its IOPS carry",
      text: withVolume("{ throughput: 751 }"),
      path: "roles.broker.volume.throughput",
      problem: /3000 IOPS carry 750/,
      remedy: /3004/,
    },
    {
      rule: "an io2 too small",
      text: withVolume("{ type: io2, size: 3, iops: 100 }"),
      path: "roles.broker.volume.size",
      problem: /range/,
    },
    {
      rule: "an io2 without its IOPS",
      text: withVolume("{ type: io2 }"),
      path: "roles.broker.volume.iops",
      problem: /missing/,
    },
    {
      rule: "an io2 with more IOPS than its size carries",
      text: withVolume("{ type: io2, size: 4, iops: 4001 }"),
      path: "roles.broker.volume.iops",
      problem: /4 GiB of io2 carry 4000/,
    },
    {
      rule: "an io2's throughput",
      text: withVolume("{ type: io2, size: 10, iops: 4000, throughput: 500 }"),
      path: "roles.broker.volume.throughput",
      problem: /follows from its IOPS/,
    },
    {
      rule: "another word for true",
      text: shortest("loadBalancer: yes"),
      path: "loadBalancer",
      problem: /true or false/,
    },
    {
      rule: "days that CloudWatch Logs does not know",
      text: shortest("retention: { logs: 31 }"),
      path: "retention.logs",
      problem: /not keep logs/,
      remedy: /30, 60/,
    },
    {
      rule: "events kept for ever",
      text: shortest("retention: { events: 0 }"),
      path: "retention.events",
      problem: /range/,
    },
    { rule: "a topic's name", text: topics("pager"), path: "alarms[0]", problem: /not the ARN/ },
    { rule: "a FIFO topic", text: topics(`${topic}.fifo`), path: "alarms[0]", problem: /not the ARN of a standard/ },
    {
      rule: "a topic of another region",
      text: topics("arn:aws:sns:eu-central-1:111122223333:pager"),
      path: "alarms[0]",
      problem: /in eu-central-1/,
      remedy: /in eu-west-1/,
    },
    { rule: "a topic twice", text: topics(topic, topic), path: "alarms[1]", problem: /twice/ },
    {
      rule: "more topics than an alarm takes",
      text: topics(...[1, 2, 3, 4, 5, 6].map((number) => topic + number)),
      path: "alarms",
      problem: /6 are too many/,
    },
  ])("$rule", ({ text, path, problem, remedy }) => {
    expect(problemsOf(text)).toMatchObject([{ path, problem: expect.stringMatching(problem) }]);
    if (remedy !== undefined) expect(problemsOf(text)[0]?.remedy).toMatch(remedy);
  });
});
