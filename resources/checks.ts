/** What a definition has to keep to besides making sense in itself: limits of AWS, and of a cluster that is meant to last. */
import { createHash } from "node:crypto";
import type { Definition, Role } from "../shared/cluster/definition.ts";
import type { Problem } from "../shared/cluster/problems.ts";
import { kindOf, quorumRole } from "../shared/cluster/role-kinds.ts";
import { renderAccess } from "../shared/config/access.ts";
import { firstUsers } from "../shared/config/credentials.ts";
import { render } from "../shared/config/render.ts";
import { STOP_TIMEOUT } from "../shared/config/unit.ts";
import type { QuorumMark } from "../shared/lifecycle/sights.ts";
import { commandDocument } from "./document.ts";
import { nodeStatements, SECRETS_STATEMENT } from "./roles.ts";
import { secretsOfNode } from "./secrets.ts";

/** Bytes that an SSM document may have (AWS Systems Manager endpoints and quotas). */
const DOCUMENT_LIMIT = 64 * 1024;
/** Bytes that a document and a command's parameters may have together: SendCommand's error says "97KB". */
const COMMAND_LIMIT = 97 * 1024;

/** What keeps the definition from being packaged: AWS could never take it. */
export function packageProblems(definition: Definition, script: string): Problem[] {
  const document = bytes(JSON.stringify(commandDocument(definition.cluster, script)));
  if (document > DOCUMENT_LIMIT) {
    throw new Error(`the node script makes an SSM document of ${document} bytes, and one may have ${DOCUMENT_LIMIT}`);
  }
  const problems: Problem[] = [];
  const complain = (path: string, problem: string, remedy: string): void => {
    problems.push({ path, value: undefined, problem, remedy });
  };
  for (const role of definition.roles) {
    const command = document + largestPayload(definition, role);
    if (command > COMMAND_LIMIT) {
      complain(
        `roles.${role.name}.settings`,
        `with these a ${role.name}'s configuration makes a command of ${command} bytes, and one may have ${COMMAND_LIMIT}`,
        "Give fewer settings, or shorter ones, here and in kafka.settings",
      );
    }
    const policy = policyLength(definition, role);
    if (policy > POLICY_LIMIT) {
      complain(
        "security.users",
        `a policy that lets ${kindOf(role).members} read so many secrets has ${policy} characters, and one may have ${POLICY_LIMIT}`,
        "Declare fewer users: let those share one that may do the same",
      );
    }
  }
  const command = document + largestAccess(definition);
  if (command > COMMAND_LIMIT) {
    complain(
      "security.users",
      `users and ACLs make a command of ${command} bytes, and one may have ${COMMAND_LIMIT}`,
      "Declare fewer ACLs: one with pattern: prefixed does for many names",
    );
  }
  return problems;
}

/** Of what stands in for each secret's version here: as random as the real one, so that it packs as badly. */
const versionOf = (user: string): string => createHash("sha256").update(user).digest("hex").slice(0, 36);

/** Bytes of what brings users and ACLs to what is declared, at the most: once every password's version is known. */
function largestAccess(definition: Definition): number {
  const names = [
    ...firstUsers(definition).map(({ user }) => user),
    ...(definition.security?.users ?? []).map((u) => u.name),
  ];
  const versions = Object.fromEntries(names.map((user) => [user, versionOf(user)]));
  return bytes(renderAccess(definition, { digest: "", at: 0, drift: [], versions })?.payload ?? "");
}

/** Characters that a role's own policies may have together, white space not counted (IAM quotas). */
const POLICY_LIMIT = 10_240;
/** Characters of a secret's ARN besides its name, in the longest of partitions and regions, and of what surrounds it in a list. */
const ARN_LENGTH = '"arn:aws-us-gov:secretsmanager:ap-southeast-99:123456789012:secret:-XXXXXX",'.length;

function policyLength(definition: Definition, role: Role): number {
  const secrets = secretsOfNode(definition, role);
  const others = nodeStatements(definition, role).filter(({ Sid }) => Sid !== SECRETS_STATEMENT);
  return secrets.reduce((sum, secret) => sum + ARN_LENGTH + secret.length, JSON.stringify(others).length);
}

/** A Kafka uuid's length, which is all that counts here; one that repeats itself would be packed too well. */
const UUID = "q7Zk3vX9Tn2LwB8mRd5HcA";

/** Bytes of what a node of that role is sent, at the most: with the highest id, and as a founder of the quorum. */
function largestPayload(definition: Definition, role: Role): number {
  const quorum: QuorumMark = {
    clusterId: UUID,
    formed: false,
    voters: quorumRole(definition).ids.map((id) => ({
      id,
      directoryId: UUID.slice(id % UUID.length) + UUID.slice(0, id % UUID.length),
    })),
  };
  const payloads = definition.zones.map((zone) => {
    const pooled = role.pool?.findLast((entry) => entry.zone === zone.name);
    const id = pooled?.id ?? role.ids.at(-1) ?? 0;
    const node = { role, id, zone: zone.name, address: pooled?.address ?? "255.255.255.255" };
    return bytes(render(definition, node, quorum).payload);
  });
  return Math.max(...payloads);
}

/** Seconds; at a hundred heartbeats an action lasts as long as Auto Scaling lets any, 48 h. */
const SHORTEST_HEARTBEAT = 1800;
/** Seconds that a stop's command needs besides the stop itself. */
const STOP_MARGIN = 30;

/**
 * What keeps the definition from being deployed, though it can be packaged: a laboratory's periods, which no cluster on EC2
 * would survive.
 */
export function deployProblems({ periods }: Definition): Problem[] {
  const problems: Problem[] = [];
  const seconds = (period: number): number => period / 1000;
  const complain = (period: keyof typeof periods, problem: string, remedy: string): void => {
    problems.push({ path: `periods.${period}`, value: seconds(periods[period]), problem, remedy });
  };
  if (seconds(periods.heartbeat) < SHORTEST_HEARTBEAT) {
    complain(
      "heartbeat",
      "a hold has to last until an operator has come, and an action ends after a hundred of these",
      `Give ${SHORTEST_HEARTBEAT} or more`,
    );
  }
  if (seconds(periods.sweep) % 60 !== 0) {
    complain("sweep", "EventBridge schedules by whole minutes", "Give 60, or a multiple of it");
  }
  if (seconds(periods.command) < STOP_TIMEOUT + STOP_MARGIN) {
    complain(
      "command",
      `a controlled shutdown may take ${STOP_TIMEOUT} s, and the command that stops a node would be cut off`,
      `Give ${STOP_TIMEOUT + STOP_MARGIN} or more`,
    );
  }
  return problems;
}

const bytes = (text: string): number => Buffer.byteLength(text, "utf8");
