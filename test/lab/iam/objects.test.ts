import { expect, test } from "vitest";
import { readPolicy } from "../../../lab/cloud/iam/policy.ts";
import { ground } from "../cloud/ground.ts";

const KEY = { Bucket: "shared", Key: "exhibitor/lab.properties" };
const ARN = "arn:aws:s3:::shared/exhibitor/lab.properties";

function withRole(actions: readonly string[]) {
  const on = ground({ administrators: ["operator"] });
  const statement = { Effect: "Allow", Action: actions, Resource: ARN };
  on.cloud.iam.roles.put({ name: "node", arn: "arn:aws:iam::123456789012:role/node", trust: [] });
  on.cloud.iam.roles.putPolicy("node", "own", readPolicy("own", { Version: "2012-10-17", Statement: [statement] }));
  const call = (action: string, input: object, role = "node") => on.cloud.call("s3", action, input, { role });
  return { on, call };
}

test("one object may be read and written, and no other", async () => {
  const { call } = withRole(["s3:GetObject", "s3:PutObject"]);
  await call("PutObject", { ...KEY, Body: new Uint8Array([1]) });
  expect(await call("GetObject", KEY)).toMatchObject({ Body: new Uint8Array([1]) });
  await call("PutObject", { ...KEY, Key: "other" }, "operator");
  for (const action of ["GetObject", "PutObject", "DeleteObject"]) {
    await expect(call(action, { ...KEY, Key: "other" })).rejects.toMatchObject({ code: "AccessDenied", status: 403 });
  }
});

test("that there is no such object is told to those who may list the bucket; to others it is forbidden", async () => {
  const { call } = withRole(["s3:GetObject"]);
  await expect(call("GetObject", KEY)).rejects.toMatchObject({ code: "AccessDenied" });
  await expect(call("GetObject", KEY, "operator")).rejects.toMatchObject({ code: "NoSuchKey", status: 404 });
});
