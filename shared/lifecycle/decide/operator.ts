/**
 * What an operator has asked for goes before the tables: a hold, the end of a launch, an id taken away. (A force is no
 * row of its own; the gates that it passes look for it.)
 */
import { roleOf } from "../../cluster/definition.ts";
import type { Facts, Plan } from "../facts.ts";
import type { TableSight } from "../sights.ts";
import type { Step } from "../steps.ts";
import { freeing } from "./gone.ts";
import { keepOpen } from "./heartbeat.ts";
import { change, hold, nodeName, type Scene } from "./scene.ts";
import { detached, letGo } from "./terminate.ts";
import { wished } from "./wish.ts";

/** Undefined: nothing is asked that applies now, and the tables decide. */
export function decideAsAsked(scene: Scene): Step | undefined {
  const { member, mine, role } = scene;
  const held = wished(scene, "hold");
  if (held) {
    const step = hold("operator/hold", `an operator holds it: ${held.reason}`, "fleet", "table");
    switch (member.state) {
      case "Pending:Wait":
        return keepOpen(scene, "launch", step);
      case "Terminating:Wait":
        return keepOpen(scene, "terminate", step);
      case "InService":
        return step;
    }
  }
  const abandoned = wished(scene, "abandon");
  if (abandoned && member.state === "Pending:Wait") {
    return change(
      "operator/abandon",
      `an operator gives its launch up: ${abandoned.reason}`,
      { kind: "complete", action: "launch", result: "ABANDON" },
      "fleet",
      "table",
    );
  }
  const released = wished(scene, "release");
  // One that launches may well claim the same id again, and nobody has asked for that one.
  if (released && mine && released.id === mine.id && mine.since <= released.since) {
    return letGo(
      scene,
      mine,
      "operator/release",
      `an operator takes ${nodeName(role, mine.id)} from it: ${released.reason}`,
    );
  }
  return undefined;
}

/** An id taken from an instance that no group lists: it may run on, and only an operator can know better. */
export function decideAsAskedOutside({ definition }: Plan, facts: Facts, table: TableSight): Step | undefined {
  const { record } = table;
  const released = wished({ facts, record }, "release");
  if (released?.id === undefined) return undefined;
  for (const { role: name, members } of table.rosters.values()) {
    const mine = members.get(released.id);
    if (mine?.owner !== facts.instance) continue;
    const role = roleOf(definition, name);
    const reason = `an operator takes ${nodeName(role, mine.id)} from it: ${released.reason}`;
    return (
      detached({ facts, role, ...(record && { record }) }, mine, "operator/release", reason) ??
      change("operator/release", reason, freeing(record, name, mine.id), "ec2", "table")
    );
  }
  return undefined;
}
