import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { realClock } from "../../lab/clock.ts";
import { Hunt, secretsOf } from "../../lab/tour/hunt.ts";
import { ground } from "./cloud/ground.ts";

const SECRET = { name: "password of secret rollcall/orders/admin-1", value: "Xq7mZ2pLw9Rt4Kd8" };
const clock = realClock();
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-hunt-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(path: string, content: string, mode = 0o644): void {
  const at = join(folder, path);
  mkdirSync(dirname(at), { recursive: true });
  chmodSync(dirname(at), 0o700);
  writeFileSync(at, content, { mode });
}

const hunt = (texts: Record<string, string> = {}) =>
  new Hunt(async () => [SECRET], { texts: async () => texts, folder, clock });

describe("a secret is found", () => {
  test("in a text", async () => {
    const found = await hunt({ "the archive": `{"detail":"${SECRET.value}"}`, "the table": "{}" }).end();
    expect(found).toEqual([`${SECRET.name} is in the archive`]);
  });

  test("in any file of a machine", async () => {
    file("i-1/home/config/server.properties", `password=${SECRET.value}`);
    file("i-1/commands/3/stderr", `+ echo ${SECRET.value}`);
    expect([...(await hunt().end())].sort()).toEqual([
      `${SECRET.name} is in i-1/commands/3/stderr`,
      `${SECRET.name} is in i-1/home/config/server.properties`,
    ]);
  });

  test("among the arguments of a process that has ended since", async () => {
    const hunting = hunt();
    const child = spawn("sh", ["-c", `echo; read line # ${SECRET.value}`], { stdio: ["pipe", "pipe", "ignore"] });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    // Its first word shows that it has become what it was told to be.
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    hunting.look();
    child.stdin?.end();
    await ended;
    expect(await hunting.end()).toEqual([`${SECRET.name} is in the arguments of sh`]);
  });
});

test("where secrets are kept is no finding, but that others may read them is", async () => {
  file("i-1/home/secrets/admin-1", SECRET.value, 0o600);
  expect(await hunt().end()).toEqual([]);
  file("i-1/home/secrets/admin-2", SECRET.value, 0o640);
  expect(await hunt().end()).toEqual(["i-1/home/secrets/admin-2 is open to others: mode 640"]);
});

test("a hunt for nothing proves nothing", async () => {
  const nothing = new Hunt(async () => [], { texts: async () => ({}), folder, clock });
  expect(await nothing.end()).toEqual(["there is no secret to look for"]);
});

test("what is looked for is every secret text there is, and what it was before it was changed", async () => {
  const { call } = ground();
  const [former, present] = ["MIGHAgEAMBMGByqGSM49", "AgEGCCqGSM49AwEHBG0w"];
  const key = (line: string): string =>
    JSON.stringify({
      certificate: "that is shown to whoever connects",
      key: `-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----\n`,
    });
  await call("secretsmanager", "CreateSecret", { Name: "tls", SecretString: key(former) });
  await call("secretsmanager", "PutSecretValue", { SecretId: "tls", SecretString: key(present) });
  const found = await secretsOf({ operate: call });
  expect(found.toSorted((a, b) => (a.value < b.value ? -1 : 1))).toEqual([
    { name: "key of secret tls", value: present },
    { name: "key of secret tls", value: former },
  ]);
});
