/**
 * An event as EventBridge delivers it, e.g.
 * ```json
 * {"version": "0", "id": "…", "detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2",
 *  "account": "123456789012", "time": "2026-09-01T12:00:00Z", "region": "eu-central-1",
 *  "resources": ["arn:aws:ec2:eu-central-1:123456789012:instance/i-…"],
 *  "detail": {"instance-id": "i-…", "state": "running"}}
 * ```
 */
export interface CloudEvent {
  readonly version: "0";
  /** Another one each time an event is replayed. */
  readonly id: string;
  readonly "detail-type": string;
  readonly source: string;
  readonly account: string;
  /** To the second, UTC. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: object;
  /** Only on replayed events. */
  readonly "replay-name"?: string;
}

export function eventTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== last.second) last = { second, text: `${new Date(ms).toISOString().slice(0, 19)}Z` };
  return last.text;
}

/** Events come by the dozen in one second. */
let last = { second: Number.NaN, text: "" };
