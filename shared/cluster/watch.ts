import type { Definition } from "./definition.ts";
import type { Path, Problems } from "./problems.ts";
import { absent, type Reader } from "./reader.ts";

/** Days that CloudWatch Logs takes (PutRetentionPolicy, `retentionInDays`). */
const LOG_DAYS: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const DEFAULT_RETENTION = { logs: 30, events: 14 } as const;

/** A standard topic: an alarm cannot publish to a FIFO topic, whose name ends with `.fifo`. */
const TOPIC = /^arn:aws(?:-[a-z]+)*:sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}$/;

/** An alarm takes five actions for each of its states (PutMetricAlarm). */
const MOST_TOPICS = 5;

/** How long logs and archived events are kept, days; undefined where something of it could not be read. */
export function readRetention(
  reader: Reader,
  problems: Problems,
  path: Path,
  value: unknown,
): Definition["retention"] | undefined {
  if (absent(value)) return DEFAULT_RETENTION;
  const mapping = reader.mapping(path, value, ["logs", "events"]);
  if (mapping === undefined) return undefined;
  const days = (key: "logs" | "events"): number | undefined =>
    absent(mapping[key])
      ? DEFAULT_RETENTION[key]
      : reader.whole([...path, key], mapping[key], 1, LOG_DAYS.at(-1) ?? 1, "how long they are kept, in days");
  const logs = days("logs");
  const events = days("events");
  if (logs === undefined || events === undefined) return undefined;
  if (!LOG_DAYS.includes(logs)) {
    problems.add(
      [...path, "logs"],
      logs,
      "CloudWatch Logs does not keep logs for that many days",
      `Give one of ${LOG_DAYS.join(", ")}`,
    );
  }
  return { logs, events };
}

/** The topics that alarms go to, all of the cluster's region: CloudWatch does not publish to another. */
export function readAlarms(
  reader: Reader,
  problems: Problems,
  path: Path,
  value: unknown,
  region: string | undefined,
): readonly string[] | undefined {
  if (absent(value)) return [];
  const readTopic = (at: Path, topic: unknown): string | undefined => {
    const example = `arn:aws:sns:${region ?? "eu-central-1"}:111122223333:kafka-alarms`;
    const arn = reader.text(at, topic, TOPIC, "the ARN of a standard SNS topic", example);
    const its = arn === undefined ? undefined : TOPIC.exec(arn)?.[1];
    if (its !== undefined && region !== undefined && its !== region) {
      problems.add(at, arn, `this topic is in ${its}`, `Give a topic in ${region}, where the alarms are`);
    }
    return arn;
  };
  return reader.distinct(path, value, readTopic, MOST_TOPICS);
}
