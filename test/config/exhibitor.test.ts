import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Role } from "../../shared/cluster/definition.ts";
import { sharedProperties } from "../../shared/config/exhibitor.ts";
import { decodePayload, encodePayload } from "../../shared/config/payload.ts";
import { parseProperties } from "../../shared/config/properties.ts";
import { render } from "../../shared/config/render.ts";
import { definitionWith, FORMED, nodeOf } from "./cluster.ts";

const supervised = (change: Partial<Role> = {}) =>
  definitionWith({
    mode: "zookeeper",
    zookeeper: { supervisor: { kind: "exhibitor", bucket: "orders-zookeeper", key: "exhibitor/orders" }, ...change },
  });

function payloadOf(id: number, definition = supervised()) {
  return decodePayload(render(definition, nodeOf(definition, id), FORMED).payload);
}

const fileOf = (id: number, path: string, definition = supervised()): string =>
  payloadOf(id, definition).files.find((file) => file.path === path)?.content ?? "";

const unsupervised = definitionWith({ mode: "zookeeper" });

const MEMBERS = "101:10.0.1.10,102:10.0.2.10,103:10.0.3.10";

describe("the shared object", () => {
  it("says who the members are and where, and that nobody else is to change that", () => {
    expect(parseProperties(sharedProperties(supervised()))).toEqual({
      "com.netflix.exhibitor.auto-manage-instances": "0",
      "com.netflix.exhibitor.client-port": "2181",
      "com.netflix.exhibitor.connect-port": "2888",
      "com.netflix.exhibitor.election-port": "3888",
      "com.netflix.exhibitor.servers-spec": MEMBERS,
    });
  });

  it("stays as it is whatever else is configured: a change of it would restart all members at once", () => {
    const other = supervised({ heap: 2048, settings: { tickTime: "3000" } });
    expect(sharedProperties(other)).toBe(sharedProperties(supervised()));
    expect(payloadOf(101, other).digest).not.toBe(payloadOf(101).digest);
  });
});

describe("the payload", () => {
  it("brings the shared object to each member, and to nobody else", () => {
    const [one, other] = [payloadOf(101), payloadOf(103)];
    expect(one.object).toEqual({
      bucket: "orders-zookeeper",
      key: "exhibitor/orders",
      content: sharedProperties(supervised()),
    });
    expect(other.object).toEqual(one.object);
    expect(one.region).toBe("eu-central-1");
    expect(payloadOf(1).object).toBeUndefined();
    expect(payloadOf(101, unsupervised)).not.toHaveProperty("object");
    expect(payloadOf(101, unsupervised)).not.toHaveProperty("region");
  });

  it("comes out of the script's text as it went in", () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,20}[a-z0-9]$/);
    const key = fc.stringMatching(/^[A-Za-z0-9._-]{1,10}(\/[A-Za-z0-9._-]{1,10}){0,3}$/);
    const object = fc.record({ bucket: name, key, content: fc.string({ unit: "binary", minLength: 1 }) });
    fc.assert(
      fc.property(object, (shared) => {
        const payload = { ...payloadOf(101), object: { ...shared, content: shared.content.toWellFormed() } };
        expect(decodePayload(encodePayload(payload))).toEqual(payload);
      }),
      { numRuns: 50 },
    );
  });

  it("that has an object has to say where it lies", () => {
    const { region: _nowhere, ...payload } = payloadOf(101);
    expect(() => decodePayload(encodePayload(payload))).toThrow("not their region");
  });
});

describe("the node's own files", () => {
  it("name the members too, in case the shared object cannot be read", () => {
    const own = parseProperties(fileOf(102, "config/exhibitor.properties"));
    expect(own).toMatchObject({
      "auto-manage-instances": "0",
      "servers-spec": MEMBERS,
      "zookeeper-data-directory": "@HOME@/data",
      "zookeeper-install-directory": "@HOME@/data/exhibitor",
    });
    expect(own).not.toHaveProperty("java-environment");
  });

  it("have the member conduct itself as one that systemd starts", () => {
    const definition = supervised({ settings: { leaderServes: "yes", snapCount: "1&2=3" } });
    const extra = parseProperties(fileOf(101, "config/exhibitor.properties", definition))["zoo-cfg-extra"] ?? "";
    expect(Object.fromEntries(new URLSearchParams(extra))).toEqual({
      "4lw.commands.whitelist": "dump,mntr,ruok,srvr",
      "admin.enableServer": "false",
      "autopurge.purgeInterval": "1",
      "autopurge.snapRetainCount": "3",
      initLimit: "10",
      leaderServes: "yes",
      snapCount: "1&2=3",
      syncLimit: "5",
      tickTime: "2000",
    });
    expect(fileOf(101, "config/zkServer.sh")).toContain(" -Xmx512m ");
    expect(fileOf(101, "config/zkServer.sh")).toContain(" -Dzookeeper.db.autocreate=false ");
  });

  it("start Exhibitor by the name that it finds itself by among the members", () => {
    expect(fileOf(102, "config/exhibitor.sh")).toContain(
      "--hostname 10.0.2.10 --port 8080 --configcheckms 10000 --configtype s3 --s3config orders-zookeeper:exhibitor/orders " +
        "--s3region eu-central-1 --s3configprefix exhibitor/orders- &",
    );
    // Where the node script asks how the member is.
    expect(fileOf(102, "config/exhibitor.address")).toBe("10.0.2.10:8080\n");
    expect(payloadOf(102).unit.name).toBe("rollcall-zookeeper.service");
    expect(payloadOf(102).unit.content).toContain(
      "\nExecStart=bash config/exhibitor.sh @HOME@ @KAFKA_HOME@ @EXHIBITOR_HOME@\n",
    );
  });

  it.each(["config/exhibitor.sh", "config/zkServer.sh"])(
    "%s is bash, with nothing left to fill in but the home",
    (path) => {
      const script = fileOf(101, path);
      expect(spawnSync("bash", ["-n"], { input: script }).stderr.toString()).toBe("");
      expect(script.replaceAll("s|@HOME@|", "")).not.toMatch(/@[A-Z]+@/);
    },
  );
});

describe("zkServer.sh", () => {
  const homes: string[] = [];
  const pids: number[] = [];

  /** A home with the script where Exhibitor has it, and a java that only waits. */
  function home() {
    const directory = mkdtempSync(join(tmpdir(), "rollcall-exhibitor-"));
    homes.push(directory);
    const bin = join(directory, "data/exhibitor/bin");
    mkdirSync(bin, { recursive: true });
    mkdirSync(join(directory, "logs"));
    writeFileSync(join(bin, "zkServer.sh"), fileOf(101, "config/zkServer.sh"));
    writeFileSync(join(bin, "java"), "#!/bin/bash\nexec {never}<> <(:)\nread -r -t 60 -u $never\n");
    for (const script of ["zkServer.sh", "java"]) chmodSync(join(bin, script), 0o755);
    const pidFile = join(directory, "data/exhibitor/pid");
    return {
      pidFile,
      run: (verb: string) =>
        spawnSync(join(bin, "zkServer.sh"), [verb], { env: { PATH: `${bin}:/usr/bin:/bin` }, encoding: "utf8" }),
      pid: () => {
        const pid = Number(readFileSync(pidFile, "utf8"));
        pids.push(pid);
        return pid;
      },
    };
  }

  /** A process that has ended but that nobody has asked after yet has no command line. */
  function runs(pid: number): boolean {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";
    } catch {
      return false;
    }
  }

  afterEach(() => {
    for (const pid of pids.splice(0)) if (runs(pid)) process.kill(pid, "SIGKILL");
    for (const directory of homes.splice(0)) rmSync(directory, { recursive: true });
  });

  it("starts one member, shows it as jps would, and has ended it when stop returns", async () => {
    const { run, pid } = home();
    expect(run("show").stdout).toBe("");
    expect(run("start").status).toBe(0);
    const member = pid();
    await expect.poll(() => run("show").stdout).toBe(`${member} QuorumPeerMain\n`);
    expect(run("start").status).toBe(1);
    expect(run("stop").status).toBe(0);
    expect(run("show").stdout).toBe("");
    await expect.poll(() => runs(member)).toBe(false);
  });

  it("does not take a stranger that has the member's number by now for it", () => {
    const { run, pidFile } = home();
    writeFileSync(pidFile, `${process.pid}\n`);
    expect(run("show").stdout).toBe("");
    expect(run("stop").status).toBe(0);
  });
});
