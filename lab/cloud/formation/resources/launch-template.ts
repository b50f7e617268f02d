import * as v from "valibot";
import { kind, type Made } from "../kind.ts";
import { boolean, number, text, texts } from "../scalars.ts";

const tagSpecifications = v.optional(
  v.array(v.strictObject({ ResourceType: text, Tags: v.array(v.strictObject({ Key: text, Value: text })) })),
);

const properties = v.strictObject({
  LaunchTemplateName: v.optional(text),
  LaunchTemplateData: v.strictObject({
    ImageId: v.optional(text),
    InstanceType: text,
    IamInstanceProfile: v.optional(v.strictObject({ Arn: v.optional(text), Name: v.optional(text) })),
    MetadataOptions: v.optional(
      v.strictObject({
        HttpTokens: v.optional(text),
        HttpEndpoint: v.optional(text),
        HttpPutResponseHopLimit: v.optional(number),
        InstanceMetadataTags: v.optional(text),
      }),
    ),
    BlockDeviceMappings: v.optional(
      v.array(
        v.strictObject({
          DeviceName: text,
          Ebs: v.strictObject({
            DeleteOnTermination: v.optional(boolean),
            Encrypted: v.optional(boolean),
            KmsKeyId: v.optional(text),
            Iops: v.optional(number),
            Throughput: v.optional(number),
            VolumeSize: v.optional(number),
            VolumeType: v.optional(text),
          }),
        }),
      ),
    ),
    SecurityGroupIds: v.optional(texts),
    TagSpecifications: tagSpecifications,
    Monitoring: v.optional(v.strictObject({ Enabled: boolean })),
    EbsOptimized: v.optional(boolean),
    UserData: v.optional(text),
  }),
  /** Of the launch template itself, which the lab keeps no tags of. */
  TagSpecifications: tagSpecifications,
  VersionDescription: v.optional(text),
});

function made(id: string, version: number): Made {
  const latest = String(version);
  return { ref: id, attributes: { LaunchTemplateId: id, LatestVersionNumber: latest, DefaultVersionNumber: "1" } };
}

export const launchTemplate = kind({
  type: "AWS::EC2::LaunchTemplate",
  properties,
  createOnly: ["LaunchTemplateName"],
  async create(site, { LaunchTemplateName = site.generatedName, LaunchTemplateData }) {
    const answer = await site.call("ec2", "CreateLaunchTemplate", { LaunchTemplateName, LaunchTemplateData });
    const { LaunchTemplate } = answer as { LaunchTemplate: { LaunchTemplateId: string } };
    return made(LaunchTemplate.LaunchTemplateId, 1);
  },
  async update(site, { ref }, { LaunchTemplateData }) {
    const input = { LaunchTemplateId: ref, LaunchTemplateData };
    const answer = await site.call("ec2", "CreateLaunchTemplateVersion", input);
    const { LaunchTemplateVersion } = answer as { LaunchTemplateVersion: { VersionNumber: number } };
    return made(ref, LaunchTemplateVersion.VersionNumber);
  },
  async remove(site, { ref }) {
    await site.call("ec2", "DeleteLaunchTemplate", { LaunchTemplateId: ref });
  },
});
