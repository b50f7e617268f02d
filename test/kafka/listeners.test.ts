import { Socket } from "node:net";
import { expect, test } from "vitest";
import { probeListeners } from "../../shared/kafka/listeners.ts";
import { closedPort, fakeBroker } from "./broker.ts";

test("tells what listens from what refuses, each at once", async () => {
  const broker = await fakeBroker(() => undefined);
  try {
    const closed = await closedPort();
    expect(await probeListeners([broker.server, closed])).toEqual(
      new Map([
        [broker.server, "listening"],
        [closed, "refused"],
      ]),
    );
  } finally {
    await broker.close();
  }
});

test("what says nothing within the limit, or cannot be reached, is silent", async () => {
  const mute = new Socket();
  expect(await probeListeners(["10.0.1.10:9093"], 1, () => mute)).toEqual(new Map([["10.0.1.10:9093", "silent"]]));
  expect(mute.destroyed).toBe(true);

  const unreachable = new Socket();
  const sights = probeListeners(["10.0.1.10:9093"], 20_000, () => unreachable);
  unreachable.emit("error", Object.assign(new Error("no route"), { code: "EHOSTUNREACH" }));
  expect(await sights).toEqual(new Map([["10.0.1.10:9093", "silent"]]));
});

test("no server, no answer", async () => {
  expect(await probeListeners([])).toEqual(new Map());
});
