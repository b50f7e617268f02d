/** The Auto Scaling groups and their hooks, beside what the stack would make of them. Pure. */
import { type ExistingGroup, faults } from "../../resources/existing-groups.ts";
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

/** A group as Auto Scaling describes it, with its hooks. */
export interface GroupDetail extends ExistingGroup {
  readonly AutoScalingGroupName: string;
  readonly DesiredCapacity: number;
  readonly MaxSize: number;
  readonly SuspendedProcesses: readonly { readonly ProcessName: string }[];
  readonly InstanceLifecyclePolicy?:
    | { readonly RetentionTriggers?: { readonly TerminateHookAbandon?: string | undefined } | undefined }
    | undefined;
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
        const found = groups.find((g) => g.AutoScalingGroupName === declared.name);
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
  const { AutoScalingGroupName: name, DesiredCapacity: desired, MaxSize: max } = found;
  const place = definition.zones.find((z) => z.name === zone);
  if (!place) return;
  for (const { problem, remedy } of faults(definition.cluster, role.name, place.subnet, found))
    report("wrong", `${name}: ${problem}`, remedy);
  const stopped = found.SuspendedProcesses.map((one) => one.ProcessName).filter((process) => NEEDED.has(process));
  if (stopped.length > 0)
    report(
      "wrong",
      `${name} has ${stopped.join(", ")} suspended`,
      `aws autoscaling resume-processes --auto-scaling-group-name ${name} --scaling-processes ${stopped.join(" ")}`,
    );
  if (desired !== role.perZone)
    report(
      "note",
      `${name} desires ${desired}; the definition says ${role.perZone}`,
      "correct perZone, or deploy again",
    );
  if (max < desired) report("note", `${name} may have ${max} instances at most, and desires ${desired}`);
  if (found.InstanceLifecyclePolicy?.RetentionTriggers?.TerminateHookAbandon !== "retain")
    report(
      "note",
      `${name} ends instances whose termination was not confirmed in time`,
      `aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${name} --instance-lifecycle-policy RetentionTriggers={TerminateHookAbandon=retain}`,
    );
  hooksOf(
    report,
    groupProperties(definition, role, place, name).LifecycleHookSpecificationList,
    found,
    existing === true,
  );
}

function hooksOf(
  report: Report,
  wanted: ReturnType<typeof groupProperties>["LifecycleHookSpecificationList"],
  { AutoScalingGroupName: name, hooks }: GroupDetail,
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
