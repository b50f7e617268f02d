/** SSM: which nodes can be reached, and commands on them. */
import type { ListCommandsCommandOutput } from "@aws-sdk/client-ssm";
import * as v from "valibot";
import { documentOf } from "../lifecycle/events/command-invocation.ts";
import { commandComment } from "../lifecycle/perform.ts";
import type { Commands } from "../lifecycle/ports.ts";
import type { CommandSight, CommandStatus, SentCommand } from "../lifecycle/sights.ts";
import { answered, listOf } from "./answer.ts";
import { calling, failed, isAnswered } from "./call.ts";
import type { Ssm } from "./clients.ts";
import { readNodeAnswer } from "./node-answer.ts";

export interface CommandsOptions {
  /** Loads SSM's client at the first use. */
  readonly ssm: () => Promise<Ssm>;
  readonly cluster: string;
}

/** How long SSM tries to deliver a command, seconds: an agent that is online takes one within a few. */
const DELIVERY = 60;
/** How far SSM's clock may be behind the one that wrote down when a command was sent, ms. */
const SKEW = 30_000;
/** The most commands an answer lists. */
const PAGE = 50;
/** How much of a command's standard error goes into the reason, characters. */
const STDERR_END = 500;

/** The port's real side; a command is found again by its comment, since an answer to SendCommand may be lost. Throws as `calling` does. */
export function awsCommands({ ssm, cluster }: CommandsOptions): Commands {
  const document = documentOf(cluster);

  /** The id of the command with that comment, sent no earlier than it was; undefined where SSM knows none. */
  async function find(instance: string, command: SentCommand): Promise<string | undefined> {
    const comment = commandComment(command);
    const after = new Date(command.sent - SKEW).toISOString().replace(/\.\d+Z$/, "Z");
    const { client, api } = await ssm();
    let from: string | undefined;
    do {
      const page: ListCommandsCommandOutput = await calling(
        `look for the command "${comment}" on ${instance}`,
        client.send(
          new api.ListCommandsCommand({
            InstanceId: instance,
            Filters: [{ key: "InvokedAfter", value: after }],
            MaxResults: PAGE,
            NextToken: from,
          }),
        ),
      );
      const { Commands: sent } = answered(commandsAnswer, `ListCommands on ${instance}`, page);
      const found = sent.find((c) => c.DocumentName === document && c.Comment === comment);
      if (found) return found.CommandId;
      from = page.NextToken;
    } while (from);
    return undefined;
  }

  return {
    async agent(instance) {
      const { client, api } = await ssm();
      const command = new api.DescribeInstanceInformationCommand({
        Filters: [{ Key: "InstanceIds", Values: [instance] }],
      });
      const undertaking = `look at the agent of ${instance}`;
      const answer = await calling(undertaking, client.send(command)).catch((error: Error) => {
        if (isAnswered(error.cause, "InvalidInstanceId")) return {};
        throw error;
      });
      const { InstanceInformationList: list } = answered(
        agentAnswer,
        `DescribeInstanceInformation of ${instance}`,
        answer,
      );
      const agent = list.find((a) => a.InstanceId === instance);
      if (!agent) return { state: "absent" };
      const address = agent.IPAddress ? { address: agent.IPAddress } : {};
      return { state: agent.PingStatus === "Online" ? "online" : "lost", ...address };
    },

    async send({ instance, action, payload, issued, comment, timeout }) {
      const { client, api } = await ssm();
      const command = new api.SendCommandCommand({
        DocumentName: document,
        InstanceIds: [instance],
        Comment: comment,
        TimeoutSeconds: DELIVERY,
        Parameters: {
          action: [action],
          payload: [payload],
          issued: [String(issued)],
          executionTimeout: [String(Math.ceil(timeout / 1000))],
        },
      });
      try {
        const { Command } = answered(sendAnswer, `SendCommand to ${instance}`, await client.send(command));
        return { id: Command.CommandId };
      } catch (error) {
        if (isAnswered(error, "InvalidInstanceId")) return "unreachable";
        throw failed(`send "${comment}" to ${instance}`, error);
      }
    },

    async look(instance, command) {
      const id = command.id ?? (await find(instance, command));
      if (id === undefined) return { status: "unsent", detail: `SSM knows no command "${commandComment(command)}"` };
      const { client, api } = await ssm();
      const request = new api.GetCommandInvocationCommand({ CommandId: id, InstanceId: instance });
      try {
        const answer = await client.send(request);
        return sightOf(id, answered(invocationAnswer, `GetCommandInvocation of ${id} on ${instance}`, answer));
      } catch (error) {
        if (isAnswered(error, "InvocationDoesNotExist")) return { id, status: "pending", detail: "sent just now" };
        throw failed(`look at command ${id} on ${instance}`, error);
      }
    },
  };
}

const agentAnswer = v.object({
  InstanceInformationList: listOf(
    v.object({ InstanceId: v.string(), PingStatus: v.string(), IPAddress: v.optional(v.string()) }),
  ),
});

const sendAnswer = v.object({ Command: v.object({ CommandId: v.string() }) });

const commandsAnswer = v.object({
  Commands: listOf(
    v.object({ CommandId: v.string(), DocumentName: v.optional(v.string()), Comment: v.optional(v.string()) }),
  ),
});

const invocationAnswer = v.object({
  Status: v.picklist(["Pending", "InProgress", "Delayed", "Success", "Cancelled", "TimedOut", "Failed", "Cancelling"]),
  StatusDetails: v.optional(v.string(), ""),
  StandardOutputContent: v.optional(v.string(), ""),
  StandardErrorContent: v.optional(v.string(), ""),
});

type Invocation = v.InferOutput<typeof invocationAnswer>;

/** Details that say the script never began. */
const UNDELIVERED: ReadonlySet<string> = new Set([
  "DeliveryTimedOut",
  "Undeliverable",
  "Terminated",
  "InvalidPlatform",
  "AccessDenied",
]);

const STATUS: Readonly<Record<Invocation["Status"], CommandStatus>> = {
  Pending: "pending",
  Delayed: "pending",
  InProgress: "running",
  Cancelling: "running",
  Success: "success",
  Cancelled: "failed",
  TimedOut: "failed",
  Failed: "failed",
};

function sightOf(id: string, invocation: Invocation): CommandSight {
  const stderr = invocation.StandardErrorContent.trim().slice(-STDERR_END);
  const details = invocation.StatusDetails || invocation.Status;
  const detail = (...more: string[]) => [details, ...more, stderr].filter(Boolean).join(": ");
  const status = STATUS[invocation.Status];
  if (status === "pending" || status === "running") return { id, status, detail: detail() };
  // The console writes "Delivery Timed Out", the API "DeliveryTimedOut".
  if (UNDELIVERED.has(details.replaceAll(" ", ""))) return { id, status: "undelivered", detail: detail() };
  const answer = readNodeAnswer(invocation.StandardOutputContent);
  if ("unreadable" in answer) return { id, status: "failed", detail: detail(answer.unreadable) };
  // Exit status and answer say the same; were they ever to differ, success is not known.
  return { id, status: answer.ok ? status : "failed", answer, detail: detail(answer.error ?? "") };
}
