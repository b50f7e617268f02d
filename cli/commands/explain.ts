import { type Explanation, explain } from "../../shared/lifecycle/explain.ts";
import type { QuorumSight } from "../../shared/lifecycle/sights.ts";
import { seenAtAll } from "../ask.ts";
import type { Cluster } from "../cluster.ts";
import { command } from "../command.ts";
import { EXIT, Refusal } from "../exit.ts";
import { unlessInterrupted } from "../interruption.ts";
import { lookAtQuorum } from "../look/quorum.ts";
import { explanationJson, explanationLines } from "../show/explanation.ts";

export const explainCommand = command({
  name: "explain",
  summary: "what is seen of an instance, and which row of the decision tables applies",
  parameters: ["INSTANCE"],
  options: {
    quorum: {
      type: "boolean",
      help: "also ask the quorum who leads and who follows, by a command that runs Kafka's own tool on a member",
    },
  },
  help: [
    "Looks at the instance as Rollcall's functions do, decides as they do, and says what they would do next, and why; nothing is done. Every fact that the decision rests on is shown.",
    "Exit status 1: it is held, or something that the decision needs could not be seen.",
  ],
  async run({ cluster, terminal, parameters, options, interrupted }) {
    const [instance = ""] = parameters;
    const explanation = await unlessInterrupted(look(cluster, instance, options.quorum), interrupted);
    terminal.tell(explanationJson(explanation), explanationLines(explanation, terminal.width, terminal.paint));
    return explanation.step.do === "hold" || explanation.failed.size > 0 ? EXIT.wrong : EXIT.fine;
  },
});

/** @throws {Refusal} where it is no instance of the cluster */
async function look(cluster: Cluster, instance: string, askQuorum: boolean): Promise<Explanation> {
  const { plan, ports, definition } = cluster;
  const explanation = seenAtAll(await explain(plan, ports, instance, { askQuorum }));
  const { facts, step } = explanation;
  if (step.row === "state/foreign")
    throw new Refusal(`${instance} is not of cluster ${definition.cluster}: ${step.reason}`);
  if (!askQuorum || facts.quorum || !facts.fleet || !facts.table) return explanation;
  // The decision needed no word of the quorum; whoever asked for it did.
  const answer = await lookAtQuorum(cluster, facts.fleet.value, facts.table.value);
  const value: QuorumSight = answer.seen ? answer.value : { seen: false, reason: answer.reason };
  return { ...explanation, facts: { ...facts, quorum: { at: ports.clock.now(), value } } };
}
