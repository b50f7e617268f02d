/** The node script's answer: one JSON line, the last of its standard output. */
import * as v from "valibot";
import type { AccessAnswer, NodeAnswer, QuorumAnswer, QuorumReplica } from "../lifecycle/sights.ts";

const whole = v.pipe(v.number(), v.safeInteger());

const replica = v.object({
  id: whole,
  directoryId: v.string(),
  logEndOffset: whole,
  lag: whole,
  caughtUpAgo: whole,
} satisfies Record<keyof QuorumReplica, v.GenericSchema>);

const quorum = v.object({
  leader: whole,
  voters: v.array(replica),
  observers: v.array(replica),
} satisfies Record<keyof QuorumAnswer, v.GenericSchema>);

const access = v.object({
  created: v.array(v.string()),
  changed: v.array(v.string()),
  removed: v.array(v.string()),
  versions: v.record(v.string(), v.string()),
  troubles: v.exactOptional(v.record(v.string(), v.string())),
} satisfies Record<keyof AccessAnswer, v.GenericSchema>);

const nodeAnswer = v.object({
  ok: v.boolean(),
  action: v.picklist(["configure", "stop", "status", "verify", "access"]),
  digest: v.exactOptional(v.string()),
  unit: v.exactOptional(v.string()),
  supervisor: v.exactOptional(v.string()),
  stopped: v.exactOptional(v.boolean()),
  tombstone: v.exactOptional(v.boolean()),
  error: v.exactOptional(v.string()),
  quorum: v.exactOptional(quorum),
  access: v.exactOptional(access),
} satisfies Record<keyof NodeAnswer, v.GenericSchema>);

/** The answer, or in words why there is none to read. */
export function readNodeAnswer(stdout: string): NodeAnswer | { readonly unreadable: string } {
  const line = stdout.trimEnd().split("\n").at(-1)?.trim();
  if (!line) return { unreadable: "the node's script printed no answer" };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { unreadable: `the node's last line is no answer: ${line.slice(0, 200)}` };
  }
  const { success, output, issues } = v.safeParse(nodeAnswer, value);
  if (success) return output;
  const [issue] = issues;
  return { unreadable: `the node's answer is not understood: ${v.getDotPath(issue) ?? "it"}: ${issue.message}` };
}
