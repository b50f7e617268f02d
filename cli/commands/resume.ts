import { askFor, CAREFUL, see } from "../ask.ts";
import { command } from "../command.ts";
import { EXIT } from "../exit.ts";

export const resumeCommand = command({
  name: "resume",
  summary: "take back what was asked about an instance: hold, force, abandon or release",
  parameters: ["INSTANCE"],
  options: CAREFUL,
  help: ["Rollcall's own rules decide about the instance again. Where nothing was asked, nothing is done."],
  async run(invocation) {
    const [instance = ""] = invocation.parameters;
    const { facts } = await see(invocation.cluster, instance);
    if (!facts.table?.value.record?.operator) {
      invocation.terminal.tell({ instance, done: false }, [`no operator has asked anything about ${instance}`]);
      return EXIT.fine;
    }
    return askFor(invocation, {
      instance,
      wish: undefined,
      question: `Leave ${instance} to Rollcall's own rules again?`,
      judge: () => undefined,
    });
  },
});
