/** What a modelled quorum begins with, and begins with again where nobody has anything of it any more. */
import { expect, test } from "vitest";
import { virtualClock } from "../../lab/clock.ts";
import { ModelledKafka } from "../../lab/machines/modelled-kafka.ts";
import type { Launch } from "../../lab/machines/modelled-process.ts";
import { address, CLUSTER_ID, directory, FOUNDERS } from "./modelled-cluster.ts";

const clock = virtualClock(1_700_000_000_000);

/** A controller on an empty disk, formatted with that user. */
function founding(kafka: ModelledKafka, ids: readonly number[], id: number, user: string) {
  const founders = ids.map((one) => ({ id: one, directoryId: directory(one) }));
  const launch: Launch = {
    role: "controller",
    id,
    instance: `i-${id}-${user}`,
    zone: "eu-central-1a",
    address: address(id),
    directory: {
      directoryId: directory(id),
      clusterId: CLUSTER_ID,
      founders,
      users: new Map([[user, { password: "p", version: "v1" }]]),
      logs: new Map(),
      metadata: false,
    },
    autoJoin: true,
    members: [],
    authorizes: false,
    digest: "d",
  };
  return kafka.start(launch, () => {});
}

test("a quorum whose only founder comes again on an empty disk begins with what that was formatted with", async () => {
  const kafka = new ModelledKafka({ clock });
  const first = founding(kafka, [101], 101, "admin-1");
  expect(await clock.runUntilTrue(() => kafka.hasQuorum, 60_000)).toBe(true);
  kafka.access.addAcl("User:stranger * ALLOW ALL TOPIC LITERAL *");
  expect([...kafka.access.users.keys()]).toEqual(["admin-1"]);
  first.kill();
  founding(kafka, [101], 101, "admin-3");
  expect(await clock.runUntilTrue(() => kafka.hasQuorum, 60_000)).toBe(true);
  expect([...kafka.access.users.keys()]).toEqual(["admin-3"]);
  expect([...kafka.access.acls]).toEqual([]);
});

test("while others have its metadata, nothing begins again", async () => {
  const kafka = new ModelledKafka({ clock });
  const ids = FOUNDERS.map((voter) => Number(voter.split("@")[0]));
  const [first] = ids.map((id) => founding(kafka, ids, id, "admin-1"));
  expect(await clock.runUntilTrue(() => kafka.hasQuorum, 60_000)).toBe(true);
  kafka.access.setUser("orders-app", { password: "p", version: "v1" });
  if (first) first.kill();
  founding(kafka, ids, 101, "admin-3");
  expect(await clock.runUntilTrue(() => kafka.hasQuorum && kafka.processes().length === 3, 60_000)).toBe(true);
  await clock.runFor(60_000);
  expect([...kafka.access.users.keys()]).toEqual(["admin-1", "orders-app"]);
});
