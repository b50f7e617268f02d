import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { NODE_SCRIPT } from "../../resources/node-script.ts";
import type { Mode } from "../../shared/cluster/definition.ts";
import { renderAccess } from "../../shared/config/access.ts";
import { parseProperties } from "../../shared/config/properties.ts";
import { render } from "../../shared/config/render.ts";
import { serverSettings } from "../../shared/config/server.ts";
import { definitionWith, FORMED, nodeOf, QUORUM, SECURITY } from "../config/cluster.ts";
import { Machine, SCRIPT, UNIT } from "./machine.ts";

const machines: Machine[] = [];
afterEach(() => {
  for (const machine of machines.splice(0)) machine.close();
});

it.each([
  ["a founding controller", 101, QUORUM],
  ["a controller that joins", 102, FORMED],
  ["a broker", 3, FORMED],
])("what is rendered for %s, the script takes", async (_, id, quorum) => {
  const definition = definitionWith({ settings: { "sasl.hint": " ünïcode = \\ $(touch x) `y` " } });
  const node = nodeOf(definition, id);
  const machine = new Machine([node.address]);
  machines.push(machine);
  const { payload, digest } = render(definition, node, quorum);

  const run = await machine.run("configure", payload);
  expect(run.answer).toEqual({ ok: true, action: "configure", digest, unit: "active", tombstone: false });
  expect(parseProperties(machine.read("config/server.properties"))).toEqual(serverSettings(definition, node));
  expect(readFileSync(join(machine.units, UNIT), "utf8")).not.toContain("@");
  expect((await machine.run("configure", payload)).answer.ok).toBe(true);
  expect(machine.lines("kafka-starts")).toHaveLength(1);
});

const PASSWORDS = ["admin-1", "admin-2", "observer"].map((name) => `rollcall/orders/${name}`);

function machineFor(address: string): Machine {
  const machine = new Machine([address]);
  machines.push(machine);
  for (const id of PASSWORDS) machine.secret(id, { password: `Secret${id.replace(/\W/g, "")}` });
  machine.secret("kafka/certificate", { certificate: "PEM 1", key: "PEM 2" });
  machine.secret("kafka/authority", { authority: "PEM 3" });
  machine.secret("rollcall/orders/users/app", { password: "App1password" });
  return machine;
}

it.each<[string, Mode, number, typeof QUORUM]>([
  ["a founding controller", "kraft", 101, QUORUM],
  ["a broker", "kraft", 3, FORMED],
  ["a member that founds an ensemble", "zookeeper", 101, QUORUM],
  ["a member that joins it", "zookeeper", 102, FORMED],
  ["a broker of a cluster that ZooKeeper keeps", "zookeeper", 3, FORMED],
])(
  "with security: what is rendered for %s, the script takes, and its secrets are all there",
  async (_, mode, id, quorum) => {
    const definition = definitionWith({ mode, security: SECURITY });
    const node = nodeOf(definition, id);
    const machine = machineFor(node.address);
    const { payload, digest } = render(definition, node, quorum);

    const run = await machine.run("configure", payload);
    expect(run.answer).toEqual({ ok: true, action: "configure", digest, unit: "active", tombstone: false });
    // Whatever a file refers to is a file of its own.
    for (const path of ["config/server.properties", "config/tools.properties"].filter((file) => machine.has(file))) {
      for (const [, name] of machine.read(path).matchAll(/\$\{secrets:secrets:([^}]+)\}/g)) {
        expect(machine.has(`secrets/${name}`)).toBe(true);
      }
    }
    expect(machine.has("secrets")).toBe(node.role.name !== "zookeeper");
    expect((await machine.run("configure", payload)).answer.ok).toBe(true);
  },
);

it("the users and ACLs that are declared, the script takes, and finds again as it made them", async () => {
  const definition = definitionWith({ security: SECURITY });
  const node = nodeOf(definition, 3);
  const machine = machineFor(node.address);
  await machine.run("configure", render(definition, node, FORMED).payload);
  const rendered = renderAccess(definition);
  if (!rendered) throw new Error("a definition with security has users");

  const first = await machine.run("access", rendered.payload);
  expect(first.answer).toMatchObject({ ok: true, digest: rendered.digest });
  expect(first.answer.access?.created).toContain("user app");
  expect(first.answer.access?.created).toContain("allow User:app read,write on topic orders*");
  const mark = { digest: rendered.digest, at: 0, drift: [], versions: first.answer.access?.versions ?? {} };
  const again = await machine.run("access", renderAccess(definition, mark)?.payload);
  expect(again.answer.access).toEqual({ created: [], changed: [], removed: [], versions: mark.versions });
});

it("what goes into the document is the same script without its comments", async () => {
  const [machine, other] = [machineFor("10.0.1.10"), machineFor("10.0.1.10")];
  const packed = join(machine.bin, "document.sh");
  writeFileSync(packed, NODE_SCRIPT);
  expect(NODE_SCRIPT).toMatch(/^#!\/bin\/bash\n#\n# Rollcall on a node/);
  expect(NODE_SCRIPT.split("\n").length).toBeLessThan(readFileSync(SCRIPT, "utf8").split("\n").length - 50);
  const definition = definitionWith({ security: SECURITY });
  const { payload } = render(definition, nodeOf(definition, 101), QUORUM);
  const runs = await Promise.all([machine.run("configure", payload, {}, packed), other.run("configure", payload, {})]);
  expect(runs[0]?.answer).toEqual(runs[1]?.answer);
  expect(runs[0]?.answer.ok).toBe(true);
});

it("a Kafka to install, and the volume, as rendered, the script takes", async () => {
  const archive = { url: "s3://artifacts/kafka_2.13-4.3.1.tgz", sha512: "0123456789abcdef".repeat(8) };
  const definition = definitionWith({ nodes: { archive } });
  const node = nodeOf(definition, 1);
  const machine = new Machine([node.address]);
  machines.push(machine);
  machine.uncue("mounts");
  const { payload } = render(definition, node, FORMED);

  const lacking = await machine.run("configure", payload);
  expect(lacking.answer.error).toMatch(`fetching ${archive.url} failed`);
  writeFileSync(join(machine.kafka, "libs/kafka-clients-4.3.1.jar"), "");
  machine.cue("users", "kafka\n");
  machine.cue("lsblk");
  expect((await machine.run("configure", payload)).answer.error).toMatch("must have one EBS volume for its data");
  machine.mountData();
  expect((await machine.run("configure", payload)).answer.ok).toBe(true);
});
