/** What wakes Rollcall and what it runs with: functions, rules, archive, document, queues. Pure. */
import { commandDocument } from "../../resources/document.ts";
import { stackNames } from "../../resources/names.ts";
import { eventRules } from "../../resources/rules.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import { counted } from "../show/words.ts";
import { examine, type Finding } from "./finding.ts";

export interface FunctionSight {
  readonly name: string;
  readonly state: string;
  readonly lastUpdate: string;
  /** Invocations it may have at once; absent: no reservation. */
  readonly reserved?: number;
}

export interface RuleSight {
  readonly name: string;
  readonly enabled: boolean;
  /** ARNs of its targets. */
  readonly targets: readonly string[];
}

export interface Wiring {
  readonly functions: readonly FunctionSight[];
  readonly rules: readonly RuleSight[];
  /** Its state; absent: there is no archive. */
  readonly archive?: string;
  /** The SSM document's content; absent: there is none. */
  readonly document?: string;
  /** Messages by queue; one that does not exist is missing. */
  readonly letters: Readonly<Record<string, number>>;
}

const DEPLOY = "deploy the stack again";

/** @param script the node script that goes with this Rollcall */
export function wiringFindings(definition: Definition, wiring: Wiring, script: string): Finding[] {
  const names = stackNames(definition);
  return [
    ...examine("functions", "all three are ready", (report) => {
      for (const name of [names.lifecycleFunction, names.sweepFunction, names.kafkaFunction]) {
        const found = wiring.functions.find((f) => f.name === name);
        if (!found) report("wrong", `function ${name} does not exist`, DEPLOY);
        else if (found.state === "Failed" || found.lastUpdate === "Failed")
          report("wrong", `function ${name} could not be deployed (${found.state}, ${found.lastUpdate})`, DEPLOY);
        else if (found.reserved === 0)
          report(
            "wrong",
            `function ${name} is switched off: its reserved concurrency is 0`,
            `aws lambda delete-function-concurrency --function-name ${name}; then rollcall redrive`,
          );
      }
    }),
    ...examine("rules", "every rule is enabled and wakes its function", (report) => {
      const wanted: [string, string][] = [
        ...eventRules(definition).map((rule): [string, string] => [rule.name, names.lifecycleFunction]),
        [names.schedule, names.sweepFunction],
      ];
      for (const [name, target] of wanted) {
        const found = wiring.rules.find((r) => r.name === name);
        if (!found) report("wrong", `rule ${name} does not exist`, DEPLOY);
        else if (!found.enabled) report("wrong", `rule ${name} is disabled`, `aws events enable-rule --name ${name}`);
        else if (!found.targets.some((arn) => arn.endsWith(`:function:${target}`)))
          report("wrong", `rule ${name} does not wake ${target}`, DEPLOY);
      }
    }),
    ...examine("archive", "it keeps Rollcall's events", (report) => {
      if (wiring.archive === undefined)
        report("wrong", `archive ${names.archive} does not exist: nothing can be replayed`, DEPLOY);
      else if (wiring.archive !== "ENABLED") report("wrong", `archive ${names.archive} is ${wiring.archive}`, DEPLOY);
    }),
    ...examine("document", "it carries this Rollcall's node script", (report) => {
      const own = JSON.stringify(commandDocument(definition.cluster, script));
      if (wiring.document === undefined) report("wrong", `SSM document ${names.document} does not exist`, DEPLOY);
      else if (!sameJson(wiring.document, own))
        report(
          "note",
          `SSM document ${names.document} carries another node script than this Rollcall's`,
          "deploy the stack with this Rollcall, or use the one that was deployed",
        );
    }),
    ...examine("dead letters", "there are none", (report) => {
      for (const queue of [names.failures, names.undelivered]) {
        const count = wiring.letters[queue];
        if (count === undefined) report("wrong", `queue ${queue} does not exist`, DEPLOY);
        else if (count > 0) report("wrong", `${counted(count, "message")} in ${queue}`, "rollcall redrive");
      }
    }),
  ];
}

function sameJson(a: string, b: string): boolean {
  try {
    return JSON.stringify(sorted(JSON.parse(a))) === JSON.stringify(sorted(JSON.parse(b)));
  } catch {
    return false;
  }
}

/** CloudFormation does not keep the order of keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]));
}
