/** The stand-ins for iproute2 and the AWS CLI on a real machine. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const STAND_INS = fileURLToPath(new URL("../../lab/machines/standins", import.meta.url));

let machine = "";
let server: Server | undefined;
beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), "rollcall-guest-"));
});
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = undefined;
  rmSync(machine, { recursive: true });
});

function run(program: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(join(STAND_INS, program), words, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: "/usr/bin:/bin", LAB_MACHINE: machine, ...environment },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

describe("ip", () => {
  const ip = (words: string) => run("ip", words.split(" "));
  beforeEach(() =>
    writeFileSync(join(machine, "addresses"), "127.0.1.5\n127.0.1.10 unrouted\n127.0.1.11 down\n127.0.1.12\n"),
  );

  it("lists addresses, each on an interface of its own", async () => {
    const { stdout } = await ip("-4 -o addr");
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.replace(/\/24.*/, "")),
    ).toEqual([
      "2: eth0    inet 127.0.1.5",
      "3: eth1    inet 127.0.1.10",
      "4: eth2    inet 127.0.1.11",
      "5: eth3    inet 127.0.1.12",
    ]);
  });

  it("tells whose link is down", async () => {
    expect((await ip("-o link show dev eth2")).stdout).not.toContain("LOWER_UP");
    expect((await ip("-o link show dev eth3")).stdout).toMatch(/eth3: <.*,UP,LOWER_UP>/);
    expect((await ip("-o link show dev eth9")).code).toBe(1);
  });

  it("tells by which interface an address's packets leave", async () => {
    const way = async (address: string) => (await ip(`-4 route get 192.0.2.1 from ${address}`)).stdout;
    expect(await way("127.0.1.10")).toContain(" dev eth0 ");
    expect(await way("127.0.1.12")).toContain(" dev eth3 ");
    expect((await ip("-4 route get 192.0.2.1 from 127.0.9.9")).code).toBe(2);
  });
});

describe("aws", () => {
  const GET =
    "secretsmanager get-secret-value --region eu-central-1 --secret-id rollcall/orders/admin-1 --query [VersionId,SecretString] --output text";
  const requests: { url: string; headers: Record<string, unknown>; body: string }[] = [];

  async function cloud(status: number, body: Buffer | string): Promise<Readonly<Record<string, string>>> {
    requests.length = 0;
    server = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
      request.on("end", () => {
        requests.push({ url: request.url ?? "", headers: request.headers, body: text });
        response.writeHead(status, { "content-length": Buffer.byteLength(body) });
        response.end(body);
      });
    });
    const listening = server;
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    const address = listening.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return { AWS_ENDPOINT_URL: `http://127.0.0.1:${address.port}`, AWS_ACCESS_KEY_ID: "orders-node" };
  }

  it.each(['{"password":"abc"}', '{\n "password": "a\\"b\\\\c%s%",\t"SecretString": "no"\n}', "-----BEGIN\\n"])(
    "prints version and secret: %j",
    async (secret) => {
      const environment = await cloud(200, JSON.stringify({ ARN: "arn", VersionId: "v-1", SecretString: secret }));
      expect(await run("aws", GET.split(" "), environment)).toEqual({
        code: 0,
        stdout: `v-1\t${secret}\n`,
        stderr: "",
      });
    },
  );

  it("calls in the role that the machine has", async () => {
    await run("aws", GET.split(" "), await cloud(200, JSON.stringify({ VersionId: "v", SecretString: "s" })));
    expect(requests).toHaveLength(1);
    expect(requests[0]?.body).toBe('{"SecretId":"rollcall/orders/admin-1"}');
    expect(requests[0]?.headers).toMatchObject({ "x-amz-target": "secretsmanager.GetSecretValue" });
    expect(requests[0]?.headers.authorization).toMatch(
      /Credential=orders-node\/\d{8}\/eu-central-1\/secretsmanager\/aws4_request/,
    );
  });

  it("fails in the CLI's words where it is refused", async () => {
    const environment = await cloud(400, JSON.stringify({ __type: "AccessDeniedException", message: 'not "you"' }));
    const ran = await run("aws", GET.split(" "), environment);
    expect(ran.code).toBe(254);
    expect(ran.stderr).toContain(
      'An error occurred (AccessDeniedException) when calling the GetSecretValue operation: not "you"',
    );
  });

  it("fetches an object, whatever its bytes", async () => {
    const bytes = Buffer.from([0, 1, 2, 255, 10, 0]);
    const file = join(machine, "object");
    const ran = await run(
      "aws",
      ["s3", "cp", "--only-show-errors", "s3://bucket/a/b.tgz", file],
      await cloud(200, bytes),
    );
    expect(ran.code).toBe(0);
    expect(readFileSync(file)).toEqual(bytes);
    expect(requests[0]?.url).toBe("/bucket/a/b.tgz");
  });

  const OBJECT = "--region eu-central-1 --bucket shared --key exhibitor/orders.properties";
  const s3 = (operation: string, environment: Readonly<Record<string, string>>, ...more: readonly string[]) =>
    run("aws", ["s3api", operation, ...OBJECT.split(" "), ...more], environment);

  it("gets and puts an object by S3's own API", async () => {
    const file = join(machine, "object");
    writeFileSync(file, "one\ntwo\n\n");
    expect(await s3("put-object", await cloud(200, ""), "--body", file, "--if-none-match", "*")).toMatchObject({
      code: 0,
    });
    expect(requests).toMatchObject([
      { url: "/shared/exhibitor/orders.properties", body: "one\ntwo\n\n", headers: { "if-none-match": "*" } },
    ]);
    server?.close();
    expect((await s3("put-object", await cloud(200, ""), "--body", file)).code).toBe(0);
    expect(requests[0]?.headers).not.toHaveProperty("if-none-match");
    server?.close();
    expect((await s3("get-object", await cloud(200, "three\n\n"), file)).code).toBe(0);
    expect(readFileSync(file, "utf8")).toBe("three\n\n");
  });

  it.each([
    ["get-object", "GetObject", []],
    ["put-object", "PutObject", ["--body"]],
  ])("fails in the CLI's words where %s is refused, and leaves files as they are", async (operation, name, before) => {
    const file = join(machine, "object");
    writeFileSync(file, "mine");
    const refused = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    const ran = await s3(operation, await cloud(403, refused), ...before, file);
    expect(ran.code).toBe(254);
    expect(ran.stderr).toContain(`An error occurred (AccessDenied) when calling the ${name} operation: Access Denied`);
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  it.each([
    ["no endpoint", { AWS_ACCESS_KEY_ID: "x" }, /names no endpoint/],
    ["no role", { AWS_ENDPOINT_URL: "http://127.0.0.1:1" }, /Unable to locate credentials/],
    ["nobody there", { AWS_ENDPOINT_URL: "http://127.0.0.1:1", AWS_ACCESS_KEY_ID: "x" }, /Could not connect/],
  ])("fails where there is %s", async (_, environment, words) => {
    const ran = await run("aws", GET.split(" "), environment as Record<string, string>);
    expect(ran.code).toBe(255);
    expect(ran.stderr).toMatch(words);
  });

  it("knows no other call", async () => {
    const ran = await run("aws", ["s3", "ls"], { AWS_ENDPOINT_URL: "http://127.0.0.1:1", AWS_ACCESS_KEY_ID: "x" });
    expect(ran.code).toBe(252);
  });
});
