/** The whole stack of one cluster, as a CloudFormation template: a pure function of its definition. */
import type { Definition } from "../shared/cluster/definition.ts";
import { alarmResources } from "./alarms.ts";
import { archiveResources } from "./archive.ts";
import { dashboardResources } from "./dashboard.ts";
import { documentResources } from "./document.ts";
import { type Code, functionResources } from "./functions.ts";
import { groupResources } from "./groups.ts";
import { launchTemplateResources } from "./launch-templates.ts";
import { loadBalancerResources } from "./load-balancer.ts";
import type { FunctionName } from "./logical-ids.ts";
import { interfaceResources } from "./network-interfaces.ts";
import { outputs } from "./outputs.ts";
import { queueResources } from "./queues.ts";
import { roleResources } from "./roles.ts";
import { eventRules, ruleId, ruleResources, SCHEDULE_RULE } from "./rules.ts";
import { secretResources } from "./secrets.ts";
import { securityGroupResources } from "./security-groups.ts";
import { tableResources } from "./table.ts";
import type { Resources, Template } from "./template.ts";

/** What the definition does not say. */
export interface Parts {
  /** The node script, whole. */
  readonly script: string;
  /** Where each function's package lies. */
  readonly code: Readonly<Record<FunctionName, Code>>;
}

export function stackTemplate(definition: Definition, { script, code }: Parts): Template {
  const rules = [...eventRules(definition).map(ruleId), SCHEDULE_RULE];
  const all: Resources = {
    ...tableResources(definition),
    ...documentResources(definition, script),
    ...secretResources(definition),
    ...securityGroupResources(definition),
    ...interfaceResources(definition),
    ...loadBalancerResources(definition),
    ...roleResources(definition),
    ...functionResources(definition, code),
    ...queueResources(definition, rules),
    ...ruleResources(definition),
    ...archiveResources(definition),
    ...alarmResources(definition),
    ...dashboardResources(definition),
    ...launchTemplateResources(definition),
  };
  return {
    AWSTemplateFormatVersion: "2010-09-09",
    Description: `Rollcall keeps the Kafka cluster ${definition.cluster} whole`,
    Resources: { ...all, ...groupResources(definition, Object.keys(all)) },
    Outputs: outputs(definition),
  };
}
