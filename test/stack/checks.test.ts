import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { deployProblems, packageProblems } from "../../resources/checks.ts";
import { type ExistingGroup, unfit } from "../../resources/existing-groups.ts";
import { NODE_SCRIPT } from "../../resources/node-script.ts";
import { definition as lab } from "../definition.ts";
import { deployable, various } from "./compiled.ts";

describe("what AWS could never take", () => {
  test("is not in a sound definition", () => {
    for (const definition of [lab, deployable, various]) expect(packageProblems(definition, NODE_SCRIPT)).toEqual([]);
  });

  test("is a command that is too large for a node's settings", () => {
    const digest = (text: string) => createHash("sha512").update(text).digest("base64url");
    const value = (index: number) => Array.from({ length: 4 }, (_, part) => digest(`${index}/${part}`)).join("");
    const settings = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`x.${index}`, value(index)]));
    const roles = deployable.roles.map((role) => (role.name === "broker" ? { ...role, settings } : role));
    expect(packageProblems({ ...deployable, roles }, NODE_SCRIPT)).toMatchObject([{ path: "roles.broker.settings" }]);
  });

  test("is a node script that makes too large a document", () => {
    expect(() => packageProblems(deployable, "#".repeat(70_000))).toThrow("one may have 65536");
  });
});

describe("what must not be deployed", () => {
  test("is not in a definition with periods for EC2", () => {
    expect(deployProblems(deployable)).toEqual([]);
  });

  test("is a laboratory's periods: all of them told at once", () => {
    expect(deployProblems(lab).map(({ path, value }) => [path, value])).toEqual([
      ["periods.heartbeat", 30],
      ["periods.sweep", 2],
      ["periods.command", 90],
    ]);
  });

  test.each([
    ["heartbeat", 1799, 1800],
    ["sweep", 90, 120],
    ["command", 359, 360],
  ] as const)("%s: %i s is refused, %i s is not", (period, refused, taken) => {
    const at = (seconds: number) =>
      deployProblems({ ...deployable, periods: { ...deployable.periods, [period]: seconds * 1000 } });
    expect(at(refused).map(({ path }) => path)).toEqual([`periods.${period}`]);
    expect(at(taken)).toEqual([]);
  });
});

describe("existing groups", () => {
  const group = (name: string, subnet: string): ExistingGroup => ({
    AutoScalingGroupName: name,
    VPCZoneIdentifier: subnet,
    HealthCheckType: "EC2",
    Tags: [
      { Key: "rollcall:cluster", Value: "lab", PropagateAtLaunch: true },
      { Key: "rollcall:role", Value: "broker", PropagateAtLaunch: true },
    ],
  });
  const a = group("brokers-a", "subnet-0a1b2c3d4e5f60a01");
  const b = group("brokers-b", "subnet-0a1b2c3d4e5f60b02");
  const complaints = (...groups: ExistingGroup[]) => unfit(various, groups).map((p) => `${p.path}: ${p.problem}`);

  test("that are as they must be are taken", () => {
    expect(complaints(a, b)).toEqual([]);
  });

  test("that are missing are told", () => {
    expect(complaints(b)).toEqual(["roles.broker.groups.eu-central-1a: there is no such Auto Scaling group"]);
  });

  test("are told everything that is wrong with them", () => {
    const wrong: ExistingGroup = {
      AutoScalingGroupName: "brokers-a",
      VPCZoneIdentifier: "subnet-0a1b2c3d4e5f60a01,subnet-0a1b2c3d4e5f60b02",
      HealthCheckType: "ELB",
      WarmPoolConfiguration: {},
      InstanceMaintenancePolicy: { MaxHealthyPercentage: 200 },
      Tags: [{ Key: "rollcall:cluster", Value: "lab", PropagateAtLaunch: false }],
    };
    const told = complaints(wrong, b);
    expect(told).toHaveLength(6);
    for (const word of [
      "subnets",
      "ELB",
      "warm pool",
      "before it terminates",
      "rollcall:cluster=lab",
      "rollcall:role",
    ]) {
      expect(
        told.filter((one) => one.includes(word)),
        word,
      ).toHaveLength(1);
    }
  });
});
