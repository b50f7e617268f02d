/** Invariant 8: no secret is in an event, a command's parameters, a log line or a table item. */
import { decodePayload } from "../../shared/config/payload.ts";

/** What has the form of a secret, whatever it is for. */
export const SECRET_FORMS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  // "IAM identifiers" in the IAM user guide: access key ids, for good and temporary.
  /\b(AKIA|ASIA)[A-Z2-7]{16}\b/,
  /\b[\w.]*(password|secret|sasl\.jaas\.config)[\w.]*["']?\s*[=:]\s*["']?[^\s"',;{}]/i,
];

/** @param where for the words: `event aws.ec2`, `the record of i-0abc…` */
export function secretsIn(where: string, text: string, patterns: readonly RegExp[]): string[] {
  return patterns
    .filter((pattern) => pattern.test(text))
    .map((pattern) => `${where} has what ${pattern} is looking for`);
}

/** A command's parameters as they reach the node: what it is to be configured with travels packed. */
export function parametersText(parameters: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(parameters)
    .flatMap(([name, values]) => values.map((value) => `${name} ${name === "payload" ? unpacked(value) : value}`))
    .join("\n");
}

function unpacked(payload: string): string {
  if (payload === "") return "";
  const { files, unit, ...rest } = decodePayload(payload);
  return [JSON.stringify(rest), ...files.map((file) => file.content), unit.content].join("\n");
}
