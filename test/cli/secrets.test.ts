import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { secretFindings } from "../../cli/doctor/secrets.ts";
import type { WaysOut } from "../../resources/way-out.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";

const secure = parseDefinition(
  readFileSync(new URL("../../clusters/secure.yml", import.meta.url), "utf8"),
  "clusters/secure.yml",
);
const THERE = new Map([[secure.security?.certificate ?? "", "there" as const]]);
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
