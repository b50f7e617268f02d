import { expect, test } from "vitest";
import { roleOf } from "../../shared/cluster/definition.ts";
import { planFor } from "../../shared/lifecycle/plan.ts";
import { A, B, classic, definition, mark, plan } from "./scene.ts";

const broker = { role: roleOf(definition, "broker"), id: 1, zone: A, address: "10.0.1.50" };

test("a configuration is rendered once for each node, address and state of the quorum", () => {
  const once = plan.render(broker, mark);
  expect(plan.render({ ...broker }, { ...mark })).toBe(once);
  const others = [
    plan.render({ ...broker, id: 2 }, mark),
    plan.render({ ...broker, zone: B }, mark),
    plan.render({ ...broker, address: "10.0.1.51" }, mark),
    plan.render(broker, { ...mark, clusterId: "AAAAAAAAAAAAAAAAAAAAAA" }),
    plan.render(broker, { ...mark, formed: false }),
    plan.render({ ...broker, role: roleOf(definition, "controller"), id: 101 }, mark),
  ];
  expect(new Set([once, ...others]).size).toBe(others.length + 1);
});

test("users and ACLs are rendered once for each set of secrets, and nowhere where nobody is asked who he is", () => {
  expect(plan.access()).toBeUndefined();
  const never = classic.access();
  expect(classic.access()).toBe(never);
  expect(classic.access({ digest: "d", at: 1, versions: {}, drift: [] })).toBe(never);
  expect(classic.access({ digest: "d", at: 1, versions: { "orders-app": "v1" }, drift: [] })).not.toBe(never);
});

test("the plan up to a generation of the nodes' credential is the plan itself from the declared one on", () => {
  const { security } = classic.definition;
  if (!security) throw new Error("a classic cluster asks who is there");
  const third = planFor({ ...classic.definition, security: { ...security, generation: 3 } });
  expect(third.upTo(3)).toBe(third);
  expect(third.upTo(4)).toBe(third);
  const second = third.upTo(2);
  expect(second.definition.security?.generation).toBe(2);
  expect(third.upTo(2)).toBe(second);
  expect(third.upTo(1).definition.security?.generation).toBe(1);
  expect(plan.upTo(0)).toBe(plan);
});
