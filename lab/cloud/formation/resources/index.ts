/** Every type of resource that the lab's CloudFormation knows. */
import type { Kind } from "../kind.ts";
import { autoScalingGroup } from "./auto-scaling-group.ts";
import { alarm, dashboard } from "./cloudwatch.ts";
import { archive, rule } from "./events.ts";
import { lambdaFunction } from "./function.ts";
import { eventInvokeConfig, permission, version } from "./function-settings.ts";
import { launchTemplate } from "./launch-template.ts";
import { lifecycleHook } from "./lifecycle-hook.ts";
import { listener, loadBalancer, targetGroup } from "./load-balancing.ts";
import { logGroup } from "./log-group.ts";
import { networkInterface } from "./network-interface.ts";
import { queue, queuePolicy } from "./queues.ts";
import { instanceProfile, policy, role } from "./roles.ts";
import { bucket, bucketPolicy } from "./s3.ts";
import { secret } from "./secret.ts";
import { securityGroup, securityGroupEgress, securityGroupIngress } from "./security-groups.ts";
import { ssmDocument } from "./ssm-document.ts";
import { table } from "./table.ts";

/** By type. */
export const KINDS: ReadonlyMap<string, Kind> = new Map(
  [
    alarm,
    archive,
    autoScalingGroup,
    bucket,
    bucketPolicy,
    dashboard,
    eventInvokeConfig,
    instanceProfile,
    lambdaFunction,
    launchTemplate,
    lifecycleHook,
    listener,
    loadBalancer,
    logGroup,
    networkInterface,
    permission,
    policy,
    queue,
    queuePolicy,
    role,
    rule,
    secret,
    securityGroup,
    securityGroupEgress,
    securityGroupIngress,
    ssmDocument,
    table,
    targetGroup,
    version,
  ].map((one) => [one.type, one]),
);
