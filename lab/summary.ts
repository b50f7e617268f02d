/** What the tour found in the end: the last line of its JSON output, and what makes it a success. */

import type { RoleName } from "../shared/cluster/definition.ts";
import type { EnsembleFindings } from "./tour/ensemble.ts";
import type { OutageFindings } from "./tour/outage.ts";
import { type AuthorityFindings, RENEWED, type RenewalFindings } from "./tour/renew.ts";
import { type RotationFindings, rotatedWell } from "./tour/rotate.ts";
import { SECURE, type SecurityFindings } from "./tour/security.ts";

export interface SummaryNode {
  readonly role: RoleName;
  readonly id: number;
  readonly zone: string;
  readonly address: string;
  readonly instance: string;
  /** Auto Scaling's lifecycle state. */
  readonly state: string;
}

export type ReplacementKind = "died" | "terminated" | "unhealthy";

export interface Replacement {
  readonly role: RoleName;
  /** The member's id before. */
  readonly id: number;
  readonly kind: ReplacementKind;
  /** Instance ids. */
  readonly old: string;
  readonly new: string;
  readonly sameId: boolean;
  /** Null where the role has no fixed addresses. */
  readonly sameAddress: boolean | null;
  /** From its loss until its replacement is in service and the next member may be taken down. */
  readonly seconds: number;
}

/** All that the tour observes. */
export interface Findings {
  /** `reason`: why it is not real Kafka where it is not. */
  readonly kafka: { readonly real: boolean; readonly version: string; readonly reason?: string };
  readonly nodes: readonly SummaryNode[];
  /**
   * `seconds`: from the first launch to the last node InService. `own`: the most that Rollcall's own calls and decisions took of
   * one node's launch, its waits for the node, the group and Kafka left out.
   */
  readonly launch: { readonly seconds: number; readonly own?: number };
  readonly replacements: readonly Replacement[];
  readonly messages: {
    readonly acknowledged: number;
    readonly read: number;
    readonly lost: number;
    readonly duplicated: number;
  };
  readonly replay: { readonly events: number; readonly changes: number };
  /** Of a cluster that asks who is there: what came of each attempt. Real nodes only. */
  readonly security?: SecurityFindings;
  /** Likewise, where a changed definition could be deployed. */
  readonly rotation?: RotationFindings;
  /** Likewise, where nodes have a certificate. */
  readonly renewal?: RenewalFindings;
  /** Of a cluster on ZooKeeper. */
  readonly ensemble?: EnsembleFindings;
  /** Likewise. Real nodes only. */
  readonly outage?: OutageFindings;
  /** By `service:Action`. */
  readonly apiCalls: Readonly<Record<string, number>>;
}

export interface Summary extends Findings {
  readonly ok: boolean;
}

/** What the tour set out to do: findings that fall short of it are no success, even where nothing went wrong. */
export interface Expected {
  readonly nodes: Readonly<Partial<Record<RoleName, number>>>;
  readonly replacements: readonly { readonly role: RoleName; readonly kind: ReplacementKind }[];
  /** Fewest acknowledged messages, so that a producer that stood still cannot pass. */
  readonly acknowledged: number;
  /** Roles whose replacements keep a fixed address. */
  readonly fixedAddress: readonly RoleName[];
  /** Whether it was to be tried who gets in. */
  readonly security: boolean;
  /** Whether the nodes' own credential was to be rotated. */
  readonly rotation: boolean;
  /** Whether their certificate was to be renewed with it; `authority`: whether another authority was to take over. */
  readonly renewal: boolean | "authority";
  /** Whether an ensemble was to be watched. */
  readonly ensemble: boolean;
  /** Whether an ensemble was to lose its majority. */
  readonly outage: boolean;
}

/** Every value that is not as it must be, in words; ok where there is none. */
export function isOk(findings: Findings, expected: Expected): { readonly ok: boolean; readonly problems: string[] } {
  const problems = [
    ...nodeProblems(findings, expected),
    ...replacementProblems(findings, expected),
    ...messageProblems(findings, expected),
    ...(isCount(findings.replay.events) && findings.replay.events > 0
      ? []
      : ["no event was replayed, so nothing is shown"]),
    ...(findings.replay.changes === 0
      ? []
      : [`replaying ${findings.replay.events} events changed ${findings.replay.changes} things, not 0`]),
    ...(isTime(findings.launch.seconds) ? [] : [`the launch took ${findings.launch.seconds} s`]),
    ...securityProblems(findings, expected),
    ...rotationProblems(findings, expected),
    ...renewalProblems(findings, expected),
    ...ensembleProblems(findings, expected),
    ...outageProblems(findings, expected),
    ...(Object.keys(findings.apiCalls).length > 0 ? [] : ["no API call was counted"]),
  ];
  return { ok: problems.length === 0, problems };
}

function nodeProblems({ nodes }: Findings, expected: Expected): string[] {
  const problems: string[] = [];
  for (const [role, count] of Object.entries(expected.nodes)) {
    const found = nodes.filter((node) => node.role === role).length;
    if (found !== count) problems.push(`there are ${found} ${role}s, not ${count}`);
  }
  for (const { role, id, instance, state } of nodes) {
    if (state !== "InService") problems.push(`${role} ${id} (${instance}) is ${state || "nowhere"}, not InService`);
  }
  // Controllers and brokers share the ids of one cluster (KRaft's `node.id`); an ensemble's are its own.
  const identities = nodes.map(({ role, id }) => (role === "zookeeper" ? `${role} ${id}` : String(id)));
  for (const id of repeated(identities)) problems.push(`id ${id} is held more than once`);
  for (const address of repeated(nodes.map((node) => node.address))) {
    problems.push(`address ${address} is held more than once`);
  }
  for (const instance of repeated(nodes.map((node) => node.instance))) {
    problems.push(`${instance} holds more than one id`);
  }
  return problems;
}

function replacementProblems({ nodes, replacements }: Findings, expected: Expected): string[] {
  const problems: string[] = [];
  const left = [...replacements];
  for (const { role, kind } of expected.replacements) {
    const index = left.findIndex((replacement) => replacement.role === role && replacement.kind === kind);
    if (index === -1) problems.push(`no ${role} was replaced that ${kind === "died" ? kind : `was ${kind}`}`);
    else left.splice(index, 1);
  }
  for (const replacement of replacements) {
    const { role, id, old, sameId, sameAddress, seconds } = replacement;
    const member = `the replacement of ${role} ${id}`;
    if (!sameId) problems.push(`${member} has another id`);
    if (sameAddress === false) problems.push(`${member} has another address`);
    if (sameAddress === null && expected.fixedAddress.includes(role)) problems.push(`${member} has no fixed address`);
    if (old === replacement.new) problems.push(`${member} is the same instance, ${old}`);
    if (!isTime(seconds)) problems.push(`${member} took ${seconds} s`);
    if (nodes.some(({ instance }) => instance === old)) problems.push(`${old} is still there, and was replaced`);
  }
  return problems;
}

function messageProblems({ messages }: Findings, expected: Expected): string[] {
  const { acknowledged, read, lost, duplicated } = messages;
  const problems: string[] = [];
  for (const [name, count] of Object.entries({ acknowledged, read, lost, duplicated })) {
    if (!isCount(count)) problems.push(`${count} messages were ${name}: not a count`);
  }
  if (lost !== 0) problems.push(`${lost} acknowledged messages were lost`);
  if (acknowledged < expected.acknowledged) {
    problems.push(`${acknowledged} messages were acknowledged, fewer than ${expected.acknowledged}: too few to tell`);
  }
  if (read < acknowledged) problems.push(`${read} messages were read, of ${acknowledged} acknowledged`);
  return problems;
}

function securityProblems({ security }: Findings, expected: Expected): string[] {
  if (!security) return expected.security ? ["nobody tried to get in without leave"] : [];
  return Object.entries(SECURE)
    .filter(([attempt, wanted]) => security[attempt as keyof SecurityFindings] !== wanted)
    .map(([attempt, wanted]) => `${attempt}: ${security[attempt as keyof SecurityFindings]}, not ${wanted}`);
}

function rotationProblems({ rotation }: Findings, expected: Expected): string[] {
  if (!rotation) return expected.rotation ? ["the nodes' own password was not rotated"] : [];
  const wanted = rotatedWell(rotation);
  const { former, present, refusals } = rotation;
  return [
    ...(former === wanted.former ? [] : [`the nodes' former password: ${former}, not ${wanted.former}`]),
    ...(present === wanted.present ? [] : [`the nodes' present password: ${present}, not ${wanted.present}`]),
    ...(refusals === 0 ? [] : [`nodes were refused by others ${refusals} times while passwords were rotated`]),
  ];
}

function renewalProblems({ renewal }: Findings, expected: Expected): string[] {
  if (!renewal) return expected.renewal ? ["the nodes' certificate was not renewed"] : [];
  const { servers, certificate, authority } = renewal;
  return [
    ...(servers > 0 ? [] : ["no node speaks TLS"]),
    ...(certificate === RENEWED.certificate ? [] : [`the nodes' certificate: ${certificate}, not renewed`]),
    ...(authority ? successionProblems(authority) : []),
    ...(expected.renewal === "authority" && !authority ? ["no other authority took over"] : []),
  ];
}

function successionProblems({ former, present, refusals }: AuthorityFindings): string[] {
  const wanted = RENEWED.authority;
  return [
    ...(former === wanted.former ? [] : [`who believes the former authority: ${former}, not ${wanted.former}`]),
    ...(present === wanted.present ? [] : [`who believes the present authority: ${present}, not ${wanted.present}`]),
    ...(refusals === 0 ? [] : [`nodes were refused by others ${refusals} times while another authority took over`]),
  ];
}

function outageProblems({ outage }: Findings, expected: Expected): string[] {
  if (!outage) return expected.outage ? ["the ensemble never lost its majority"] : [];
  return [
    ...outage.worsened.map((what) => `without a majority of the ensemble: ${what}`),
    ...(outage.held.length > 0 ? [] : ["nothing was held while the ensemble had no majority"]),
  ];
}

function ensembleProblems({ ensemble }: Findings, expected: Expected): string[] {
  if (!ensemble) return expected.ensemble ? ["no ensemble was watched"] : [];
  const problems = ensemble.replacedWhileServing ? [] : [`the ensemble did not serve on: ${ensemble.reason}`];
  const idle = ensemble.members.filter(({ mode }) => mode !== "leader" && mode !== "follower");
  for (const { id, mode } of idle) problems.push(`zookeeper ${id} is ${mode}`);
  if (ensemble.leader < 0) problems.push("the ensemble has no leader");
  return problems;
}

function repeated<T>(values: readonly T[]): Set<T> {
  return new Set(values.filter((value, index) => values.indexOf(value) !== index));
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

function isTime(seconds: number): boolean {
  return Number.isFinite(seconds) && seconds > 0;
}
