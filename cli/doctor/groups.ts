/** The Auto Scaling groups and their hooks, beside what the stack would make of them. Pure. */
import { groupProperties } from "../../resources/groups.ts";
import type { Definition, Group, Role } from "../../shared/cluster/definition.ts";
import { examine, type Finding, type Report } from "./finding.ts";

export interface HookSight {
  readonly name: string;
  readonly transition: string;
  /** Seconds. */
  readonly heartbeat: number;
  readonly defaultResult: string;
}

export interface GroupDetail {
  readonly name: string;
  readonly desired: number;
  readonly max: number;
  readonly zones: readonly string[];
  readonly subnets: readonly string[];
  readonly healthCheck: string;
  readonly suspended: readonly string[];
  /** Percent that have to stay healthy while instances are replaced; absent: no policy. */
  readonly minHealthy?: number;
  readonly retains: boolean;
  readonly tags: readonly { readonly key: string; readonly value: string; readonly propagates: boolean }[];
  readonly hooks: readonly HookSight[];
}

/** Processes without which Rollcall's part is not played. */
const NEEDED: ReadonlySet<string> = new Set(["Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy"]);

export function groupFindings(definition: Definition, groups: readonly GroupDetail[], deployed: boolean): Finding[] {
  const count = definition.roles.reduce((sum, role) => sum + role.groups.length, 0);
  const fine =
    groups.length === 0 ? "none is there yet" : `${count} groups have their hooks, and are as they should be`;
  return examine("groups", fine, (report) => {
    for (const role of definition.roles) {
      for (const declared of role.groups) {
        const found = groups.find((g) => g.name === declared.name);
        if (found) settingsOf(report, definition, role, declared, found);
        else if (declared.existing)
          report(
            "wrong",
            `group ${declared.name} does not exist`,
            `make it, or take it out of roles.${role.name}.groups`,
          );
        else if (deployed) report("wrong", `group ${declared.name} does not exist`, "deploy the stack again");
      }
    }
  });
}

function settingsOf(
  report: Report,
  definition: Definition,
  role: Role,
  { existing, zone }: Group,
  found: GroupDetail,
): void {
  const { name } = found;
  const place = definition.zones.find((z) => z.name === zone);
  if (!place) return;
  const wanted = groupProperties(definition, role, place, name);
  const update = `aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${name}`;
  if (found.zones.some((z) => z !== zone))
    report(
      "wrong",
      `${name} is in ${found.zones.join(", ")}, but one group has to be in one zone, ${zone}`,
      `${update} --vpc-zone-identifier ${place.subnet}`,
    );
  else if (found.subnets.some((s) => s !== place.subnet))
    report(
      "wrong",
      `${name} launches into ${found.subnets.join(", ")}, not into ${place.subnet}`,
      `${update} --vpc-zone-identifier ${place.subnet}`,
    );
  if (found.desired !== role.perZone)
    report(
      "note",
      `${name} desires ${found.desired}; the definition says ${role.perZone}`,
      "correct perZone, or deploy again",
    );
  if (found.max < found.desired)
    report("note", `${name} may have ${found.max} instances at most, and desires ${found.desired}`);
  if (found.healthCheck !== wanted.HealthCheckType)
    report(
      "wrong",
      `${name} goes by ${found.healthCheck} health checks, which replace instances behind Rollcall's gates`,
      `${update} --health-check-type EC2`,
    );
  if (found.minHealthy === 100)
    report(
      "wrong",
      `${name} launches before it terminates (MinHealthyPercentage 100): a replacement then waits in vain for the id of the one it replaces`,
      `${update} --instance-maintenance-policy MinHealthyPercentage=0,MaxHealthyPercentage=100`,
    );
  if (!found.retains)
    report(
      "note",
      `${name} ends instances whose termination was not confirmed in time`,
      `${update} --instance-lifecycle-policy RetentionTriggers={TerminateHookAbandon=retain}`,
    );
  const stopped = found.suspended.filter((process) => NEEDED.has(process));
  if (stopped.length > 0)
    report(
      "wrong",
      `${name} has ${stopped.join(", ")} suspended`,
      `aws autoscaling resume-processes --auto-scaling-group-name ${name} --scaling-processes ${stopped.join(" ")}`,
    );
  for (const { Key, Value } of wanted.Tags.slice(0, 2)) {
    const tag = found.tags.find((t) => t.key === Key);
    if (tag?.value === Value && tag.propagates) continue;
    report(
      "wrong",
      `${name} does not give its instances the tag ${Key}=${Value}`,
      `aws autoscaling create-or-update-tags --tags ResourceType=auto-scaling-group,ResourceId=${name},Key=${Key},Value=${Value},PropagateAtLaunch=true`,
    );
  }
  hooksOf(report, wanted.LifecycleHookSpecificationList, found, existing === true);
}

function hooksOf(
  report: Report,
  wanted: ReturnType<typeof groupProperties>["LifecycleHookSpecificationList"],
  { name, hooks }: GroupDetail,
  existing: boolean,
): void {
  for (const hook of wanted) {
    const put = `aws autoscaling put-lifecycle-hook --auto-scaling-group-name ${name} --lifecycle-hook-name ${hook.LifecycleHookName} --lifecycle-transition ${hook.LifecycleTransition} --heartbeat-timeout ${hook.HeartbeatTimeout} --default-result ${hook.DefaultResult} --notification-metadata '${hook.NotificationMetadata}'`;
    const remedy = existing ? `deploy the stack, which makes it; or ${put}` : put;
    const found = hooks.find((h) => h.name === hook.LifecycleHookName);
    if (!found) {
      report(
        "wrong",
        `${name} has no hook ${hook.LifecycleHookName}: its instances come and go without Rollcall`,
        remedy,
      );
      continue;
    }
    const differences = [
      ...(found.transition === hook.LifecycleTransition ? [] : [`is for ${found.transition}`]),
      ...(found.heartbeat === hook.HeartbeatTimeout
        ? []
        : [`has a heartbeat of ${found.heartbeat} s, not ${hook.HeartbeatTimeout} s`]),
      ...(found.defaultResult === hook.DefaultResult
        ? []
        : [`ends with ${found.defaultResult} by default, not ${hook.DefaultResult}`]),
    ];
    if (differences.length > 0)
      report("wrong", `hook ${hook.LifecycleHookName} of ${name} ${differences.join(", and ")}`, remedy);
  }
  const own = new Set(wanted.map((hook) => hook.LifecycleHookName));
  for (const other of hooks.filter((h) => !own.has(h.name)))
    report("note", `${name} has the hook ${other.name}, too: its instances wait for whoever completes that one`);
}
