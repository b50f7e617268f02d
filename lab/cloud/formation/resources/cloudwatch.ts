/** Alarms and dashboards: kept, as the lab counts no metrics. */
import * as v from "valibot";
import { kept } from "../kind.ts";
import { boolean, number, tags, text, texts } from "../scalars.ts";

const dimensions = v.optional(v.array(v.strictObject({ Name: text, Value: text })));

const metricQuery = v.strictObject({
  Id: text,
  Expression: v.optional(text),
  Label: v.optional(text),
  Period: v.optional(number),
  ReturnData: v.optional(boolean),
  MetricStat: v.optional(
    v.strictObject({
      Metric: v.strictObject({ Namespace: text, MetricName: text, Dimensions: dimensions }),
      Period: number,
      Stat: text,
      Unit: v.optional(text),
    }),
  ),
});

export const alarm = kept({
  type: "AWS::CloudWatch::Alarm",
  properties: v.strictObject({
    AlarmName: v.optional(text),
    AlarmDescription: v.optional(text),
    ActionsEnabled: v.optional(boolean),
    AlarmActions: v.optional(texts),
    OKActions: v.optional(texts),
    InsufficientDataActions: v.optional(texts),
    ComparisonOperator: text,
    EvaluationPeriods: number,
    DatapointsToAlarm: v.optional(number),
    Threshold: v.optional(v.number()),
    TreatMissingData: v.optional(text),
    Namespace: v.optional(text),
    MetricName: v.optional(text),
    Dimensions: dimensions,
    Period: v.optional(number),
    Statistic: v.optional(text),
    ExtendedStatistic: v.optional(text),
    Unit: v.optional(text),
    Metrics: v.optional(v.array(metricQuery)),
    Tags: tags,
  }),
  createOnly: ["AlarmName"],
  made(site, { AlarmName = site.generatedName }) {
    return { ref: AlarmName, attributes: { Arn: site.arn("cloudwatch", `alarm:${AlarmName}`) } };
  },
});

export const dashboard = kept({
  type: "AWS::CloudWatch::Dashboard",
  properties: v.strictObject({
    DashboardName: v.optional(text),
    DashboardBody: v.pipe(
      text,
      v.check((body) => isJson(body), "DashboardBody is not JSON"),
    ),
  }),
  createOnly: ["DashboardName"],
  made: (site, { DashboardName = site.generatedName }) => ({ ref: DashboardName }),
});

function isJson(body: string): boolean {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}
