/** What a definition has to keep to besides making sense in itself: limits of AWS, and of a cluster that is meant to last. */
import type { Definition, Role } from "../shared/cluster/definition.ts";
import type { Problem } from "../shared/cluster/problems.ts";
import { render } from "../shared/config/render.ts";
import { STOP_TIMEOUT } from "../shared/config/unit.ts";
import type { QuorumMark } from "../shared/lifecycle/sights.ts";
import { commandDocument } from "./document.ts";

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
  return definition.roles.flatMap((role): Problem[] => {
    const command = document + largestPayload(definition, role);
    if (command <= COMMAND_LIMIT) return [];
    return [
      {
        path: `roles.${role.name}.settings`,
        value: undefined,
        problem: `with these a ${role.name}'s configuration makes a command of ${command} bytes, and one may have ${COMMAND_LIMIT}`,
        remedy: "Give fewer settings, or shorter ones, here and in kafka.settings",
      },
    ];
  });
}

/** A Kafka uuid's length, which is all that counts here; one that repeats itself would be packed too well. */
const UUID = "q7Zk3vX9Tn2LwB8mRd5HcA";

/** Bytes of what a node of that role is sent, at the most: with the highest id, and as a founder of the quorum. */
function largestPayload(definition: Definition, role: Role): number {
  const quorum: QuorumMark = {
    clusterId: UUID,
    formed: false,
    voters: (definition.roles.find((r) => r.name === "controller")?.ids ?? []).map((id) => ({
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
