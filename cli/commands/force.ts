import type { Explanation } from "../../shared/lifecycle/explain.ts";
import { ASKING, askFor } from "../ask.ts";
import { command } from "../command.ts";

export const forceCommand = command({
  name: "force",
  summary: "pass the safety gate that holds an instance, once",
  parameters: ["INSTANCE"],
  options: ASKING,
  help: [
    "For an instance that Rollcall holds because going on is not safe: a broker or controller whose stop would take partitions under their min ISR or the quorum under its majority, that is not its turn, or that carries replicas and will not be replaced; a broker that would come back with an empty disk where nobody else has the messages. What the gate protects may be lost; the gate's own words are shown first.",
    "It counts for the present lifecycle action, at most a quarter of an hour, and never makes what cannot be seen a death: a member in service that Kafka does not show is not replaced by force. Terminate it through its group, and force that.",
  ],
  run(invocation) {
    const [instance = ""] = invocation.parameters;
    return askFor(invocation, {
      instance,
      wish: { wish: "force" },
      question: `Force ${instance} past that?`,
      exactly: true,
      judge(now, then) {
        if (now.step.row === "operator/hold") return { refused: `${words(now)}: rollcall resume ${instance}` };
        if (now.step.do !== "hold") return { refused: `nothing holds ${instance}: ${words(now)}` };
        const same = then.step.do === "hold" && then.step.row === now.step.row;
        return same ? { refused: `no force passes what holds ${instance}: ${words(now)}` } : undefined;
      },
    });
  },
});

function words({ step }: Explanation): string {
  return `${step.reason} (${step.row})`;
}
