import { describe, expect, test } from "vitest";
import type { GroupProperties } from "../../resources/groups.ts";
import { compile, deployable, ensemble, ofType, properties, references, secure, various } from "./compiled.ts";

const GROUP = "AWS::AutoScaling::AutoScalingGroup";
const template = compile(deployable);

type Group = GroupProperties & { readonly TargetGroupARNs?: unknown; readonly LaunchTemplate: { Version: unknown } };

const groups = ofType(template.Resources, GROUP).map(([id]) => [id, properties<Group>(template, id)] as const);

describe("the stack's groups", () => {
  test("are one for each role and zone, under the names that the definition gives them", () => {
    expect(groups.map(([, group]) => [group.AutoScalingGroupName, group.VPCZoneIdentifier])).toEqual(
      deployable.roles.flatMap((role) =>
        role.groups.map(({ name, zone }) => [name, [deployable.zones.find((z) => z.name === zone)?.subnet]]),
      ),
    );
  });

  test.each(groups)("%s has both hooks in it, so that its first instances meet them", (_id, group) => {
    const hook = { HeartbeatTimeout: 1800, DefaultResult: "ABANDON" };
    const role = group.Tags.find((tag) => tag.Key === "rollcall:role")?.Value;
    expect(group.LifecycleHookSpecificationList).toEqual([
      {
        ...hook,
        LifecycleHookName: "rollcall-launch",
        LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
        NotificationMetadata: JSON.stringify({ cluster: "lab", role }),
      },
      {
        ...hook,
        LifecycleHookName: "rollcall-terminate",
        LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
        NotificationMetadata: JSON.stringify({ cluster: "lab", role }),
      },
    ]);
  });

  test.each(groups)("%s replaces an instance for EC2's word alone, after it has gone, in its zone", (_id, group) => {
    expect(group.HealthCheckType).toBe("EC2");
    expect(group.InstanceMaintenancePolicy).toEqual({ MinHealthyPercentage: 0, MaxHealthyPercentage: 100 });
    expect(group.InstanceLifecyclePolicy).toEqual({ RetentionTriggers: { TerminateHookAbandon: "retain" } });
    // With more than one, zones would be balanced against each other, and nothing in CloudFormation suspends that.
    expect(group.VPCZoneIdentifier).toHaveLength(1);
  });

  test.each(groups)("%s tags its instances as what its functions may look after", (_id, group) => {
    const own = group.Tags.filter((tag) => tag.Key.startsWith("rollcall:"));
    expect(own.map((tag) => [tag.Key, tag.PropagateAtLaunch])).toEqual([
      ["rollcall:cluster", true],
      ["rollcall:role", true],
    ]);
  });

  test("of brokers alone are behind the load balancer", () => {
    for (const [id, group] of groups) expect("TargetGroupARNs" in group, id).toBe(id.startsWith("Broker"));
  });
});

describe("existing groups", () => {
  const { Resources } = compile(various);

  test("are not made again, but get their hooks", () => {
    expect(ofType(Resources, GROUP).map(([id]) => id)).toEqual([
      "ControllerGroupEuCentral1a",
      "ControllerGroupEuCentral1b",
      "ControllerGroupEuCentral1c",
      "BrokerGroupEuCentral1c",
    ]);
    const hooks = ofType(Resources, "AWS::AutoScaling::LifecycleHook");
    expect(hooks.map(([, { Properties }]) => [Properties.AutoScalingGroupName, Properties.LifecycleHookName])).toEqual([
      ["brokers-a", "rollcall-launch"],
      ["brokers-a", "rollcall-terminate"],
      ["brokers-b", "rollcall-launch"],
      ["brokers-b", "rollcall-terminate"],
    ]);
  });
});

describe("creation and deletion", () => {
  test.each([
    ["of the stack's own groups", deployable],
    ["with existing groups", various],
    ["with security", secure],
    ["on ZooKeeper", ensemble],
  ])("%s: every group comes after everything else, and so goes before it", (_name, definition) => {
    const { Resources } = compile(definition);
    const launches = (type: string) => type === GROUP || type === "AWS::AutoScaling::LifecycleHook";
    const others = Object.keys(Resources).filter((id) => !launches(Resources[id]?.Type ?? ""));
    const last = Object.entries(Resources).filter(([, { Type }]) => launches(Type));
    expect(last.length).toBeGreaterThan(0);
    for (const [id, resource] of last) {
      const before = new Set([...references(resource.Properties), ...(resource.DependsOn ?? [])]);
      expect([...before].sort(), id).toEqual([...others].sort());
    }
    for (const id of others) {
      const before = [...references(Resources[id]?.Properties), ...(Resources[id]?.DependsOn ?? [])];
      expect(before.filter((other) => last.some(([group]) => group === other), id)).toEqual([]);
    }
  });

  test("a function ends before its role and its log group, which Lambda needs to let go of it", () => {
    for (const name of ["Lifecycle", "Sweep", "Kafka"]) {
      const resource = template.Resources[`${name}Function`];
      expect(references(resource?.Properties)).toContain(`${name}Role`);
      expect(resource?.DependsOn).toEqual([`${name}LogGroup`]);
    }
  });

  test("the table alone outlives its stack, also when it is replaced", () => {
    const kept = Object.entries(compile(secure).Resources).filter(([, r]) => r.DeletionPolicy ?? r.UpdateReplacePolicy);
    expect(kept.map(([id, r]) => [id, r.DeletionPolicy, r.UpdateReplacePolicy])).toEqual([
      ["Table", "Retain", "Retain"],
    ]);
  });
});
