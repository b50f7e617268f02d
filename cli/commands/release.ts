import type { Explanation } from "../../shared/lifecycle/explain.ts";
import { askFor, FORCEFUL, outcomeLine, see, takeSteps } from "../ask.ts";
import { command, type Invocation } from "../command.ts";
import { EXIT, type ExitCode, Refusal, UsageError } from "../exit.ts";
import { type Held, idsOf, memberOf } from "../look/member.ts";

export const releaseCommand = command({
  name: "release",
  summary: "free a node id that an instance still holds",
  parameters: ["ID"],
  options: FORCEFUL,
  help: [
    "Takes the id from its holder, its address first, so that another instance can have it. Rollcall does that by itself once EC2 has ended the holder, or its node has confirmed that it is stopped; then there is nothing to ask for, but --here does it at once.",
    "Refused without --force where the holder may run on: two processes would then have one id, and Kafka would throw one of them out, or both in turn.",
  ],
  async run(invocation) {
    const { cluster, terminal } = invocation;
    const held = await heldAs(invocation);
    if (held.owner === undefined) {
      terminal.tell({ role: held.role, id: held.id, done: false }, [`${held.role} ${held.id} is vacant already`]);
      return EXIT.fine;
    }
    const now = await see(cluster, held.owner);
    // By itself it frees only what it may: an operator's wish has no part in that.
    if (freesItself(now)) return alreadyFree(invocation, held, held.owner, now);
    return askFor(invocation, {
      instance: held.owner,
      wish: { wish: "release", id: held.id },
      question: `Take ${held.role} ${held.id} from ${held.owner}?`,
      judge({ facts }) {
        const stopped = facts.table?.value.record?.stopped;
        if (stopped !== undefined) return undefined;
        const state = [memberOf(facts)?.state ?? "in no group", `EC2 says ${facts.ec2?.value ?? "nothing"}`].join(", ");
        return {
          unsafe: `${held.owner} is ${state}, and its node has not confirmed that ${held.role} ${held.id} is stopped`,
        };
      },
    });
  },
});

async function heldAs({ cluster, parameters }: Invocation<typeof FORCEFUL>): Promise<Held> {
  const [text = ""] = parameters;
  const id = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(id))
    throw new UsageError(`${text} is no node id: give a number, such as 3`);
  const ids = idsOf(await cluster.ports.table.readAll());
  const found = ids.find((member) => member.id === id);
  if (found) return found;
  const given = ids.map((member) => member.id).sort((a, b) => a - b);
  const known = given.join(", ") || "none yet";
  throw new Refusal(
    `no instance of cluster ${cluster.definition.cluster} ever had the id ${id}; ids given out: ${known}`,
  );
}

function freesItself({ step }: Explanation): boolean {
  return step.do === "change" && step.change.kind === "release";
}

async function alreadyFree(
  invocation: Invocation<typeof FORCEFUL>,
  { role, id }: Held,
  instance: string,
  { step }: Explanation,
): Promise<ExitCode> {
  const { terminal, options } = invocation;
  if (!options.here || options["dry-run"]) {
    terminal.tell({ role, id, instance, done: false, reason: step.reason }, [
      `Rollcall frees ${role} ${id} by itself (${step.row}): ${step.reason}. Where its functions are down: --here`,
    ]);
    return EXIT.fine;
  }
  await terminal.confirm(`Free ${role} ${id} from here?`);
  const outcome = await takeSteps(invocation, instance);
  terminal.tell({ role, id, instance, done: true, outcome }, [outcomeLine(outcome)]);
  return EXIT.fine;
}
