/** Invariant 1: no two running processes hold one id of a role, and no instance holds two. */
import { type Moment, nameOf } from "./moment.ts";

export function moreThanOneHolder({ running, rosters }: Pick<Moment, "running" | "rosters">): string[] {
  const processes = new Map<string, string[]>();
  const instances = new Map<string, Set<string>>();
  for (const node of running) {
    const name = nameOf(node);
    processes.set(name, [...(processes.get(name) ?? []), node.instance]);
    instances.set(node.instance, (instances.get(node.instance) ?? new Set()).add(name));
  }
  const held = new Map<string, string[]>();
  for (const { role, members } of rosters.values()) {
    for (const { id, owner } of members.values()) {
      if (owner !== undefined) held.set(owner, [...(held.get(owner) ?? []), nameOf({ role, id })]);
    }
  }
  return [
    ...[...processes]
      .filter(([, on]) => on.length > 1)
      .map(([name, on]) => `${name} runs on ${on.sort().join(" and ")}`),
    ...[...instances]
      .filter(([, names]) => names.size > 1)
      .map(([instance, names]) => `${[...names].sort().join(" and ")} run on ${instance}`),
    ...[...held]
      .filter(([, names]) => names.length > 1)
      .map(([instance, names]) => `${instance} holds ${names.sort().join(" and ")}`),
  ];
}
