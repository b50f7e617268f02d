/** Every call that Rollcall makes, by the real SDK clients, through each door. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DOOR_KINDS, type OpenDoor, open } from "./doors.ts";
import { fakeCloud } from "./fake-cloud.ts";
import { SAMPLES, sampleOf } from "./samples.ts";

describe.each(DOOR_KINDS)("the %s door", (kind) => {
  const cloud = fakeCloud(({ service, action }) => sampleOf(`${service}:${action}`).output);
  let door: OpenDoor;
  beforeAll(async () => {
    door = await open(kind, { cloud, roles: new Map([["AKIALAB", "sweep"]]) }, "AKIALAB");
  });
  afterAll(() => door.close());

  it.each(SAMPLES)("carries $call", async (sample) => {
    const { $metadata, ...answer } = Object(await sample.send(door.clients));
    const [service, action] = sample.call.split(":");
    expect(cloud.seen.pop()).toEqual({ service, action, input: sample.input, caller: { role: "sweep" } });
    // The SDK gives bytes a method of its own.
    expect(plain(answer)).toEqual(plain(sample.output));
    expect($metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });
});

const plain = (output: object) =>
  Object.fromEntries(
    Object.entries(output).map(([name, value]) => [name, value instanceof Uint8Array ? [...value] : value]),
  );
