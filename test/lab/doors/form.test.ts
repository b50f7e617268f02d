import { describe, expect, it } from "vitest";
import { catalogue } from "../../../lab/doors/catalogue.ts";
import { fromForm, type QueryDialect } from "../../../lab/doors/form.ts";

const SERVICE: Record<QueryDialect, string> = { aws: "autoscaling", ec2: "ec2" };

function read(dialect: QueryDialect, action: string, form: string): object {
  const operation = catalogue.get(SERVICE[dialect])?.operations.get(action);
  if (!operation) throw new Error(`there is no ${action}`);
  return fromForm(dialect, operation.input, new URLSearchParams(form));
}

describe("a form body", () => {
  it("leaves out what belongs to the protocol", () => {
    expect(read("aws", "DescribeAutoScalingGroups", "Action=DescribeAutoScalingGroups&Version=2011-01-01")).toEqual({});
  });

  it("has an empty list as a name without a value", () => {
    expect(read("aws", "DescribeAutoScalingGroups", "AutoScalingGroupNames=")).toEqual({ AutoScalingGroupNames: [] });
  });

  it("orders lists by number, not by place or as text, gaps allowed", () => {
    const form = "InstanceId.10=i-10&InstanceId.2=i-2&InstanceId.1=i-1";
    expect(read("ec2", "TerminateInstances", form)).toEqual({ InstanceIds: ["i-1", "i-2", "i-10"] });
  });

  it("takes EC2's own name of a request member before the capitalised XML name", () => {
    const form = "MinCount=1&MaxCount=1&NetworkInterface.1.PrivateIpAddresses.1.PrivateIpAddress=10.0.1.10";
    expect(read("ec2", "RunInstances", form)).toEqual({
      MinCount: 1,
      MaxCount: 1,
      NetworkInterfaces: [{ PrivateIpAddresses: [{ PrivateIpAddress: "10.0.1.10" }] }],
    });
  });

  it.each([
    ["aws", "DescribeAutoScalingGroups", "AutoScalingGroupNames.1=a", "AutoScalingGroupNames.1"],
    ["aws", "DescribeAutoScalingGroups", "AutoScalingGroupNames=a", "AutoScalingGroupNames"],
    ["aws", "DescribeAutoScalingGroups", "AutoScalingGroupNames.member.0=a", "AutoScalingGroupNames.member.0"],
    ["aws", "DescribeAutoScalingGroups", "MaxRecords.1=1", "MaxRecords.1"],
    ["ec2", "TerminateInstances", "InstanceId.member.1=i-1", "InstanceId.member"],
    ["ec2", "DescribeInstances", "Filter.1=name", "Filter.1"],
    ["ec2", "DescribeInstances", "DryRun=yes", "DryRun"],
  ] as const)("in the dialect %s is refused where %s has %s", (dialect, action, form, path) => {
    expect(() => read(dialect, action, form)).toThrowError(expect.objectContaining({ name: "Misfit", path }));
  });
});
