import { isHoldable } from "../../shared/lifecycle/askable.ts";
import { ASKING, askFor } from "../ask.ts";
import { command } from "../command.ts";
import { memberOf } from "../look/member.ts";

export const holdCommand = command({
  name: "hold",
  summary: "keep Rollcall's hands off an instance",
  parameters: ["INSTANCE"],
  options: ASKING,
  help: [
    "From then on Rollcall changes nothing about the instance: a launch or a termination is kept open with heartbeats for as long as Auto Scaling allows, a member in service is neither replaced nor configured anew. If it has the turn, it keeps it. rollcall resume takes the hold back. Should EC2 end the instance, its id is freed all the same.",
  ],
  run(invocation) {
    const [instance = ""] = invocation.parameters;
    return askFor(invocation, {
      instance,
      wish: { wish: "hold" },
      question: `Hold ${instance}?`,
      judge({ facts }) {
        const state = memberOf(facts)?.state;
        if (state === undefined)
          return { refused: `${instance} is in no group of the cluster: there is nothing to hold` };
        return isHoldable(state) ? undefined : { refused: `${instance} is ${state}: Rollcall leaves it alone already` };
      },
    });
  },
});
