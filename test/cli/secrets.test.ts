import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { renewalFindings, secretFindings } from "../../cli/doctor/secrets.ts";
import { changesOf } from "../../resources/given-secrets.ts";
import type { WaysOut } from "../../resources/way-out.ts";
import type { RoleName } from "../../shared/cluster/definition.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";

const secure = parseDefinition(
  readFileSync(new URL("../../clusters/secure.yml", import.meta.url), "utf8"),
  "clusters/secure.yml",
);
const THERE = new Map(["kafka/certificate", "kafka/authority"].map((id) => [id, "there" as const]));
const NAT: WaysOut = { endpoints: [], routeTables: [{ main: true, subnets: [], way: "nat-0a1b2c3d4e5f60718" }] };

describe("the doctor, of a cluster that asks who is there", () => {
  test("is content where the secrets and a way to them are there", () => {
    expect(secretFindings(secure, THERE, NAT)).toEqual([
      { area: "secrets", level: "fine", what: expect.stringContaining("are there") },
    ]);
  });

  test("names a secret that is missing, with the remedy", () => {
    expect(secretFindings(secure, new Map(), NAT)).toEqual([
      expect.objectContaining({
        level: "wrong",
        what: "security.certificate: there is no such secret",
        remedy: expect.stringContaining("PEM"),
      }),
      expect.objectContaining({ level: "wrong", what: "security.authority: there is no such secret" }),
    ]);
  });

  test("names each subnet from which nobody gets to Secrets Manager", () => {
    const findings = secretFindings(secure, THERE, { endpoints: [], routeTables: [] });
    expect(findings.map(({ level, what }) => [level, what.split(":")[0]])).toEqual(
      secure.zones.map(({ name }) => ["wrong", `zones.${name}.subnet`]),
    );
    expect(findings[0]?.remedy).toContain("NAT gateway");
  });
});

describe("the doctor, of a certificate that was renewed", () => {
  const NOW = 1_800_000_000_000;
  const HOUR = 3_600_000;

  /** Each node with how long ago it was configured, ms. */
  function contents(
    nodes: readonly (readonly [RoleName, number, number])[],
  ): Pick<TableContents, "rosters" | "records"> {
    const roles = [...new Set(nodes.map(([role]) => role))];
    const membersOf = (role: RoleName) =>
      nodes
        .filter(([of]) => of === role)
        .map(([, id]) => [id, { id, zone: "eu-central-1a", owner: `i-${id}`, since: 1, served: true }] as const);
    const record = (role: RoleName, id: number, ago: number) =>
      ({
        instance: `i-${id}`,
        role,
        group: "g",
        zone: "eu-central-1a",
        version: 1,
        configured: { digest: "d", at: NOW - ago, times: 1 },
      }) as const;
    return {
      rosters: new Map(roles.map((role) => [role, { role, members: new Map(membersOf(role)) }])),
      records: new Map(nodes.map(([role, id, ago]) => [`i-${id}`, record(role, id, ago)])),
    };
  }
  const nodes = contents([
    ["controller", 101, 5 * HOUR],
    ["broker", 1, 5 * HOUR],
    ["broker", 2, HOUR],
  ]);

  test("names the nodes that have what was there before, and how it gets to them", () => {
    const [finding, ...rest] = renewalFindings(secure, new Map([["kafka/certificate", NOW - 2 * HOUR]]), nodes, NOW);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      level: "note",
      what: "security.certificate: its secret was changed 2h ago; controller 101, broker 1 were configured before that",
      remedy: expect.stringContaining("raise security.generation by one"),
    });
  });

  test("only where they are told to fetch it", () => {
    const security = { ...secure.security, encrypt: false } as typeof secure.security;
    const apart = { ...secure, ...(security && { security }) };
    const find = (secret: string) => renewalFindings(apart, new Map([[secret, NOW - 2 * HOUR]]), nodes, NOW)[0]?.what;
    expect(find("kafka/certificate")).toMatch(/; controller 101 were/);
    expect(find("kafka/authority")).toMatch(/; controller 101, broker 1 were/);
  });

  test("is content where all were configured since, and asks when that was", async () => {
    const at = new Date(NOW - 6 * HOUR);
    const client = { send: async () => ({ LastChangedDate: at }) };
    const changes = await changesOf(client, ["kafka/certificate"]);
    expect(renewalFindings(secure, changes, nodes, NOW)).toMatchObject([{ level: "fine" }]);
  });
});
