/** The archive of every event that wakes Rollcall. */
import type { Definition } from "../shared/cluster/definition.ts";
import { stackNames } from "./names.ts";
import { archivePattern } from "./rules.ts";
import { type Resources, sub } from "./template.ts";

export function archiveResources(definition: Definition): Resources {
  return {
    EventArchive: {
      Type: "AWS::Events::Archive",
      Properties: {
        ArchiveName: stackNames(definition).archive,
        Description: `Events that concern the Kafka cluster ${definition.cluster}: replay them to Rollcall's rules alone`,
        SourceArn: sub("arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"),
        EventPattern: archivePattern(definition),
        RetentionDays: definition.retention.events,
      },
    },
  };
}
