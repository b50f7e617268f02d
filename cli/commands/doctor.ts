import { command } from "../command.ts";
import { EXIT } from "../exit.ts";
import { unlessInterrupted } from "../interruption.ts";

export const doctorCommand = command({
  name: "doctor",
  summary: "what differs from how it should be, each with its remedy; also before anything is deployed",
  parameters: [],
  options: {},
  help: [
    "Compares what AWS and Kafka have with the definition and the roster: subnets, fixed addresses, groups and hooks, quotas, the caller's permissions; once deployed also functions, rules, archive, node script, dead letters, roster, turn, records, agents, configurations and Kafka itself. Existing groups are checked like the stack's own.",
    "It only reads. Exit status 1: something is wrong, or could not be looked at.",
  ],
  async run({ cluster, terminal, interrupted }) {
    // The doctor's clients take a moment to load, which no other command has to wait for.
    const [{ examineCluster }, { examinationLines }] = await Promise.all([
      import("../doctor/examine.ts"),
      import("../show/examination.ts"),
    ]);
    const examination = await unlessInterrupted(examineCluster(cluster), interrupted);
    const ok = examination.findings.every(({ level }) => level === "fine" || level === "note");
    terminal.tell({ ok, ...examination }, examinationLines(examination, terminal.width, terminal.paint));
    return ok ? EXIT.fine : EXIT.wrong;
  },
});
