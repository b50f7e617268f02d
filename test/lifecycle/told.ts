/** A step as an operator reads it, in one line, with what it rests on: for tables of what is told when. */
import type { Step } from "../../shared/lifecycle/steps.ts";
import { type Setting, step } from "./scene.ts";

/** E.g. `change launch/1 claim (fleet, table): claims fresh id 1`; an alarm is marked by `!`. */
export function line(step: Step): string {
  const alarm = "alarm" in step && step.alarm ? "!" : "";
  switch (step.do) {
    case "look":
      return `look ${step.row} (${step.facts.join(", ")}${step.via === undefined ? "" : ` via ${step.via}`}): ${step.reason}`;
    case "change": {
      const { kind } = step.change;
      const what =
        kind === "complete"
          ? step.change.result
          : kind === "send"
            ? `send ${step.change.action} #${step.change.attempt}`
            : kind;
      return `change${alarm} ${step.row} ${what} (${step.restsOn.join(", ")}): ${step.reason}`;
    }
    case "wait":
    case "hold":
      return `${step.do} ${step.row} (${step.on.join(", ")}): ${step.reason}`;
    case "settled":
      return `settled${alarm} ${step.row}: ${step.reason}`;
  }
}

/** What is told of the first node of a setting; of a hold, once that is written down. */
export function told(setting: Setting): string {
  const first = step(setting);
  const { patch } = first.do === "change" && first.change.kind === "note" ? first.change : {};
  return line(patch?.hold ? step({ ...setting, record: { ...setting.record, hold: patch.hold } }) : first);
}
