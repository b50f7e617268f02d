/** The SSM document that carries the node script. */
import type { Definition } from "../shared/cluster/definition.ts";
import { DOCUMENT } from "./logical-ids.ts";
import { stackNames } from "./names.ts";
import type { Resources } from "./template.ts";

export interface CommandDocument {
  readonly schemaVersion: "2.2";
  readonly description: string;
  readonly parameters: Readonly<Record<string, object>>;
  readonly mainSteps: readonly object[];
}

/**
 * Parameters reach the script as environment variables (`SSM_action`, `SSM_payload`, `SSM_issued`), never as its text: no input is
 * interpolated into a shell.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html
 *
 * @param script the node script, whole
 */
export function commandDocument(cluster: string, script: string): CommandDocument {
  return {
    schemaVersion: "2.2",
    description: `Configures, stops and examines a node of the Kafka cluster ${cluster}, and keeps its users`,
    parameters: {
      action: {
        type: "String",
        description: "What to do",
        allowedPattern: "^(configure|stop|status|verify|access)$",
        interpolationType: "ENV_VAR",
      },
      payload: {
        type: "String",
        description: "Base64 of the gzipped configuration; empty where the action needs none",
        default: "",
        allowedPattern: "^[A-Za-z0-9+/=]*$",
        interpolationType: "ENV_VAR",
      },
      issued: {
        type: "String",
        description: "When the command was sent, ms since the epoch: an older configuration does not undo a newer one",
        default: "",
        allowedPattern: "^[0-9]{0,15}$",
        interpolationType: "ENV_VAR",
      },
      executionTimeout: {
        type: "String",
        description: "Seconds the command may run",
        default: "600",
        allowedPattern: "^[1-9][0-9]{0,4}$",
      },
    },
    mainSteps: [
      {
        action: "aws:runShellScript",
        name: "node",
        precondition: { StringEquals: ["platformType", "Linux"] },
        inputs: { timeoutSeconds: "{{ executionTimeout }}", runCommand: script.split("\n") },
      },
    ],
  };
}

export function documentResources(definition: Definition, script: string): Resources {
  return {
    [DOCUMENT]: {
      Type: "AWS::SSM::Document",
      Properties: {
        Name: stackNames(definition).document,
        DocumentType: "Command",
        DocumentFormat: "JSON",
        TargetType: "/AWS::EC2::Instance",
        // Replacing it would need another name; CloudFormation makes the new version the default.
        UpdateMethod: "NewVersion",
        Content: commandDocument(definition.cluster, script),
      },
    },
  };
}
