/** One page that shows how the cluster is doing, and what Rollcall is doing about it. */
import type { Definition } from "../shared/cluster/definition.ts";
import { FREE_IDS } from "../shared/lambda/metrics.ts";
import { alarmId, alarms, functionMetric, type Metric, ownMetric } from "./alarms.ts";
import { FUNCTION_NAMES, functionNames } from "./functions.ts";
import { stackNames } from "./names.ts";
import { getAtt, type Resources } from "./template.ts";

/** A dashboard is 24 units wide. */
const WIDTH = 8;
const HEIGHT = 6;
const ALARMS_HEIGHT = 4;

export function dashboardResources(definition: Definition): Resources {
  const names = functionNames(definition);
  const own = (...metrics: readonly Parameters<typeof ownMetric>[1][]) =>
    metrics.map((metric) => ownMetric(definition, metric));
  const ofFunctions = (metric: string) => FUNCTION_NAMES.map((name) => functionMetric(names[name], metric));
  const graphs = [
    graph(definition, "Nodes", own("MissingNodes", "Held", "Waiting", "Settled")),
    graph(definition, "Longest launch and absence, s", own("LongestLaunch", "LongestAbsence")),
    graph(definition, "Free ids", own(...definition.roles.map((role) => FREE_IDS[role.name]))),
    graph(definition, "Changes, failures", own("Changes", "Failed", "Left", "Warnings")),
    ...(definition.security
      ? [graph(definition, "Users and ACLs: put right, s since compared", own("AccessDrift", "AccessAge"))]
      : []),
    graph(definition, "Invocations", ofFunctions("Invocations")),
    graph(definition, "Errors and throttles", [...ofFunctions("Errors"), ...ofFunctions("Throttles")]),
  ];
  const overview = {
    type: "alarm",
    x: 0,
    y: 0,
    width: 3 * WIDTH,
    height: ALARMS_HEIGHT,
    properties: { title: `Kafka cluster ${definition.cluster}`, alarms: alarms(definition).map(toArn) },
  };
  const placed = graphs.map((widget, index) => ({
    ...widget,
    x: (index % 3) * WIDTH,
    y: ALARMS_HEIGHT + Math.floor(index / 3) * HEIGHT,
  }));
  return {
    Dashboard: {
      Type: "AWS::CloudWatch::Dashboard",
      Properties: {
        DashboardName: stackNames(definition).dashboard,
        DashboardBody: {
          "Fn::Sub": [
            JSON.stringify({ widgets: [overview, ...placed] }),
            Object.fromEntries(alarms(definition).map((alarm) => [alarmId(alarm), getAtt(alarmId(alarm), "Arn")])),
          ],
        },
      },
    },
  };
}

const toArn = (alarm: Parameters<typeof alarmId>[0]): string => `\${${alarmId(alarm)}}`;

function graph({ region }: Definition, title: string, metrics: readonly Metric[]) {
  return {
    type: "metric",
    width: WIDTH,
    height: HEIGHT,
    properties: {
      title,
      region,
      view: "timeSeries",
      period: 60,
      metrics: metrics.map(({ Namespace, MetricName, Dimensions, Statistic }) => [
        Namespace,
        MetricName,
        ...Dimensions.flatMap(({ Name, Value }) => [Name, Value]),
        { stat: Statistic },
      ]),
    },
  };
}
