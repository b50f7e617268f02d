/** A record's rule: it is written only over the version it was read at. */
import type { InstanceRecord } from "../lifecycle/sights.ts";

/**
 * The record as it will stand, or `changed` where another writer came first. A record never stored has version 0.
 */
export function recordSaved(standing: InstanceRecord | undefined, record: InstanceRecord): InstanceRecord | "changed" {
  if ((standing?.version ?? 0) !== record.version) return "changed";
  return { ...record, version: record.version + 1 };
}
