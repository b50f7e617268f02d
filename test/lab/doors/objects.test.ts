/** Objects through the HTTP door, by the SDK's own S3 client, and by hand as older clients send them. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HttpDoor, startHttpDoor } from "../../../lab/doors/http.ts";
import { modelCloud, START } from "./model-cloud.ts";

describe("S3 at the HTTP door", () => {
  const { cloud, log } = modelCloud();
  let door: HttpDoor;
  let client: S3Client;

  beforeAll(async () => {
    door = await startHttpDoor({ cloud, host: "127.0.0.1", port: 0, log: (line) => log.push(line) });
    client = new S3Client({
      region: "eu-central-1",
      endpoint: door.endpoint,
      credentials: { accessKeyId: "node", secretAccessKey: "none" },
      maxAttempts: 1,
    });
  });
  afterAll(async () => {
    client.destroy();
    await door.close();
    await cloud.close();
  });

  const named = { Bucket: "shared", Key: "exhibitor/lab properties" };

  it("keeps an object, and tells of it and of its absence", async () => {
    await expect(client.send(new GetObjectCommand(named))).rejects.toBeInstanceOf(NoSuchKey);
    const { ETag } = await client.send(new PutObjectCommand({ ...named, Body: "servers=ä\n" }));
    const got = await client.send(new GetObjectCommand(named));
    expect(await got.Body?.transformToString()).toBe("servers=ä\n");
    expect(got).toMatchObject({ ETag, ContentLength: 11, LastModified: new Date(START) });
    expect(await client.send(new HeadObjectCommand(named))).toMatchObject({ ETag, ContentLength: 11 });
    await client.send(new DeleteObjectCommand(named));
    await expect(client.send(new HeadObjectCommand(named))).rejects.toMatchObject({ name: "NotFound" });
  });

  it("makes an object only where there is none, if told so", async () => {
    const once = { Bucket: "shared", Key: "once", IfNoneMatch: "*" };
    await client.send(new PutObjectCommand({ ...once, Body: "first" }));
    await expect(client.send(new PutObjectCommand({ ...once, Body: "second" }))).rejects.toMatchObject({
      name: "PreconditionFailed",
      $metadata: { httpStatusCode: 412 },
    });
    const got = await client.send(new GetObjectCommand({ Bucket: "shared", Key: "once" }));
    expect(await got.Body?.transformToString()).toBe("first");
  });

  it("takes an object in chunks that are signed one by one", async () => {
    const chunks = ["5;chunk-signature=abc\r\nhello\r\n", "6;chunk-signature=abc\r\n world\r\n"];
    const response = await fetch(`${door.endpoint}/shared/chunked`, {
      method: "PUT",
      headers: {
        authorization: "AWS4-HMAC-SHA256 Credential=node/20261122/eu-central-1/s3/aws4_request, Signature=none",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      },
      body: `${chunks.join("")}0;chunk-signature=abc\r\n\r\n`,
    });
    expect(response.status).toBe(200);
    // MD5, which clients compare with their own.
    expect(response.headers.get("etag")).toBe('"5eb63bbbe01eeed093cb22bb8f5acdc3"');
    const got = await client.send(new GetObjectCommand({ Bucket: "shared", Key: "chunked" }));
    expect(await got.Body?.transformToString()).toBe("hello world");
  });

  it("refuses what it does not model", async () => {
    await expect(client.send(new ListObjectsCommand({ Bucket: "shared" }))).rejects.toMatchObject({
      name: "NotImplemented",
    });
  });
});
