import type { Explanation } from "../../shared/lifecycle/explain.ts";
import { askFor, CAREFUL, outcomeLine, see, takeSteps } from "../ask.ts";
import { command, type Invocation } from "../command.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { stepJson, stepLines } from "../show/explanation.ts";

export const resumeCommand = command({
  name: "resume",
  summary: "take back what was asked about an instance: hold, force, abandon or release",
  parameters: ["INSTANCE"],
  options: CAREFUL,
  help: [
    "Rollcall's own rules decide about the instance again. Where nothing was asked, nothing is done; with --here the steps that the rules ask for are taken all the same, for an instance that waits while the functions are down.",
  ],
  async run(invocation) {
    const [instance = ""] = invocation.parameters;
    const now = await see(invocation.cluster, instance);
    if (!now.facts.table?.value.record?.operator) return withoutWish(invocation, now);
    return askFor(invocation, {
      instance,
      wish: undefined,
      question: `Leave ${instance} to Rollcall's own rules again?`,
      judge: () => undefined,
    });
  },
});

async function withoutWish(call: Invocation<typeof CAREFUL>, { instance, step }: Explanation): Promise<ExitCode> {
  const { terminal, options } = call;
  const told = { instance, operator: null, now: stepJson(step) };
  if (!options.here) {
    terminal.tell({ ...told, done: false }, [`no operator has asked anything about ${instance}`]);
    return EXIT.fine;
  }
  if (!terminal.json) terminal.say("now", ...stepLines(step, terminal.width, terminal.paint));
  if (options["dry-run"]) {
    terminal.tell({ ...told, done: false }, ["nothing is done (--dry-run)"]);
    return EXIT.fine;
  }
  await terminal.confirm(`Take Rollcall's steps about ${instance} from here?`);
  const outcome = await takeSteps(call, instance);
  terminal.tell({ ...told, done: true, outcome }, [outcomeLine(outcome)]);
  return EXIT.fine;
}
