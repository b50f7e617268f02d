import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { parseProperties } from "../../shared/config/properties.ts";
import { render } from "../../shared/config/render.ts";
import { serverSettings } from "../../shared/config/server.ts";
import { definitionWith, FORMED, nodeOf, QUORUM } from "../config/cluster.ts";
import { Machine, UNIT } from "./machine.ts";

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
