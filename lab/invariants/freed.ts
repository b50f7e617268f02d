/**
 * Invariant 3: an id is freed only after a confirmed stop or EC2's `terminated`. Who was never sent a configuration has nothing
 * to stop. Held to two truths: what is known of the node that had the id, and that nothing of the id runs where it was.
 */
import type { Invocation } from "../cloud/ssm/commands.ts";
import { type Moment, nameOf, ownerOf } from "./moment.ts";

type Evidence = Pick<Moment, "rosters" | "running"> & {
  readonly cloud: Pick<Moment["cloud"], "instances" | "commands">;
};

/** What was freed between the two moments and should not have been. */
export function freedTooEarly(before: Pick<Moment, "rosters">, after: Evidence): string[] {
  const found: string[] = [];
  for (const { role, members } of before.rosters.values()) {
    for (const { id, owner } of members.values()) {
      if (owner === undefined || ownerOf(after.rosters, role, id) === owner) continue;
      const name = nameOf({ role, id });
      const why = stillInUse(owner, after.cloud);
      if (why !== undefined) found.push(`${name} was freed while ${owner} may run it: ${why}`);
    }
  }
  return [...found, ...outsiders(after)];
}

/** Running under an id that somebody else holds, or nobody. */
function outsiders({ running, rosters }: Evidence): string[] {
  return running.flatMap(({ role, id, instance }) => {
    const owner = ownerOf(rosters, role, id);
    return owner === instance ? [] : [`${nameOf({ role, id })} runs on ${instance}, but ${owner ?? "nobody"} holds it`];
  });
}

/** Why that instance has to be taken for running; undefined where it is known not to. */
function stillInUse(instance: string, { instances, commands }: Evidence["cloud"]): string | undefined {
  const machine = instances.find((i) => i.id === instance);
  if (!machine || machine.state === "terminated") return undefined;
  const orders = commands.filter((c) => c.instance === instance);
  if (!orders.some((c) => actionOf(c) === "configure")) return undefined;
  if (orders.some(confirmsStop)) return undefined;
  return `EC2 says ${machine.state}, it was configured, and no stop of it is confirmed`;
}

const actionOf = ({ command }: Invocation): string | undefined => command.parameters.action?.[0];

/** The node's script answers with one JSON line, the last one. */
function confirmsStop(invocation: Invocation): boolean {
  if (actionOf(invocation) !== "stop" || invocation.status !== "Success") return false;
  const answer: unknown = JSON.parse(invocation.stdout.trim().split("\n").at(-1) ?? "null");
  return typeof answer === "object" && answer !== null && "stopped" in answer && answer.stopped === true;
}
