/** S3's API, as far as it is modelled: one object read, written or deleted as a whole. */
import type { DeleteObjectCommandOutput, HeadObjectCommandOutput, PutObjectCommandOutput } from "@aws-sdk/client-s3";
import * as v from "valibot";
import { type Answer, AwsError, action, type Service } from "../service.ts";
import type { Objects, StoredObject } from "./objects.ts";

const refuse = (reason: string) => new AwsError("InvalidRequest", reason);

const named = { Bucket: v.string(), Key: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)) };

export function objectsApi(objects: Objects): Service {
  return {
    name: "s3",
    actions: {
      GetObject: action(v.strictObject(named), refuse, ({ Bucket, Key }, _caller, { asOf }) => {
        const found = objects.get(Bucket, Key, asOf);
        return { ...described(found), Body: found.body };
      }),
      HeadObject: action(
        v.strictObject(named),
        refuse,
        ({ Bucket, Key }, _caller, { asOf }): Answer<HeadObjectCommandOutput> =>
          described(objects.get(Bucket, Key, asOf)),
      ),
      PutObject: action(
        v.strictObject({
          ...named,
          Body: v.optional(v.instance(Uint8Array), new Uint8Array()),
          // The one value that S3 takes: only where there is no such object.
          IfNoneMatch: v.exactOptional(v.literal("*")),
        }),
        refuse,
        ({ Bucket, Key, Body, IfNoneMatch }): Answer<PutObjectCommandOutput> => {
          if (IfNoneMatch !== undefined && objects.find(Bucket, Key)) {
            const words = "At least one of the pre-conditions you specified did not hold";
            throw new AwsError("PreconditionFailed", words, 412, { Condition: "If-None-Match" });
          }
          return { ETag: objects.put(Bucket, Key, Body).etag };
        },
      ),
      DeleteObject: action(v.strictObject(named), refuse, ({ Bucket, Key }): Answer<DeleteObjectCommandOutput> => {
        objects.delete(Bucket, Key);
        return {};
      }),
    },
    unknownAction: (name) => new AwsError("NotImplemented", `The lab's S3 does not model ${name}.`, 501),
  };
}

function described({ body, etag, modified }: StoredObject) {
  return { ETag: etag, ContentLength: body.length, LastModified: new Date(modified) };
}
