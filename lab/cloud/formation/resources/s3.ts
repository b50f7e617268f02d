/** The bucket that the deployment itself is uploaded to: kept, as the lab's functions are not. */
import * as v from "valibot";
import { kept } from "../kind.ts";
import { boolean, document, tags, text } from "../scalars.ts";

export const bucket = kept({
  type: "AWS::S3::Bucket",
  properties: v.strictObject({
    BucketName: v.optional(text),
    BucketEncryption: v.optional(
      v.strictObject({
        ServerSideEncryptionConfiguration: v.array(
          v.strictObject({
            ServerSideEncryptionByDefault: v.strictObject({ SSEAlgorithm: text }),
            BucketKeyEnabled: v.optional(boolean),
          }),
        ),
      }),
    ),
    PublicAccessBlockConfiguration: v.optional(
      v.strictObject({
        BlockPublicAcls: boolean,
        BlockPublicPolicy: boolean,
        IgnorePublicAcls: boolean,
        RestrictPublicBuckets: boolean,
      }),
    ),
    VersioningConfiguration: v.optional(v.strictObject({ Status: text })),
    Tags: tags,
  }),
  createOnly: ["BucketName"],
  made(site, { BucketName = site.generatedName.toLowerCase() }) {
    return { ref: BucketName, attributes: { Arn: `arn:aws:s3:::${BucketName}` } };
  },
});

export const bucketPolicy = kept({
  type: "AWS::S3::BucketPolicy",
  properties: v.strictObject({ Bucket: text, PolicyDocument: document }),
  createOnly: ["Bucket"],
  made: (_site, { Bucket }) => ({ ref: Bucket }),
});
