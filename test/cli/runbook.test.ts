/**
 * docs/runbook.md, tried: each alarm is brought about in the lab, every step that its section names is taken, and the alarm ends.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Alarm, alarms } from "../../resources/alarms.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import { awsCall, holds, runbook, source } from "./runbook.ts";
import { tryOnPlainCluster } from "./runbook-plain.ts";
import { tryOnSecuredCluster } from "./runbook-secured.ts";
import { nothingTried } from "./trial.ts";

/** Seconds as a rule; but minutes of the clusters' clock, which stands still while the machine has other work. */
const LONG = { timeout: 180_000 };

const sections = runbook();
const tried = nothingTried();

/** Of every kind of cluster. */
function everyAlarm(): Alarm[] {
  const clusters = readdirSync(new URL("../../clusters", import.meta.url)).filter((name) => name.endsWith(".yml"));
  return clusters.flatMap((name) => alarms(parseDefinition(source(name), name)));
}

describe("the runbook", () => {
  test("has a section for each alarm, of every kind of cluster", () => {
    const titles = sections.flatMap((section) => section.title.split(", "));
    for (const { kind } of everyAlarm())
      expect(titles).toContain(kind.endsWith("ids-nearly-used-up") ? "ids-nearly-used-up" : kind);
  });

  test("tells what to do at every row of the decision tables that holds", () => {
    const folder = new URL("../../shared/lifecycle/decide/", import.meta.url);
    const code = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8"));
    const rows = code.flatMap((text) =>
      [...text.matchAll(/\bhold\(\s*"([a-z-]+\/[a-z0-9-]+)"/g)].map(([, row]) => row),
    );
    expect(new Set(rows).size).toBeGreaterThan(8);
    const told = sections.find(({ title }) => title === "node-held")?.text ?? "";
    for (const row of rows) expect(told).toMatch(new RegExp(`^\\|.*\`${row}\``, "m"));
  });

  test("is understood where it calls the AWS CLI", () => {
    expect(awsCall("autoscaling exit-standby --instance-ids i-1 --auto-scaling-group-name g".split(" "))).toEqual({
      service: "autoscaling",
      action: "ExitStandby",
      input: { InstanceIds: ["i-1"], AutoScalingGroupName: "g" },
    });
  });
});

describe("on a plain cluster", LONG, () => tryOnPlainCluster(sections, tried));
describe("on a cluster that asks who is there", LONG, () => tryOnSecuredCluster(sections, tried));

describe("all of the runbook was tried:", () => {
  test("every command", () => {
    const all = sections.flatMap(({ title, commands }) => commands.map((command) => `${title}: ${command}`));
    expect(all.length).toBeGreaterThan(45);
    expect(all.filter((command) => !tried.commands.has(command))).toEqual([]);
  });
  test("every line of the table of what is held", () => {
    const all = holds(sections).map(({ row, because }) => `${row}: ${because}`);
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter((line) => !tried.holds.has(line))).toEqual([]);
  });
  test("every alarm, from its beginning to its end", () => {
    const kinds = [...new Set(everyAlarm().map(({ kind }) => kind))];
    expect(kinds.length).toBeGreaterThan(12);
    expect(kinds.filter((kind) => !tried.alarms.has(kind))).toEqual([]);
  });
});
