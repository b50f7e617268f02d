/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html */
import type { Demand } from "../evaluate.ts";
import { type Demands, demand, type Fields, type Surroundings, text } from "./demand.ts";

const arnOf = (input: Fields): string => `arn:aws:s3:::${text(input, "Bucket")}/${text(input, "Key")}`;

/** Whether there is no such object is only told to those who may list the bucket ("GetObject", Permissions). */
function reads(input: Fields, at: Surroundings): readonly Demand[] {
  const bucket = text(input, "Bucket");
  const there = at.object(bucket, text(input, "Key"));
  const listing = there ? [] : [demand("s3:ListBucket", `arn:aws:s3:::${bucket}`)];
  return [demand("s3:GetObject", arnOf(input)), ...listing];
}

export const objectsDemands: Demands = {
  GetObject: reads,
  HeadObject: reads,
  PutObject: (input) => [demand("s3:PutObject", arnOf(input))],
  DeleteObject: (input) => [demand("s3:DeleteObject", arnOf(input))],
};
