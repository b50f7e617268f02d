/** What a role's instances are launched from. */
import { CLUSTER_TAG, ROLE_TAG } from "../shared/aws/names.ts";
import type { Definition, Role, Volume } from "../shared/cluster/definition.ts";
import { launchTemplateId, nodeProfileId, securityGroupId } from "./logical-ids.ts";
import { launchTemplateName } from "./names.ts";
import { getAtt, type Resources } from "./template.ts";

/** Only roles with a group of the stack's own need one. */
export function launchTemplateResources(definition: Definition): Resources {
  const own = definition.roles.filter((role) => role.groups.some((group) => !group.existing));
  return Object.fromEntries(own.map((role) => [launchTemplateId(role.name), launchTemplate(definition, role)]));
}

function launchTemplate(definition: Definition, role: Role): Resources[string] {
  const { cluster, nodes } = definition;
  const name = launchTemplateName(definition, role.name);
  const data = { DeviceName: DATA_DEVICE, Ebs: volume(role.volume) };
  return {
    Type: "AWS::EC2::LaunchTemplate",
    Properties: {
      LaunchTemplateName: name,
      LaunchTemplateData: {
        ImageId: nodes.image ?? amazonLinux(role.instanceType),
        InstanceType: role.instanceType,
        IamInstanceProfile: { Arn: getAtt(nodeProfileId(role.name), "Arn") },
        SecurityGroupIds: [getAtt(securityGroupId(role.name), "GroupId")],
        // Instance metadata by session only, and not for anything that runs in a container on the node.
        MetadataOptions: { HttpEndpoint: "enabled", HttpTokens: "required", HttpPutResponseHopLimit: 1 },
        // The root volume of an image of the user's own is encrypted where the image or the account says so.
        BlockDeviceMappings: nodes.image === undefined ? [{ DeviceName: ROOT_DEVICE, Ebs: ROOT }, data] : [data],
        TagSpecifications: [
          {
            ResourceType: "volume",
            Tags: [
              { Key: CLUSTER_TAG, Value: cluster },
              { Key: ROLE_TAG, Value: role.name },
              { Key: "Name", Value: name },
            ],
          },
        ],
      },
    },
  };
}

/** As Amazon Linux names its root device. */
const ROOT_DEVICE = "/dev/xvda";
const ROOT = { VolumeSize: 16, VolumeType: "gp3", Encrypted: true, DeleteOnTermination: true };
/** The node script finds the volume by its being blank, whatever the device is called there. */
const DATA_DEVICE = "/dev/sdf";

function volume({ size, type, iops, throughput }: Volume) {
  return {
    VolumeSize: size,
    VolumeType: type,
    ...(iops !== undefined && { Iops: iops }),
    ...(throughput !== undefined && { Throughput: throughput }),
    Encrypted: true,
    DeleteOnTermination: true,
  };
}

/** Amazon Linux 2023's newest image at the time of the deployment (its user guide, "Launching AL2023 using the SSM parameter"). */
function amazonLinux(instanceType: string): string {
  const parameter = `al2023-ami-kernel-default-${isGraviton(instanceType) ? "arm64" : "x86_64"}`;
  return `{{resolve:ssm:/aws/service/ami-amazon-linux-latest/${parameter}}}`;
}

/** A family's letters after its generation have a `g` for Graviton: `m7gd`, `im4gn`; `g5` has it before. a1 was the first. */
function isGraviton(instanceType: string): boolean {
  return /^(a1|[a-z]+\d+[a-z]*g[a-z]*)\./.test(instanceType);
}
