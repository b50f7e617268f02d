import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { alarms } from "../../resources/alarms.ts";
import { FUNCTION_NAMES } from "../../resources/functions.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import { countOutcomes, measureCluster } from "../../shared/lambda/telemetry.ts";
import { compile, deployable, ensemble, ofType, properties, references, secure, various } from "./compiled.ts";

const template = compile(deployable);
const all = ofType(template.Resources, "AWS::CloudWatch::Alarm");

interface AlarmProperties {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Period: number;
  readonly EvaluationPeriods: number;
  readonly [name: string]: unknown;
}

const on = (namespace: string) =>
  all.map(([, r]) => r.Properties as unknown as AlarmProperties).filter((alarm) => alarm.Namespace === namespace);

describe("there is an alarm", () => {
  test("on each queue, from the first message", () => {
    const queues = ofType(template.Resources, "AWS::SQS::Queue").map(([id]) => id);
    expect(on("AWS/SQS").map((a) => a.Dimensions)).toEqual(
      queues.map((id) => [{ Name: "QueueName", Value: { "Fn::GetAtt": [id, "QueueName"] } }]),
    );
    for (const alarm of on("AWS/SQS")) {
      expect(alarm).toMatchObject({ Threshold: 0, ComparisonOperator: "GreaterThanThreshold", EvaluationPeriods: 1 });
    }
  });

  test("on each function's errors, and on a sweep that does not run, which silence would not tell", () => {
    const ofMetric = (name: string) => on("AWS/Lambda").filter((a) => a.MetricName === name);
    expect(ofMetric("Errors").map((a) => a.Dimensions[0]?.Value)).toEqual(
      FUNCTION_NAMES.map((name) => `rollcall-lab-${name}`),
    );
    expect(ofMetric("Invocations")).toMatchObject([
      { Threshold: 1, ComparisonOperator: "LessThanThreshold", TreatMissingData: "breaching" },
    ]);
  });

  test("on holds, long launches, absences, missing nodes, failing passes and scarce ids", () => {
    expect(on("Rollcall").map((a) => [a.MetricName, a.Threshold])).toEqual([
      ["Held", 0],
      ["LongestLaunch", 1800],
      ["LongestAbsence", 900],
      ["MissingNodes", 0],
      ["Failed", 0],
      // 97 of the 100 broker ids are to spare; controllers have none, so theirs cannot run short.
      ["FreeBrokerIds", 19],
    ]);
  });
});

test.each([
  ["without security", deployable],
  ["with security", secure],
  ["on ZooKeeper", ensemble],
])("%s, every metric that is watched or shown is one that the sweep emits", (_name, definition) => {
  const emitted = new Set<string>(["Failed", "Left", "Warnings"]);
  countOutcomes({ count: (counter) => emitted.add(counter) }, []);
  const freeIds = new Map(definition.roles.map((role) => [role.name, 1]));
  const access = definition.security && { drift: 0, age: 0 };
  const gauges = { missing: 0, longestLaunch: 0, longestAbsence: 0, freeIds, ...(access && { access }) };
  measureCluster({ measure: (gauge) => emitted.add(gauge) }, gauges);
  const compiled = compile(definition);
  const { DashboardBody } = properties<{ DashboardBody: { "Fn::Sub": [string, object] } }>(compiled, "Dashboard");
  const [body] = DashboardBody["Fn::Sub"];
  const shown = [...body.matchAll(/\["Rollcall","(\w+)"/g)].map(([, name]) => name);
  expect(shown.length).toBeGreaterThan(5);
  const watched = ofType(compiled.Resources, "AWS::CloudWatch::Alarm")
    .map(([, { Properties }]) => Properties)
    .filter(({ Namespace }) => Namespace === "Rollcall")
    .map(({ MetricName }) => MetricName);
  for (const name of [...shown, ...watched]) expect(emitted).toContain(name);
  // What is emitted for this cluster alone is shown, too.
  for (const name of ["FreeZooKeeperIds", "AccessDrift", "AccessAge"]) {
    expect(shown.includes(name), name).toBe(emitted.has(name));
  }
});

test("every alarm has its section in the runbook", () => {
  const text = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");
  const titles = [...text.matchAll(/^## (.*)$/gm)].flatMap(([, title = ""]) => title.split(", "));
  for (const { kind } of alarms(secure)) expect(titles).toContain(kind.replace(/^.*-(ids-nearly-used-up)$/, "$1"));
});

test("whoever changes users or ACLs past the definition is told of, and so is that nobody looks any more", () => {
  const kinds = (definition: Definition) => alarms(definition).filter(({ kind }) => kind.startsWith("access-"));
  expect(kinds(secure).map(({ kind, when }) => [kind, when])).toEqual([
    ["access-changed", { above: 0 }],
    ["access-not-kept", { above: 2700 }],
  ]);
  expect(kinds(deployable)).toEqual([]);
});

test("an alarm hears the metric at least once in each period, and looks back a day at most", () => {
  for (const sweep of [60_000, 120_000, 600_000]) {
    const definition = { ...deployable, periods: { ...deployable.periods, sweep, identity: 172_800_000 } };
    for (const { kind, metric, period, times } of alarms(definition)) {
      if (metric.Namespace === "Rollcall") expect(period, kind).toBeGreaterThanOrEqual(sweep / 1000);
      expect(period % 60, kind).toBe(0);
      expect(period * times, kind).toBeLessThanOrEqual(86_400);
    }
  }
});

test("alarms go where the definition says, and so does their end", () => {
  const topics = ["arn:aws:sns:eu-central-1:123456789012:kafka-on-call"];
  for (const [id, { Properties }] of ofType(compile(various).Resources, "AWS::CloudWatch::Alarm")) {
    expect(Properties, id).toMatchObject({ AlarmActions: topics, OKActions: topics });
  }
});

test("the dashboard shows every alarm, and is JSON", () => {
  const { DashboardBody } = properties<{ DashboardBody: { "Fn::Sub": [string, object] } }>(template, "Dashboard");
  const [body, variables] = DashboardBody["Fn::Sub"];
  const { widgets } = JSON.parse(body);
  expect(widgets[0].properties.alarms).toEqual(all.map(([id]) => `\${${id}}`));
  expect([...references(variables)]).toEqual(all.map(([id]) => id));
});
