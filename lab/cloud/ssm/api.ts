/** Systems Manager's API, as far as it is modelled: agents, documents, Run Command. */
import type {
  CreateDocumentCommandOutput,
  DescribeDocumentCommandOutput,
  DescribeInstanceInformationCommandOutput,
  GetCommandInvocationCommandOutput,
  GetDocumentCommandOutput,
  ListCommandInvocationsCommandOutput,
  ListCommandsCommandOutput,
  SendCommandCommandOutput,
  UpdateDocumentCommandOutput,
  UpdateDocumentDefaultVersionCommandOutput,
} from "@aws-sdk/client-ssm";
import * as v from "valibot";
import type { Instances } from "../ec2/instances.ts";
import { page } from "../pages.ts";
import { type Answer, AwsError, action, type Service } from "../service.ts";
import type { World } from "../world.ts";
import type { Agent, Agents } from "./agents.ts";
import type { Command, Commands, Invocation } from "./commands.ts";
import { scriptFor } from "./content.ts";
import type { Documents, SsmDocument } from "./documents.ts";

export interface Ssm {
  readonly instances: Instances;
  readonly agents: Agents;
  readonly documents: Documents;
  readonly commands: Commands;
}

/** Of a document and its parameters together; the error says "97KB". */
const MAX_COMMAND_BYTES = 100_000;

const refuse = (reason: string) => new AwsError("ValidationException", reason);

const documentName = v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_\-.:/]{3,128}$/));

const commandFilters = v.optional(
  v.array(
    v.strictObject({
      key: v.picklist(["InvokedAfter", "InvokedBefore", "Status", "DocumentName"]),
      value: v.string(),
    }),
  ),
  [],
);

const commandQuery = {
  CommandId: v.optional(v.string()),
  InstanceId: v.optional(v.string()),
  MaxResults: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(50)), 50),
  NextToken: v.optional(v.string()),
  Filters: commandFilters,
};

export function ssmApi(world: World, { instances, agents, documents, commands }: Ssm): Service {
  return {
    name: "ssm",
    actions: {
      DescribeInstanceInformation: action(
        v.strictObject({
          Filters: v.optional(
            v.array(v.strictObject({ Key: v.picklist(["InstanceIds", "PingStatus"]), Values: v.array(v.string()) })),
            [],
          ),
          MaxResults: v.optional(v.pipe(v.number(), v.minValue(5), v.maxValue(50)), 50),
          NextToken: v.optional(v.string()),
        }),
        refuse,
        (input, _caller, view): Answer<DescribeInstanceInformationCommandOutput> => {
          const passes = (agent: Agent) =>
            input.Filters.every(({ Key, Values }) =>
              Values.includes(Key === "PingStatus" ? agent.ping : agent.instance),
            );
          const { items, next } = page(agents.all(view.asOf).filter(passes), input.MaxResults, input.NextToken);
          return { InstanceInformationList: items.map(describeAgent), NextToken: next };
        },
      ),

      CreateDocument: action(
        v.strictObject({
          Name: documentName,
          Content: v.string(),
          DocumentType: v.literal("Command"),
          DocumentFormat: v.optional(v.literal("JSON")),
          TargetType: v.optional(v.literal("/AWS::EC2::Instance")),
        }),
        refuse,
        (input): Answer<CreateDocumentCommandOutput> => ({
          DocumentDescription: describeDocument(world, documents.create(input.Name, input.Content)),
        }),
      ),

      UpdateDocument: action(
        v.strictObject({
          Name: documentName,
          Content: v.string(),
          DocumentVersion: v.optional(v.literal("$LATEST")),
          DocumentFormat: v.optional(v.literal("JSON")),
        }),
        refuse,
        (input): Answer<UpdateDocumentCommandOutput> => ({
          DocumentDescription: describeDocument(world, documents.update(input.Name, input.Content)),
        }),
      ),

      UpdateDocumentDefaultVersion: action(
        v.strictObject({ Name: documentName, DocumentVersion: v.string() }),
        refuse,
        (input): Answer<UpdateDocumentDefaultVersionCommandOutput> => {
          const { name, defaultVersion } = documents.setDefault(input.Name, input.DocumentVersion);
          return { Description: { Name: name, DefaultVersion: String(defaultVersion) } };
        },
      ),

      DescribeDocument: action(
        v.strictObject({ Name: documentName, DocumentVersion: v.optional(v.string()) }),
        refuse,
        (input): Answer<DescribeDocumentCommandOutput> => ({
          Document: describeDocument(world, documents.get(input.Name), input.DocumentVersion),
        }),
      ),

      GetDocument: action(
        v.strictObject({ Name: documentName, DocumentVersion: v.optional(v.string()) }),
        refuse,
        (input): Answer<GetDocumentCommandOutput> => {
          const { version, text, created } = documents.version(input.Name, input.DocumentVersion);
          return {
            Name: input.Name,
            DocumentVersion: String(version),
            Content: text,
            CreatedDate: new Date(created),
            DocumentFormat: "JSON",
            DocumentType: "Command",
            Status: "Active",
          };
        },
      ),

      DeleteDocument: action(v.strictObject({ Name: documentName }), refuse, (input) => {
        documents.delete(input.Name);
        return {};
      }),

      SendCommand: action(
        v.strictObject({
          DocumentName: documentName,
          DocumentVersion: v.optional(v.string()),
          InstanceIds: v.optional(v.pipe(v.array(v.string()), v.maxLength(50))),
          Targets: v.optional(v.array(v.strictObject({ Key: v.string(), Values: v.array(v.string()) }))),
          Parameters: v.optional(v.record(v.string(), v.array(v.string())), {}),
          Comment: v.optional(v.pipe(v.string(), v.maxLength(100)), ""),
          TimeoutSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(30), v.maxValue(2_592_000)), 3600),
        }),
        refuse,
        (input): Answer<SendCommandCommandOutput> => {
          const { version, text, content } = documents.version(input.DocumentName, input.DocumentVersion);
          const script = scriptFor(content, input.Parameters);
          const bytes = Buffer.byteLength(text) + Buffer.byteLength(JSON.stringify(input.Parameters));
          if (bytes > MAX_COMMAND_BYTES) {
            throw refuse(`The total size of the document and its parameters, ${bytes} bytes, exceeds 97KB.`);
          }
          const command = commands.send({
            document: input.DocumentName,
            version,
            plugin: content.mainSteps[0].name,
            comment: input.Comment,
            parameters: input.Parameters,
            instances: addressees(world, instances, agents, input),
            script,
            timeout: input.TimeoutSeconds * 1000,
          });
          return { Command: describeCommand(commands, command) };
        },
      ),

      GetCommandInvocation: action(
        v.strictObject({ CommandId: v.string(), InstanceId: v.string(), PluginName: v.optional(v.string()) }),
        refuse,
        (input, _caller, view): Answer<GetCommandInvocationCommandOutput> => {
          const command = commands.find(input.CommandId, view.asOf);
          const invocation =
            command && commands.invocations(command, view.asOf).find((i) => i.instance === input.InstanceId);
          if (!invocation) throw new AwsError("InvocationDoesNotExist", "");
          return describeResult(invocation);
        },
      ),

      ListCommands: action(
        v.strictObject(commandQuery),
        refuse,
        (input, _caller, view): Answer<ListCommandsCommandOutput> => {
          const found = chosen(commands, input, view.asOf);
          const { items, next } = page(found, input.MaxResults, input.NextToken);
          return { Commands: items.map((c) => describeCommand(commands, c, view.asOf)), NextToken: next };
        },
      ),

      ListCommandInvocations: action(
        v.strictObject({ ...commandQuery, Details: v.optional(v.boolean(), false) }),
        refuse,
        (input, _caller, view): Answer<ListCommandInvocationsCommandOutput> => {
          const found = chosen(commands, input, view.asOf)
            .flatMap((c) => commands.invocations(c, view.asOf))
            .filter((i) => input.InstanceId === undefined || i.instance === input.InstanceId);
          const { items, next } = page(found, input.MaxResults, input.NextToken);
          return { CommandInvocations: items.map((i) => describeInvocation(i, input.Details)), NextToken: next };
        },
      ),
    },
    unknownAction: (name) => new AwsError("InvalidAction", `The action ${name} is not valid for this web service.`),
  };
}

interface Addressed {
  readonly InstanceIds?: readonly string[] | undefined;
  readonly Targets?: readonly { readonly Key: string; readonly Values: readonly string[] }[] | undefined;
}

/** Throws InvalidInstanceId where one of them does not take commands; targets that match nothing are no error. */
function addressees(world: World, instances: Instances, agents: Agents, { InstanceIds, Targets }: Addressed): string[] {
  const named = [...(InstanceIds ?? []), ...(Targets ?? []).flatMap((t) => (t.Key === "InstanceIds" ? t.Values : []))];
  const tags = (Targets ?? []).filter((t) => t.Key !== "InstanceIds");
  for (const { Key } of tags)
    if (!Key.startsWith("tag:")) throw new AwsError("InvalidTarget", `Target ${Key} is invalid.`);
  const tagged = instances.all().filter((i) => {
    const has = (t: (typeof tags)[number]) =>
      i.tags.some((g) => `tag:${g.Key}` === t.Key && t.Values.includes(g.Value));
    return tags.length > 0 && tags.every(has) && agents.accepts(i.id);
  });
  if (named.length === 0 && tags.length === 0) throw refuse("Either InstanceIds or Targets must be specified.");
  const strangers = named.filter((id) => !agents.accepts(id));
  if (strangers.length > 0) {
    const message = `Instances [[${strangers.join(", ")}]] not in a valid state for account ${world.account}`;
    throw new AwsError("InvalidInstanceId", message);
  }
  return [...new Set([...named, ...tagged.map((i) => i.id)])];
}

interface CommandQuery {
  readonly CommandId?: string | undefined;
  readonly InstanceId?: string | undefined;
  readonly Filters: v.InferOutput<typeof commandFilters>;
}

function chosen(commands: Commands, query: CommandQuery, asOf: number): Command[] {
  return commands
    .all(asOf)
    .filter((c) => query.CommandId === undefined || c.id === query.CommandId)
    .filter((c) => query.InstanceId === undefined || c.instances.includes(query.InstanceId))
    .filter((c) => query.Filters.every((filter) => passes(commands, c, filter, asOf)));
}

function passes(
  commands: Commands,
  command: Command,
  { key, value }: CommandQuery["Filters"][number],
  asOf: number,
): boolean {
  switch (key) {
    case "InvokedAfter":
      return command.requested >= Date.parse(value);
    case "InvokedBefore":
      return command.requested < Date.parse(value);
    case "Status":
      return commands.status(command, asOf).status === value;
    case "DocumentName":
      return command.document === value;
  }
}

function describeAgent(agent: Agent) {
  return {
    InstanceId: agent.instance,
    PingStatus: agent.ping,
    AgentVersion: "3.3.3050.0",
    IsLatestVersion: true,
    PlatformType: "Linux" as const,
    PlatformName: "Amazon Linux",
    PlatformVersion: "2023",
    ResourceType: "EC2Instance" as const,
    IPAddress: agent.address,
  };
}

function describeDocument(world: World, document: SsmDocument, wanted?: string) {
  const shown = document.versions.find((d) => String(d.version) === wanted) ?? document.versions.at(-1);
  return {
    Name: document.name,
    Owner: world.account,
    DocumentVersion: String(shown?.version),
    LatestVersion: String(document.versions.length),
    DefaultVersion: String(document.defaultVersion),
    Status: "Active" as const,
    DocumentType: "Command" as const,
    DocumentFormat: "JSON" as const,
    SchemaVersion: "2.2",
    ...(shown && { CreatedDate: new Date(shown.created) }),
  };
}

function describeCommand(commands: Commands, command: Command, asOf?: number) {
  const { status, detail } = commands.status(command, asOf);
  const invocations = commands.invocations(command, asOf);
  return {
    CommandId: command.id,
    DocumentName: command.document,
    DocumentVersion: String(command.version),
    Comment: command.comment,
    Parameters: Object.fromEntries(Object.entries(command.parameters).map(([name, values]) => [name, [...values]])),
    InstanceIds: [...command.instances],
    RequestedDateTime: new Date(command.requested),
    ExpiresAfter: new Date(command.requested + command.timeout),
    TimeoutSeconds: command.timeout / 1000,
    Status: status,
    StatusDetails: detail,
    TargetCount: invocations.length,
    CompletedCount: invocations.filter((i) => i.ended !== undefined).length,
    ErrorCount: invocations.filter((i) => i.status === "Failed" || i.detail === "ExecutionTimedOut").length,
    DeliveryTimedOutCount: invocations.filter((i) => i.detail === "DeliveryTimedOut").length,
  };
}

function describeResult(invocation: Invocation) {
  const { command, started, ended } = invocation;
  return {
    CommandId: command.id,
    InstanceId: invocation.instance,
    Comment: command.comment,
    DocumentName: command.document,
    DocumentVersion: String(command.version),
    PluginName: command.plugin,
    ResponseCode: invocation.code,
    Status: invocation.status,
    StatusDetails: invocation.detail,
    StandardOutputContent: invocation.stdout,
    StandardErrorContent: invocation.stderr,
    ExecutionStartDateTime: started === undefined ? "" : new Date(started).toISOString(),
    ExecutionEndDateTime: ended === undefined ? "" : new Date(ended).toISOString(),
    ExecutionElapsedTime: started === undefined || ended === undefined ? "" : `PT${(ended - started) / 1000}S`,
  };
}

/** Of all outputs together, ListCommandInvocations gives no more characters than this. */
const LISTED_OUTPUT = 2500;

function describeInvocation(invocation: Invocation, details: boolean) {
  const { command, started, ended } = invocation;
  return {
    CommandId: command.id,
    InstanceId: invocation.instance,
    Comment: command.comment,
    DocumentName: command.document,
    DocumentVersion: String(command.version),
    RequestedDateTime: new Date(command.requested),
    Status: invocation.status,
    StatusDetails: invocation.detail,
    ...(details && {
      CommandPlugins: [
        {
          Name: command.plugin,
          Status: invocation.status,
          StatusDetails: invocation.detail,
          ResponseCode: invocation.code,
          Output: invocation.stdout.slice(0, LISTED_OUTPUT),
          ...(started !== undefined && { ResponseStartDateTime: new Date(started) }),
          ...(ended !== undefined && { ResponseFinishDateTime: new Date(ended) }),
        },
      ],
    }),
  };
}
