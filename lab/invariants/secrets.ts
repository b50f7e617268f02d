/** Invariant 8: no secret is in an event, a command's parameters, a log line or a table item. */
import { gunzipSync } from "node:zlib";
import { decodePayload } from "../../shared/config/payload.ts";

/** What has the form of a secret, whatever it is for. */
export const SECRET_FORMS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  // "IAM identifiers" in the IAM user guide: access key ids, for good and temporary.
  /\b(AKIA|ASIA)[A-Z2-7]{16}\b/,
  // `${secrets:…}` names where Kafka finds a value, and `rollcall/…` and `arn:…` are names of secrets.
  /\b[\w.]*(password|secret|secret[._]?key)["']?\s*[=:]\s*["']?(?!\$\{|rollcall\/|arn:)[^\s"',;{}]/i,
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
  const text = gunzipSync(Buffer.from(payload, "base64")).toString("utf8");
  // What it is to be has the name of each secret, which is none.
  if (text.includes("\naction access\n")) return text;
  const { files, unit, secrets: _files, scram: _users, ...rest } = decodePayload(payload);
  return [JSON.stringify(rest), ...files.map((file) => file.content), unit.content].join("\n");
}
