import { describe, expect, test } from "vitest";
import { ways } from "../../resources/security-groups.ts";
import type { Template } from "../../resources/template.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import { quorumRole } from "../../shared/cluster/role-kinds.ts";
import { exhibitorFiles } from "../../shared/config/exhibitor.ts";
import { compile, deployable, ensemble, ofType, properties, secure, various } from "./compiled.ts";

interface Rule {
  readonly IpProtocol: string;
  readonly FromPort: number;
  readonly ToPort: number;
  readonly CidrIp?: string;
  readonly [end: string]: unknown;
}

/** `from -> to:port` for each way that both ends' security groups let through. */
function open({ Resources }: Template): string[] {
  const out = new Set<string>();
  const into = new Set<string>();
  const name = (end: unknown): string => (end as { "Fn::GetAtt": [string] })["Fn::GetAtt"]?.[0] ?? String(end);
  for (const [id, { Properties }] of ofType(Resources, "AWS::EC2::SecurityGroup")) {
    for (const rule of (Properties.SecurityGroupEgress ?? []) as Rule[]) {
      if (rule.DestinationSecurityGroupId) out.add(`${id} -> ${name(rule.DestinationSecurityGroupId)}:${rule.ToPort}`);
    }
  }
  for (const [, { Properties }] of ofType(Resources, "AWS::EC2::SecurityGroupEgress")) {
    out.add(`${name(Properties.GroupId)} -> ${name(Properties.DestinationSecurityGroupId)}:${Properties.ToPort}`);
  }
  for (const [, { Properties }] of ofType(Resources, "AWS::EC2::SecurityGroupIngress")) {
    into.add(`${name(Properties.SourceSecurityGroupId)} -> ${name(Properties.GroupId)}:${Properties.ToPort}`);
  }
  return [...out].filter((way) => into.has(way)).sort();
}

/** Rules that let something in or out of the stack. */
function outside({ Resources }: Template, side: "SecurityGroupIngress" | "SecurityGroupEgress"): string[] {
  return ofType(Resources, "AWS::EC2::SecurityGroup").flatMap(([id, { Properties }]) =>
    ((Properties[side] ?? []) as Rule[])
      .filter((rule) => rule.DestinationSecurityGroupId === undefined)
      .map((rule) => `${id} ${rule.CidrIp ?? rule.SourceSecurityGroupId} ${rule.FromPort}-${rule.ToPort}`),
  );
}

describe("security groups", () => {
  const template = compile(deployable);

  test("let every way through that Kafka and Rollcall need, at both of its ends, and none besides", () => {
    expect(open(template)).toEqual([
      "BootstrapSecurityGroup -> BrokerSecurityGroup:9092",
      "BrokerSecurityGroup -> BrokerSecurityGroup:9092",
      "BrokerSecurityGroup -> ControllerSecurityGroup:9093",
      "ControllerSecurityGroup -> ControllerSecurityGroup:9093",
      "KafkaFunctionSecurityGroup -> BrokerSecurityGroup:9092",
      "KafkaFunctionSecurityGroup -> ControllerSecurityGroup:9093",
    ]);
    expect(open(template)).toHaveLength(ways(deployable).length);
  });

  test("let clients in to the brokers and the load balancer, and nobody to controllers and functions", () => {
    expect(outside(template, "SecurityGroupIngress")).toEqual([
      "BrokerSecurityGroup 10.0.0.0/16 9092-9092",
      "BootstrapSecurityGroup 10.0.0.0/16 9092-9092",
    ]);
    expect(outside(compile(various), "SecurityGroupIngress")).toEqual([
      "BrokerSecurityGroup 10.1.0.0/16 9092-9092",
      "BrokerSecurityGroup sg-0a1b2c3d4e5f60718 9092-9092",
    ]);
  });

  test("let nodes out to HTTPS alone, and functions nowhere but to Kafka", () => {
    expect(outside(template, "SecurityGroupEgress")).toEqual([
      "ControllerSecurityGroup 0.0.0.0/0 443-443",
      "BrokerSecurityGroup 0.0.0.0/0 443-443",
    ]);
  });

  test("let the function that sees Kafka out to HTTPS too, where it has a password to fetch", () => {
    expect(outside(compile(secure), "SecurityGroupEgress")).toContain("KafkaFunctionSecurityGroup 0.0.0.0/0 443-443");
    expect(open(compile(secure))).toEqual(open(template));
  });

  test("let the members of an ensemble to each other, and to 2181 those who need it, clients not among them", () => {
    const zookeeper = compile(ensemble);
    expect(open(zookeeper)).toEqual([
      "BootstrapSecurityGroup -> BrokerSecurityGroup:9092",
      "BrokerSecurityGroup -> BrokerSecurityGroup:9092",
      "BrokerSecurityGroup -> ZookeeperSecurityGroup:2181",
      "KafkaFunctionSecurityGroup -> BrokerSecurityGroup:9092",
      "KafkaFunctionSecurityGroup -> ZookeeperSecurityGroup:2181",
      "ZookeeperSecurityGroup -> ZookeeperSecurityGroup:2181",
      "ZookeeperSecurityGroup -> ZookeeperSecurityGroup:2888",
      "ZookeeperSecurityGroup -> ZookeeperSecurityGroup:3888",
    ]);
    expect(open(zookeeper)).toHaveLength(ways(ensemble).length);
    expect(outside(zookeeper, "SecurityGroupIngress")).toEqual([
      "BrokerSecurityGroup 10.0.0.0/16 9092-9092",
      "BootstrapSecurityGroup 10.0.0.0/16 9092-9092",
    ]);
  });

  test("let nobody to Exhibitor's own interface, which asks nobody who he is, not even other members", () => {
    const supervised: Definition = {
      ...ensemble,
      roles: ensemble.roles.map((role) =>
        role.name === "zookeeper"
          ? { ...role, supervisor: { kind: "exhibitor", bucket: "shared", key: "exhibitor/lab.properties" } }
          : role,
      ),
    };
    const [member] = quorumRole(supervised).pool ?? [];
    const node = { role: quorumRole(supervised), id: 1, zone: member?.zone ?? "", address: member?.address ?? "" };
    const told = exhibitorFiles(supervised, node)["config/exhibitor.address"] ?? "";
    const port = Number(told.trim().split(":")[1]);
    expect(port).toBe(8080);
    const template = compile(supervised);
    expect(open(template)).toEqual(open(compile(ensemble)));
    const rules = [
      ...ofType(template.Resources, "AWS::EC2::SecurityGroup").flatMap(
        ([, { Properties }]) => (Properties.SecurityGroupIngress ?? []) as Rule[],
      ),
      ...ofType(template.Resources, "AWS::EC2::SecurityGroupIngress").map(([, { Properties }]) => Properties as Rule),
    ];
    expect(rules.length).toBeGreaterThan(5);
    for (const rule of rules) {
      expect(rule.IpProtocol).toBe("tcp");
      expect(rule.FromPort > port || rule.ToPort < port, JSON.stringify(rule)).toBe(true);
    }
  });

  test("of every group have outgoing rules of their own: one without could reach everything", () => {
    for (const [id, { Properties }] of ofType(template.Resources, "AWS::EC2::SecurityGroup")) {
      expect(Properties.SecurityGroupEgress, id).not.toHaveLength(0);
    }
  });

  test("let nodes out to the archive's own port", () => {
    const url = "https://mirror.example:8443/kafka.tgz";
    const moved = { ...deployable, nodes: { archive: { url, sha512: "" } } };
    expect(outside(compile(moved), "SecurityGroupEgress")).toContain("BrokerSecurityGroup 0.0.0.0/0 8443-8443");
  });
});

describe("the load balancer", () => {
  test("is internal, and routes to the brokers' groups", () => {
    const template = compile(deployable);
    expect(properties(template, "BootstrapLoadBalancer")).toMatchObject({ Type: "network", Scheme: "internal" });
    expect(properties(template, "BootstrapTargets")).toMatchObject({ TargetType: "instance", Port: 9092 });
  });

  test("routes to brokers' fixed addresses where they have some, as they listen nowhere else", () => {
    const pool = [{ id: 1, zone: "eu-central-1a", address: "10.0.1.20" }];
    const roles = deployable.roles.map((role) => (role.name === "broker" ? { ...role, ids: [1], pool } : role));
    const template = compile({ ...deployable, roles });
    expect(properties(template, "BootstrapTargets")).toMatchObject({
      TargetType: "ip",
      Targets: [{ Id: "10.0.1.20", Port: 9092 }],
    });
    expect(properties(template, "BrokerGroupEuCentral1a")).not.toHaveProperty("TargetGroupARNs");
  });

  test("leaves encryption to its ends: what is said between client and broker is theirs alone", () => {
    for (const definition of [deployable, secure]) {
      expect(properties(compile(definition), "BootstrapListener")).toMatchObject({ Port: 9092, Protocol: "TCP" });
      expect(properties(compile(definition), "BootstrapTargets")).toMatchObject({ Port: 9092, Protocol: "TCP" });
    }
  });

  test("can be left out, with all that belongs to it", () => {
    const { Resources, Outputs } = compile({ ...deployable, loadBalancer: false });
    const left = [...Object.keys(Resources), ...Object.keys(Outputs)];
    expect(left.filter((id) => id.startsWith("Bootstrap"))).toEqual([]);
  });
});

test.each([
  ["controller", deployable],
  ["zookeeper", ensemble],
])("each address of a pool of the role %s is an interface, found by its tags", (role, definition) => {
  const template = compile(definition);
  const interfaces = ofType(template.Resources, "AWS::EC2::NetworkInterface").map(([, r]) => r.Properties);
  expect(interfaces.map((i) => [i.PrivateIpAddress, i.SubnetId])).toEqual([
    ["10.0.1.10", "subnet-0a1b2c3d4e5f60a01"],
    ["10.0.2.10", "subnet-0a1b2c3d4e5f60b02"],
    ["10.0.3.10", "subnet-0a1b2c3d4e5f60c03"],
  ]);
  for (const { Tags, GroupSet } of interfaces) {
    expect(Tags).toEqual(
      expect.arrayContaining([
        { Key: "rollcall:cluster", Value: "lab" },
        { Key: "rollcall:role", Value: role },
      ]),
    );
    const group = `${role.charAt(0).toUpperCase()}${role.slice(1)}SecurityGroup`;
    expect(GroupSet).toEqual([{ "Fn::GetAtt": [group, "GroupId"] }]);
  }
});
