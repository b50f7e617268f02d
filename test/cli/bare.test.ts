/** Before anything is deployed: a cloud with subnets, and whatever else is in them. */
import { afterEach, describe, expect, test } from "vitest";
import { Cloud } from "../../lab/cloud/cloud.ts";
import { LAB_DELAYS } from "../../lab/cloud/delays.ts";
import { dynamodbService } from "../../lab/doors/dynamodb.ts";
import { startHttpDoor } from "../../lab/doors/http.ts";
import { identityService } from "../../lab/doors/identity.ts";
import { seededRandom } from "../../lab/random.ts";
import { definition } from "../definition.ts";
import { FakeMachines } from "../lab/cloud/ground.ts";
import { type CommandLine, commandLine, MUTATING, type Told } from "./lab.ts";
import { quickClock } from "./quick-clock.ts";

let opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.reverse()) await close();
  opened = [];
});

async function bare(subnets = definition.zones.map((z) => ({ ...z, vpc: definition.network.vpc }))) {
  const clock = quickClock(1);
  const cloud = new Cloud({
    scheduler: clock,
    random: seededRandom(1),
    machines: new FakeMachines(),
    region: definition.region,
    delays: LAB_DELAYS,
  });
  for (const { subnet, vpc, name, cidr } of subnets) cloud.ec2.subnets.add({ id: subnet, vpc, zone: name, cidr });
  cloud.register(dynamodbService());
  cloud.register(identityService("123456789012"));
  const door = await startHttpDoor({ cloud, host: "127.0.0.1", port: 0 });
  const line = commandLine({ definition, clock, endpoint: door.endpoint });
  opened.push(async () => {
    line.close();
    await door.close();
    await cloud.close();
    clock.close();
  });
  return { cloud, line };
}

const wrong = async (line: CommandLine): Promise<string[]> => {
  const { told } = await line.json("doctor");
  expect(told.deployed).toBe(false);
  return told.findings
    .filter((f: Told) => f.level !== "fine")
    .map((f: Told) => `${f.level} ${f.area}: ${f.what} → ${f.remedy ?? ""}`);
};

describe("doctor", () => {
  test("finds the ground ready, asks only for what a deployment needs, and makes nothing", async () => {
    const { cloud, line } = await bare();
    const { status, told } = await line.json("doctor");
    expect(told).toMatchObject({ ok: true, deployed: false });
    expect(told.findings.map((f: Told) => f.area)).toEqual(["subnets", "addresses", "groups", "quotas", "permissions"]);
    expect(status).toBe(0);
    expect(cloud.calls.all().filter((call) => MUTATING.test(call.action))).toEqual([]);
    const { out } = await line.rollcall("doctor");
    expect(out).toContain("nothing is deployed yet");
  });

  test("finds subnets that are missing, elsewhere, or of another size", async () => {
    const [a, b, c] = definition.zones;
    if (!a || !b || !c) throw new Error("three zones");
    const { vpc } = definition.network;
    const { line } = await bare([
      { ...a, vpc: "vpc-0a1b2c3d4e5f6ffff" },
      { ...b, name: "eu-central-1c", cidr: "10.0.2.0/28", vpc },
    ]);
    expect(await wrong(line)).toEqual([
      expect.stringContaining(`${a.subnet} is in vpc-0a1b2c3d4e5f6ffff, not in ${vpc}`),
      expect.stringContaining(`${b.subnet} is in eu-central-1c, not in eu-central-1b`),
      expect.stringContaining(`${b.subnet} has the block 10.0.2.0/28, not 10.0.2.0/24`),
      expect.stringContaining(`${c.subnet} of eu-central-1c does not exist in eu-central-1`),
    ]);
  });

  test("finds addresses that somebody else has, and what a former stack has left", async () => {
    const { cloud, line } = await bare();
    const [a, b] = definition.zones;
    const create = (SubnetId: string | undefined, PrivateIpAddress: string, more: object) =>
      cloud.call("ec2", "CreateNetworkInterface", { SubnetId, PrivateIpAddress, ...more }, { role: "somebody" });
    await create(a?.subnet, "10.0.1.10", { Description: "ELB app/shop" });
    const Tags = [
      { Key: "rollcall:cluster", Value: "lab" },
      { Key: "rollcall:role", Value: "controller" },
    ];
    await create(b?.subnet, "10.0.2.10", { TagSpecifications: [{ ResourceType: "network-interface", Tags }] });
    expect(await wrong(line)).toEqual([
      expect.stringMatching(
        /^wrong addresses: 10.0.1.10 of controller 101 is taken by eni-\w+ \(ELB app\/shop\) → free it, or give another/,
      ),
      expect.stringMatching(
        /^wrong addresses: eni-\w+ has 10.0.2.10 .*former stack left it → aws ec2 delete-network-interface/,
      ),
    ]);
  });
});

test.each([
  ["nothing else", []],
  // Clusters `lab` and `lab-eu`: the names of the one begin as those of the other.
  ["another cluster beside it", ["rollcall-lab-eu-sweep", "rollcall-lab-eu-commands"]],
])(
  "doctor finds the table that a former stack has left, with %s, which a deployment would fail at",
  async (_, rules) => {
    const { cloud, line } = await bare();
    for (const Name of rules)
      await cloud.call("events", "PutRule", { Name, EventPattern: '{"source":["x"]}' }, { role: "somebody" });
    const keys = ["pk", "sk"];
    await cloud.call(
      "dynamodb",
      "CreateTable",
      {
        TableName: "rollcall-lab",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
        KeySchema: keys.map((AttributeName, n) => ({ AttributeName, KeyType: n === 0 ? "HASH" : "RANGE" })),
      },
      { role: "somebody" },
    );
    expect(await wrong(line)).toEqual([
      expect.stringMatching(/^wrong table: rollcall-lab is there and nothing else .* → once nobody .* delete-table/),
    ]);
  },
);

test("status says that nothing is there", async () => {
  const { line } = await bare();
  const { status, told } = await line.json("status");
  expect(status).toBe(1);
  expect(told).toMatchObject({ deployed: false, unseen: [] });
  expect(told.concerns).toEqual([
    "nothing of lab is deployed in this account and region; rollcall doctor tells what a deployment would meet",
  ]);
  expect((await line.rollcall("status")).out.trim().split("\n")).toHaveLength(1);
});

test("replay is refused where there is no archive", async () => {
  const { line } = await bare();
  const { status, told } = await line.json("replay", "--since", "1h", "--yes");
  expect(status).toBe(1);
  expect(told.error).toBe("there is no archive rollcall-lab: the stack of lab is not deployed");
});
