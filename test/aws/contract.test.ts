/** Every call of the adapters through real SDK clients, at the door of the lab's cloud: a model that refuses what it does not know. */
import { afterEach, expect, test } from "vitest";
import type { ScriptResult } from "../../lab/machines/machine.ts";
import { stackNames } from "../../resources/names.ts";
import { roleOf } from "../../shared/cluster/definition.ts";
import { encodeKafkaResponse } from "../../shared/kafka/wire.ts";
import { commandComment } from "../../shared/lifecycle/perform.ts";
import type { KafkaQuestion, Ports } from "../../shared/lifecycle/ports.ts";
import type { GroupSight, SentCommand } from "../../shared/lifecycle/sights.ts";
import { definition } from "../definition.ts";
import { type Lab, startLab } from "./lab.ts";

const controller = roleOf(definition, "controller");
let lab: Lab;
afterEach(() => lab.close());

const said = (answer: object, code = 0): ScriptResult => ({ code, stdout: `${JSON.stringify(answer)}\n`, stderr: "" });
const well = (action: string) => said({ ok: true, action });

/** Past the launch hook, the boot and the agent's registration. */
const LAUNCHED = 30_000;

async function groupNamed(ports: Ports, name: string): Promise<GroupSight> {
  const group = (await ports.fleet.look()).groups.find((g) => g.name === name);
  if (!group) throw new Error(`the fleet has no group ${name}`);
  return group;
}

async function launched(name: string): Promise<string> {
  await lab.clock.runFor(LAUNCHED);
  const [member] = (await groupNamed(lab.ports, name)).members;
  if (!member) throw new Error(`group ${name} has launched nothing`);
  return member.instance;
}

test("a launch: the fleet, its heartbeat, its completion, and nothing left to complete", async () => {
  lab = await startLab(well);
  const instance = await launched("lab-broker-eu-central-1a");
  const action = { group: "lab-broker-eu-central-1a", instance, kind: "launch" } as const;

  expect(await groupNamed(lab.ports, "lab-broker-eu-central-1a")).toEqual({
    name: "lab-broker-eu-central-1a",
    desired: 1,
    deleting: false,
    members: [{ instance, state: "Pending:Wait", zone: "eu-central-1a", healthy: true }],
  });
  expect(await lab.ports.fleet.heartbeat(action)).toBe("done");
  expect(await lab.ports.fleet.complete(action, "CONTINUE")).toBe("done");
  expect(await lab.ports.fleet.complete(action, "CONTINUE")).toBe("gone");
  expect(await lab.ports.fleet.heartbeat(action)).toBe("gone");
  await lab.clock.runFor(5_000);
  expect((await groupNamed(lab.ports, "lab-broker-eu-central-1a")).members).toMatchObject([
    { instance, state: "InService" },
  ]);
});

test("an unhealthy instance is replaced; once it goes it cannot be marked again", async () => {
  lab = await startLab(well);
  const instance = await launched("lab-broker-eu-central-1a");
  await lab.ports.fleet.complete({ group: "lab-broker-eu-central-1a", instance, kind: "launch" }, "CONTINUE");
  await lab.clock.runFor(5_000);

  expect(await lab.ports.fleet.markUnhealthy(instance)).toBe("done");
  await lab.clock.runFor(10_000);

  expect((await groupNamed(lab.ports, "lab-broker-eu-central-1a")).members).toContainEqual(
    expect.objectContaining({ instance, state: "Terminating:Wait", healthy: false }),
  );
  expect(await lab.ports.fleet.markUnhealthy(instance)).toBe("terminating");
  expect(
    await lab.ports.fleet.complete({ group: "lab-broker-eu-central-1a", instance, kind: "terminate" }, "CONTINUE"),
  ).toBe("done");
});

test("EC2's word on instances, known and unknown", async () => {
  lab = await startLab(well);
  const instance = await launched("lab-broker-eu-central-1a");

  expect(await lab.ports.instances.look([instance, "i-0123456789abcdef0"])).toEqual(
    new Map([
      [instance, "running"],
      ["i-0123456789abcdef0", "unknown"],
    ]),
  );
});

test("an address: seen, attached once, kept, and detached", async () => {
  lab = await startLab(well);
  const { addresses } = lab.ports;
  const [instance, other] = [
    await launched("lab-controller-eu-central-1a"),
    await launched("lab-broker-eu-central-1a"),
  ];
  const free = await addresses.look(controller, "10.0.1.10");
  const eni = free?.eni ?? "";

  expect(free).toEqual({ address: "10.0.1.10", eni: expect.stringMatching(/^eni-/), zone: "eu-central-1a" });
  expect(await addresses.look(controller, "10.0.1.11")).toBeUndefined();
  expect(await addresses.look(roleOf(definition, "broker"), "10.0.1.10")).toBeUndefined();

  expect(await addresses.attach(eni, "i-0123456789abcdef0")).toBe("not-ready");
  expect(await addresses.attach(eni, instance)).toBe("attached");
  expect(await addresses.attach(eni, other)).toBe("busy");
  await lab.clock.runFor(2_000);
  const { attachment } = (await addresses.look(controller, "10.0.1.10")) ?? {};
  expect(attachment).toEqual({
    id: expect.stringMatching(/^eni-attach-/),
    instance,
    status: "attached",
    deleteOnTermination: false,
  });
  await addresses.keepOnTermination(eni, attachment?.id ?? "");

  expect(await addresses.detach(attachment?.id ?? "")).toBe("detaching");
  expect((await addresses.look(controller, "10.0.1.10"))?.attachment?.status).toBe("detaching");
  await lab.clock.runFor(2_000);
  expect(await addresses.detach(attachment?.id ?? "")).toBe("gone");
  expect(await addresses.look(controller, "10.0.1.10")).toEqual(free);
});

test("an address of another zone is an error that says so", async () => {
  lab = await startLab(well);
  const instance = await launched("lab-controller-eu-central-1b");
  const eni = (await lab.ports.addresses.look(controller, "10.0.1.10"))?.eni ?? "";

  await expect(lab.ports.addresses.attach(eni, instance)).rejects.toThrow(
    `could not attach ${eni} to ${instance}: InvalidParameterCombination`,
  );
});

test("a command: unreachable, then sent, found by id and by comment, and answered", async () => {
  lab = await startLab((action) => said({ ok: false, action, error: "no such address" }, 1));
  const { commands, clock } = lab.ports;
  await lab.clock.runFor(6_000);
  const [{ instance } = { instance: "" }] = (await groupNamed(lab.ports, "lab-broker-eu-central-1a")).members;
  const command: SentCommand = { action: "configure", digest: "d".repeat(64), attempt: 1, sent: clock.now() };
  const order = {
    instance,
    action: "configure",
    payload: "H4sI",
    issued: 1_800_000_000_000,
    comment: commandComment(command),
    timeout: 60_000,
  } as const;

  expect(await commands.agent(instance)).toEqual({ state: "absent" });
  expect(await commands.send(order)).toBe("unreachable");
  expect(await commands.look(instance, command)).toMatchObject({ status: "unsent" });

  await launched("lab-broker-eu-central-1a");
  expect(await commands.agent(instance)).toEqual({ state: "online", address: expect.stringMatching(/^10\.0\.1\./) });
  const answer = await commands.send(order);
  if (answer === "unreachable") throw new Error("the agent is online and does not take a command");
  expect(await commands.look(instance, { ...command, id: answer.id })).toMatchObject({ status: "pending" });
  await lab.clock.runFor(2_000);
  const seen = {
    id: answer.id,
    status: "failed",
    answer: { ok: false, action: "configure", error: "no such address" },
    detail: expect.stringMatching(/^Failed: no such address/),
  };
  expect(await commands.look(instance, { ...command, id: answer.id })).toEqual(seen);
  expect(await commands.look(instance, command)).toEqual(seen);
  expect(await commands.look(instance, { ...command, attempt: 2 })).toMatchObject({ status: "unsent" });
  expect(await commands.look(instance, { ...command, sent: clock.now() + 60_000 })).toMatchObject({ status: "unsent" });
});

test("the quorum, by a node's own tools", async () => {
  const quorum = { leader: -1, voters: [], observers: [] };
  lab = await startLab((action) => said({ ok: true, action, quorum }));
  const instance = await launched("lab-controller-eu-central-1a");

  expect(await lab.ports.kafka.quorum(instance)).toEqual({ seen: true, ...quorum });
  expect(await lab.ports.kafka.quorum("i-0123456789abcdef0")).toEqual({
    seen: false,
    reason: "i-0123456789abcdef0 cannot be reached",
  });
});

test("Kafka, through its function, which may not be there or fail", async () => {
  lab = await startLab(well);
  const { kafka } = lab.ports;
  const question: KafkaQuestion = {
    bootstrap: ["10.0.1.7:9092"],
    quorum: [],
    asked: "tool",
    ids: [1],
    ignoreTopics: [],
  };
  const name = stackNames(definition).kafkaFunction;
  const unasked = (reason: string) => ({ seen: false, unasked: true, reason: expect.stringContaining(reason) });
  expect(await kafka.brokers(question)).toEqual(unasked("ResourceNotFound"));

  const asked: unknown[] = [];
  lab.cloud.functions.register({
    name,
    timeout: 10_000,
    handler: async (event) => {
      asked.push(event);
      return encodeKafkaResponse({ brokers: { seen: true, clusterId: "c", brokers: new Map() } });
    },
  });
  expect(await kafka.brokers(question)).toEqual({ seen: true, clusterId: "c", brokers: new Map() });
  expect(asked).toEqual([{ brokers: question }]);

  lab.cloud.functions.register({ name, timeout: 10_000, handler: () => Promise.reject(new Error("out of sockets")) });
  expect(await kafka.brokers(question)).toEqual(unasked("out of sockets"));
});

test("the table", async () => {
  lab = await startLab(well);
  const { table } = lab.ports;

  const { won } = await table.claim("broker", { id: 1, zone: "eu-central-1a", since: 1 }, "i-1");

  expect(won).toBe(true);
  expect((await table.read("i-1")).rosters.get("broker")?.members.get(1)?.owner).toBe("i-1");
});
