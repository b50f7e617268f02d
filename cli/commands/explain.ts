import { explain } from "../../shared/lifecycle/explain.ts";
import { seenAtAll } from "../ask.ts";
import { command } from "../command.ts";
import { EXIT, Refusal } from "../exit.ts";
import { explanationJson, explanationLines } from "../show/explanation.ts";

export const explainCommand = command({
  name: "explain",
  summary: "what is seen of an instance, and which row of the decision tables applies",
  parameters: ["INSTANCE"],
  options: {
    quorum: {
      type: "boolean",
      help: "also ask the quorum, by a command that runs Kafka's own tool on a member; it changes nothing",
    },
  },
  help: [
    "Looks at the instance as Rollcall's functions do, decides as they do, and says what they would do next, and why; nothing is done. Every fact that the decision rests on is shown.",
    "Exit status 1: it is held, or something that the decision needs could not be seen.",
  ],
  async run({ cluster, terminal, parameters, options }) {
    const [instance = ""] = parameters;
    const explanation = seenAtAll(await explain(cluster.plan, cluster.ports, instance, { askQuorum: options.quorum }));
    if (explanation.step.row === "state/foreign") {
      throw new Refusal(`${instance} is not of cluster ${cluster.definition.cluster}: ${explanation.step.reason}`);
    }
    terminal.tell(explanationJson(explanation), explanationLines(explanation, terminal.width, terminal.paint));
    return explanation.step.do === "hold" || explanation.failed.size > 0 ? EXIT.wrong : EXIT.fine;
  },
});
