/** The runbook's sections and commands, and each command as the lab takes it. */
import { readFileSync } from "node:fs";
import type { Answer, Bench } from "./lab.ts";

export interface Section {
  readonly title: string;
  readonly text: string;
  /** Lines of its shell blocks. */
  readonly commands: readonly string[];
}

/** A cluster definition's text. */
export const source = (name: string): string =>
  readFileSync(new URL(`../../clusters/${name}`, import.meta.url), "utf8");

export function runbook(): Section[] {
  const text = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [title = "", ...lines] = section.split("\n");
      const words = lines.join("\n");
      const blocks = [...words.matchAll(/```sh\n(.*?)```/gs)].map(([, block = ""]) => block);
      return { title, text: words, commands: blocks.flatMap((block) => block.trimEnd().split("\n")) };
    });
}

/** One line of *node-held*'s table, for one of its rows. */
export interface Hold {
  /** `terminate/2` */
  readonly row: string;
  /** Why it is held, in the table's words. */
  readonly because: string;
}

export function holds(sections: readonly Section[]): Hold[] {
  const table = sections.find(({ title }) => title === "node-held")?.text ?? "";
  return [...table.matchAll(/^\| (`.*?`) \| (.*?) \|/gm)].flatMap(([, rows = "", because = ""]) =>
    [...rows.matchAll(/`(.*?)`/g)].map(([, row = ""]) => ({ row, because })),
  );
}

/** What stands for the runbook's words in capitals. */
export interface Words {
  readonly INSTANCE?: string;
  readonly ID?: string;
  readonly GROUP?: string;
  readonly ATTACHMENT?: string;
  readonly NUMBER?: string;
  readonly QUEUE?: string;
  readonly SECRET?: string;
  readonly SUBNET?: string;
  readonly ADDRESS?: string;
  readonly SECURITY_GROUP?: string;
  readonly ROLE?: string;
}

/** Whether it only looks, so that no question is asked. */
const LOOKS = /^npx rollcall (status|explain|doctor)\b|--dry-run/;

/**
 * Runs a command as it stands in the runbook: Rollcall's in this process, with its question answered, AWS's as the call that
 * the AWS CLI makes of it, Serverless's as the stack's update from what is declared now.
 *
 * @throws where the cloud refuses it
 */
export async function perform(bench: Bench, command: string, words: Words): Promise<Answer> {
  const text = Object.entries({ ...words, CLUSTER: bench.lab.definition.cluster }).reduce(
    (line, [word, value]) => line.replaceAll(new RegExp(`\\b${word}\\b`, "g"), value ?? word),
    command,
  );
  const [program, ...rest] = tokens(text);
  if (program === "npx" && rest[0] === "sls") {
    await bench.deploy();
    return { status: 0, out: "", err: "" };
  }
  if (program === "npx") {
    const answer = await bench.rollcall(...rest.slice(1), ...(LOOKS.test(command) ? [] : ["--yes"]));
    // Where lines are broken says nothing.
    return { ...answer, out: answer.out.replace(/\s+/g, " ") };
  }
  const { service, action, input } = awsCall(rest);
  const output = await bench.lab.operate(service, action, input);
  return { status: 0, out: JSON.stringify(output), err: "" };
}

/** As a shell splits them. */
function tokens(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|((?:"[^"]*"|[^\s"'])+)/g)].map(([, quoted, bare = ""]) => quoted ?? bare);
}

/** `autoscaling exit-standby --instance-ids i-1` → service, `ExitStandby`, `{ InstanceIds: ["i-1"] }` */
export function awsCall([service = "", operation = "", ...options]: readonly string[]): {
  service: string;
  action: string;
  input: Record<string, unknown>;
} {
  const pascal = (kebab: string): string =>
    kebab.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const input: Record<string, unknown> = {};
  for (let n = 0; n < options.length; n += 1) {
    const option = options[n] ?? "";
    if (!option.startsWith("--")) throw new Error(`what is ${option} in aws ${operation}?`);
    const values: string[] = [];
    while (n + 1 < options.length && !options[n + 1]?.startsWith("--")) values.push(options[++n] ?? "");
    const [, no, name = ""] = /^--(no-)?(.*)$/.exec(option) ?? [];
    const plural = /(?:ids|processes|groups)$/.test(name);
    const [value = ""] = values;
    const single = /^\d+$/.test(value) ? Number(value) : value;
    const given = name === "tag-specifications" ? values.map(tagSpecification) : plural ? values : single;
    input[pascal(name)] = values.length === 0 ? no === undefined : given;
  }
  return { service, action: pascal(operation), input };
}

/** `ResourceType=network-interface,Tags=[{Key=a,Value=b}]`, the AWS CLI's shorthand. */
function tagSpecification(text: string): object {
  const [, ResourceType] = /^ResourceType=([\w-]+),/.exec(text) ?? [];
  const Tags = [...text.matchAll(/\{Key=([^,]*),Value=([^}]*)\}/g)].map(([, Key, Value]) => ({ Key, Value }));
  return { ResourceType, Tags };
}
