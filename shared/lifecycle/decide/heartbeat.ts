/** A lifecycle action is kept open with heartbeats while it waits: a third of the timeout apart, so that two may fail. */
import type { Step } from "../steps.ts";
import { change, globalLimit, type Scene } from "./scene.ts";

/**
 * Whatever a lifecycle action needs next, unless a heartbeat comes first: before a wait or a hold where a third of its period is
 * over, before anything else where half of it is, or may be. What is first seen is written down before the first wait,
 * because every deadline counts from there.
 */
export function keepOpen(scene: Scene, kind: "launch" | "terminate", step: Step): Step {
  if (step.do === "settled" || (step.do === "change" && step.change.kind === "complete")) return step;
  const { facts, record, plan } = scene;
  const { heartbeat } = plan.definition.periods;
  const rests = step.do === "wait" || step.do === "hold";
  const begun = record?.action?.kind === kind ? record.action : undefined;
  const last = begun ? record?.heartbeat : facts.begun;
  const due = last === undefined || facts.now - last >= (rests ? heartbeat / 3 : heartbeat / 2);
  if (!begun) return rests || due ? begin(scene, kind) : step;
  if (due) return change(`${kind}/heartbeat`, step.reason, { kind: "heartbeat", action: kind }, "table");
  return step.do === "hold" ? limited(step, begun.since, heartbeat) : step;
}

/** A hold cannot outlive its action, so it says until when somebody has to have decided. */
function limited(step: Step, since: number, heartbeat: number): Step {
  const end = new Date(since + globalLimit(heartbeat)).toISOString().replace(/\.\d+Z$/, "Z");
  return { ...step, reason: `${step.reason} (held until ${end} at most)` };
}

/**
 * Writes down that this action has begun, forgetting what belonged to an earlier one. Its timeout has run since then: where
 * no event told when that was (it is late, or lost, and a sweep found the action), a heartbeat is due at the first wait.
 */
export function begin(scene: Scene, kind: "launch" | "terminate"): Step {
  const { facts, role, group, zone } = scene;
  return change(
    `${kind}/begin`,
    `${kind} seen for the first time`,
    {
      kind: "note",
      patch: {
        role: role.name,
        group: group.name,
        zone,
        action: { kind, since: facts.now },
        heartbeat: facts.begun,
        hold: undefined,
        unregistered: undefined,
        alone: undefined,
      },
    },
    "table",
  );
}

/** Milliseconds since the action was first seen. */
export function elapsed(scene: Scene, kind: "launch" | "terminate"): number {
  const action = scene.record?.action;
  return action?.kind === kind ? scene.facts.now - action.since : 0;
}

/** Whether the action's global limit is near: less than half a heartbeat period left. */
export function nearLimit(scene: Scene, kind: "launch" | "terminate"): boolean {
  const { heartbeat } = scene.plan.definition.periods;
  return elapsed(scene, kind) > globalLimit(heartbeat) - heartbeat / 2;
}
