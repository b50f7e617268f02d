/**
 * S3's protocol for whole objects, path-style, as clients use it at an address: `/bucket/key`, the object as the body.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
import { AwsError } from "../cloud/service.ts";
import { expectBytes, expectDate, expectNumber, expectString } from "./fit.ts";
import type { Protocol } from "./protocol.ts";
import { type Misfit, toBytes, toText, type WireRequest, type WireResponse } from "./wire.ts";
import { element, escapeXml } from "./xml.ts";

const ACTIONS: Readonly<Record<string, string>> = {
  GET: "GetObject",
  HEAD: "HeadObject",
  PUT: "PutObject",
  DELETE: "DeleteObject",
};

/** Queries that make another action of it; the SDK adds `x-id`, which only names the action. */
const subresources = (query: URLSearchParams): string[] => [...query.keys()].filter((name) => name !== "x-id");

export const objectStoreProtocol: Protocol = {
  // Only a signature tells: any path could be a bucket's.
  owns: () => false,
  open(request) {
    const [bucket = "", ...key] = request.path.slice(1).split("/").map(decodeURIComponent);
    const Key = key.join("/");
    const action = Key === "" ? undefined : ACTIONS[request.method];
    const others = subresources(request.query);
    return {
      action: action !== undefined && others.length === 0 ? action : `${request.method} ${others.join(" ")}`.trim(),
      input: () => ({ Bucket: bucket, Key, ...(request.method === "PUT" && written(request)) }),
    };
  },
  answer({ name }, output, requestId) {
    const { Body, ETag, ContentLength, LastModified } = output as Readonly<Record<string, unknown>>;
    const headers = {
      ...(ETag !== undefined && { etag: expectString(ETag, "ETag") }),
      ...(LastModified !== undefined && { "last-modified": expectDate(LastModified, "LastModified").toUTCString() }),
      // The length of what a HEAD request is not sent.
      ...(name === "HeadObject" && { "content-length": String(expectNumber(ContentLength, "ContentLength")) }),
      ...(name === "GetObject" && { "content-type": "binary/octet-stream" }),
    };
    const body = name === "GetObject" ? expectBytes(Body, "Body") : new Uint8Array();
    return respond(name === "DeleteObject" ? 204 : 200, requestId, headers, body);
  },
  refuse({ code, message, status, members }, requestId) {
    const told = { Code: code, Message: message, ...members, RequestId: requestId };
    const inner = Object.entries(told).map(([name, value]) => element(name, escapeXml(value)));
    const body = toBytes(`<?xml version="1.0" encoding="UTF-8"?>\n${element("Error", inner.join(""))}`);
    return respond(status, requestId, { "content-type": "application/xml" }, body);
  },
  own: {
    unsigned: () => new AwsError("AccessDenied", "Access Denied", 403),
    misfit: ({ path, message }: Misfit) => new AwsError("InvalidRequest", `${path}: ${message}`),
    broken: (message) => new AwsError("InternalError", message, 500),
  },
};

function respond(
  status: number,
  requestId: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): WireResponse {
  return { status, headers: { ...headers, "x-amz-request-id": requestId }, body };
}

/** What a PUT says beside the object's name. */
function written(request: WireRequest) {
  const condition = request.headers["if-none-match"];
  return { Body: contentOf(request), ...(condition !== undefined && { IfNoneMatch: condition }) };
}

/**
 * The object: as it came, or out of the chunks that clients sign one by one
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html): `<size, hex>;chunk-signature=…\r\n<bytes>\r\n`, the
 * last one empty, and after it trailers, which are checksums.
 */
function contentOf({ headers, body }: WireRequest): Uint8Array {
  if (!headers["x-amz-content-sha256"]?.startsWith("STREAMING-")) return body;
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf(0x0d, at);
    const size = Number.parseInt(toText(body.subarray(at, end)).split(";")[0] ?? "", 16);
    if (end < 0 || Number.isNaN(size)) throw new AwsError("IncompleteBody", "The request body is no chunked upload.");
    if (size === 0) break;
    chunks.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return new Uint8Array(Buffer.concat(chunks));
}
