import { isCountedOn } from "../../shared/lifecycle/askable.ts";
import { askFor, FORCEFUL } from "../ask.ts";
import { command } from "../command.ts";
import { memberOf } from "../look/member.ts";

export const abandonCommand = command({
  name: "abandon",
  summary: "give a launch up, so that its group launches another instance",
  parameters: ["INSTANCE"],
  options: FORCEFUL,
  help: [
    "Answers ABANDON to the launch's lifecycle hook. Auto Scaling then terminates the instance, through its own hook: what it holds is freed in order, as by any termination. Groups slow their launches down where many fail.",
    "Refused for an instance that is not launching; and, without --force, for one that Kafka has already.",
  ],
  run(invocation) {
    const [instance = ""] = invocation.parameters;
    return askFor(invocation, {
      instance,
      wish: { wish: "abandon" },
      question: `Give the launch of ${instance} up?`,
      judge({ facts }, _then, { step }) {
        const state = memberOf(facts)?.state;
        if (state !== "Pending:Wait") {
          return {
            refused: `${instance} is ${state ?? "in no group"}, not launching: to replace it, aws autoscaling terminate-instance-in-auto-scaling-group --no-should-decrement-desired-capacity --instance-id ${instance}`,
          };
        }
        return isCountedOn(step) ? { unsafe: `Kafka has it already: ${step.reason}` } : undefined;
      },
    });
  },
});
