/**
 * A hundred new brokers at once, each in search of a node id, through the DynamoDB client and the expressions that run in
 * production, on a local DynamoDB.
 */
import { once } from "node:events";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { type Random, seededRandom } from "../lab/random.ts";
import { dynamoTable } from "../shared/aws/table.ts";
import { type Role, roleOf } from "../shared/cluster/definition.ts";
import type { Table } from "../shared/lifecycle/ports.ts";
import type { FleetSight, GroupMember, Roster } from "../shared/lifecycle/sights.ts";
import { lineUp } from "../shared/members/lineup.ts";
import { classic } from "./classic.ts";
import { labDefinition } from "./definition.ts";
import { type Figure, mean, median, type Section } from "./figure.ts";

const CLAIMANTS = 100;
const RUNS = 5;
const LOOKS = 100;
const TABLE = "rollcall-bench";

/** The lab's brokers in their three groups, as many as there are claimants. */
const role: Role = {
  ...roleOf(labDefinition(), "broker"),
  perZone: Math.ceil(CLAIMANTS / 3),
  ids: Array.from({ length: CLAIMANTS }, (_, index) => index + 1),
};

export async function claims(): Promise<Section> {
  const random = seededRandom(20_261_101);
  const server = dynalite({ createTableMs: 0 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error(`dynalite listens at ${address}, not at a port`);
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${address.port}`,
    region: "eu-central-1",
    credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
  });
  try {
    await createTable(client);
    let clusters = 0;
    const crowds = async (seen: Share) => {
      const runs: Crowd[] = [];
      for (let run = 0; run < RUNS; run += 1) {
        clusters += 1;
        const table = dynamoTable({ client, tableName: TABLE, cluster: `bench-${clusters}` });
        runs.push(await crowd(table, seen, random.fork(`crowd ${clusters}`)));
      }
      return runs;
    };
    // The first crowd warms up the code and the connections.
    await crowds({ from: 1, to: 1 });
    const together = await crowds({ from: 1, to: 1 });
    const lagging = await crowds({ from: 0.8, to: 0.98 });
    const most = await crowds({ from: 0.98, to: 0.98 });
    const least = await crowds({ from: 0.8, to: 0.8 });
    const old = Array.from({ length: 101 }, (_, run) => classic(CLAIMANTS, random.fork(`classic ${run}`)));
    return {
      title: `Claims: ${CLAIMANTS} new brokers at once`,
      method:
        `dynalite over loopback, the SDK's DynamoDB client, ${RUNS} runs each: mean of attempts, median of time. ` +
        "A view that lags shows an instance each of the others with the given probability, its own for the whole run; " +
        "what a look lacks, the next shows likewise. Classic: sleep 0–20 s, read the live ids, take the lowest free one, " +
        "register 6 s later; who is lost is replaced at once. 101 runs on a virtual clock, medians.",
      figures: [
        {
          name: "different ids, fewest of any run",
          value: Math.min(...[together, lagging, most, least].flat().map((run) => run.ids)),
          unit: "ids",
          target: { exactly: CLAIMANTS },
        },
        { name: "attempts, all see the same group", ...attempts(together), target: { atMost: 1.1 } },
        { name: "attempts, views lag: 80–98 % of the others seen", ...attempts(lagging), target: { atMost: 1.6 } },
        { name: "attempts, 98 % seen by everybody", ...attempts(most) },
        { name: "attempts, 80 % seen by everybody", ...attempts(least) },
        { name: "time for all (all see the same group)", value: median(together.map((run) => run.time)), unit: "ms" },
        {
          name: "classic way: lost of the first hundred",
          value: median(old.map((run) => run.lost)),
          unit: "instances",
        },
        {
          name: "classic way: lost with replacements",
          value: median(old.map((run) => run.lostInAll)),
          unit: "instances",
        },
        { name: "classic way: time for all", value: median(old.map((run) => run.time)) / 1000, unit: "s" },
      ],
    };
  } finally {
    client.destroy();
    server.close();
    server.closeAllConnections();
  }
}

interface Crowd {
  /** Different ids that were claimed. */
  readonly ids: number;
  /** Claims made per claimant, in the mean. */
  readonly attempts: number;
  /** ms until the last one had its id. */
  readonly time: number;
}

function attempts(runs: readonly Crowd[]): Pick<Figure, "value" | "unit"> {
  return { value: mean(runs.map((run) => run.attempts)), unit: "attempts" };
}

/** The probability with which an instance sees each of the others lies in that range, evenly spread over the instances. */
interface Share {
  readonly from: number;
  readonly to: number;
}

/** Everybody claims at once. */
async function crowd(table: Table, seen: Share, random: Random): Promise<Crowd> {
  const claimants = Array.from({ length: CLAIMANTS }, (_, index): Claimant => {
    const group = role.groups[index % role.groups.length];
    if (!group) throw new Error("the role has no groups");
    return {
      instance: `i-${Buffer.from(random.bytes(9)).toString("hex").slice(1)}`,
      group: group.name,
      zone: group.zone,
    };
  });
  const started = performance.now();
  const won = await Promise.all(
    claimants.map((claimant) => {
      const share = seen.from + random.next() * (seen.to - seen.from);
      return claim(table, claimant, laggingView(claimants, claimant, share, random));
    }),
  );
  return {
    ids: new Set(won.map(({ id }) => id)).size,
    attempts: mean(won.map(({ attempts }) => attempts)),
    time: performance.now() - started,
  };
}

type Claimant = Pick<GroupMember, "instance" | "zone"> & { readonly group: string };

/** A view of the groups that catches up: what one look lacks, the next sees with the same probability, and nothing is lost again. */
function laggingView(claimants: readonly Claimant[], own: Claimant, seen: number, random: Random): () => FleetSight {
  const visible = new Set([own]);
  return () => {
    for (const other of claimants) if (random.chance(seen)) visible.add(other);
    return {
      groups: role.groups.map(({ name }) => ({
        name,
        desired: claimants.filter((c) => c.group === name).length,
        deleting: false,
        members: claimants
          .filter((c) => c.group === name && visible.has(c))
          .map(({ instance, zone }) => ({ instance, zone, state: "Pending:Wait" as const, healthy: true })),
      })),
    };
  };
}

/** Lines up and claims until an id is won, looking at the group afresh before each try. */
async function claim(
  table: Table,
  { instance, group, zone }: Claimant,
  view: () => FleetSight,
): Promise<{ readonly id: number; readonly attempts: number }> {
  let attempts = 0;
  let roster = await rosterOf(table, instance);
  for (let look = 0; look < LOOKS; look += 1) {
    const choice = lineUp(role, group, view(), roster, instance, attempts);
    if (choice.pick !== "claim") {
      // Whose holder or whose turn it cannot see, it takes for free or for spoken for: not a try, another look.
      roster = await rosterOf(table, instance);
      continue;
    }
    attempts += 1;
    const answer = await table.claim(role.name, { id: choice.id, zone, since: 0 }, instance);
    if (answer.won) return { id: choice.id, attempts };
    roster = answer.roster;
  }
  throw new Error(`${instance} has no id after ${LOOKS} looks, ${attempts} of them with an attempt`);
}

async function rosterOf(table: Table, instance: string): Promise<Roster> {
  const roster = (await table.read(instance)).rosters.get(role.name);
  if (!roster) throw new Error(`the table answers without a roster of ${role.name}`);
  return roster;
}

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "S" },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
    }),
  );
}
