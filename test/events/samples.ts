/**
 * The sample events out of the comments of `shared/lifecycle/events/*.ts`: what a reader is shown is what is tested.
 */
import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../../shared/lifecycle/events/", import.meta.url);

export interface EventSample {
  readonly id: string;
  readonly "detail-type": string;
  readonly source: string;
  readonly time: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

function isSample(value: unknown): value is EventSample {
  return typeof value === "object" && value !== null && "detail-type" in value && "detail" in value;
}

/** Every whole sample, in the order of the files. */
export const samples: readonly EventSample[] = readdirSync(folder)
  .sort()
  .flatMap((file) => readFileSync(new URL(file, folder), "utf8").match(/^\{\n {2}"[\s\S]*?^\}$/gm) ?? [])
  .map((text): unknown => JSON.parse(text))
  .filter(isSample);

/** The sample of that kind, with these fields of its detail changed (undefined: taken out). */
export function sample(detailType: string, detail: Readonly<Record<string, unknown>> = {}): EventSample {
  // The four outcomes of a scaling activity share one sample.
  const kind = detailType.replace(/^EC2 Instance (Launch|Terminate) .*/, "EC2 Instance Launch Successful");
  const found = samples.find((s) => s["detail-type"] === kind);
  if (!found) throw new Error(`no sample of ${detailType} in a comment of ${folder.pathname}`);
  const merged = Object.entries({ ...found.detail, ...detail }).filter(([, value]) => value !== undefined);
  return { ...found, "detail-type": detailType, detail: Object.fromEntries(merged) };
}

/** The same event as a replay delivers it: another id, and the replay's name. */
export function replayed(event: EventSample, name = "nightly-2"): EventSample {
  return { ...event, id: `${event.id.slice(0, -4)}beef`, "replay-name": name };
}
