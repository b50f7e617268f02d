/** LaunchTemplateData, as far as it is taken: whatever else is in it is refused. */
import * as v from "valibot";
import { tagSpecifications, tagsFor } from "./tags.ts";
import type { TemplateVersion } from "./templates.ts";

const ebs = v.strictObject({
  DeleteOnTermination: v.optional(v.boolean()),
  Encrypted: v.optional(v.boolean()),
  KmsKeyId: v.optional(v.string()),
  Iops: v.optional(v.number()),
  Throughput: v.optional(v.number()),
  VolumeSize: v.optional(v.number()),
  VolumeType: v.optional(v.picklist(["gp3", "io2"])),
});

export const templateContent = v.strictObject({
  InstanceType: v.string(),
  ImageId: v.optional(v.string()),
  IamInstanceProfile: v.optional(v.strictObject({ Arn: v.optional(v.string()), Name: v.optional(v.string()) })),
  MetadataOptions: v.optional(
    v.strictObject({
      HttpTokens: v.optional(v.picklist(["optional", "required"])),
      HttpEndpoint: v.optional(v.picklist(["enabled", "disabled"])),
      HttpPutResponseHopLimit: v.optional(v.number()),
      InstanceMetadataTags: v.optional(v.picklist(["enabled", "disabled"])),
    }),
  ),
  BlockDeviceMappings: v.optional(v.array(v.strictObject({ DeviceName: v.string(), Ebs: ebs }))),
  SecurityGroupIds: v.optional(v.array(v.string())),
  TagSpecifications: tagSpecifications,
  Monitoring: v.optional(v.strictObject({ Enabled: v.boolean() })),
  EbsOptimized: v.optional(v.boolean()),
  UserData: v.optional(v.string()),
});

export function contentOf(content: v.InferOutput<typeof templateContent>): Omit<TemplateVersion, "version"> {
  const { InstanceType, ImageId, IamInstanceProfile: profile, TagSpecifications } = content;
  const profileName = profile?.Arn ?? profile?.Name;
  return {
    instanceType: InstanceType,
    ...(ImageId !== undefined && { imageId: ImageId }),
    ...(profileName !== undefined && { profile: profileName }),
    tags: tagsFor(TagSpecifications, "instance"),
    data: content,
  };
}
