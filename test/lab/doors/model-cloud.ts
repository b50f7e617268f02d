/** The modelled cloud on a clock that stands still between calls, with one subnet and machines that echo. */
import { type VirtualClock, virtualClock } from "../../../lab/clock.ts";
import { Cloud } from "../../../lab/cloud/cloud.ts";
import { LAB_DELAYS } from "../../../lab/cloud/delays.ts";
import { seededRandom } from "../../../lab/random.ts";
import { FakeMachines } from "../cloud/ground.ts";

export const START = Date.parse("2026-11-22T15:00:00Z");

export interface ModelCloud {
  readonly cloud: Cloud;
  readonly clock: VirtualClock;
  readonly log: string[];
}

/** Scripts answer with themselves and their environment. */
export function modelCloud(): ModelCloud {
  const machines = new FakeMachines();
  machines.answer = async ({ script, environment }) => ({
    code: 0,
    stdout: JSON.stringify({ script, environment }),
    stderr: "",
  });
  const log: string[] = [];
  const clock = virtualClock(START);
  const cloud = new Cloud({
    scheduler: clock,
    random: seededRandom(1),
    machines,
    region: "eu-central-1",
    delays: LAB_DELAYS,
    log: (line) => log.push(line),
  });
  cloud.ec2.subnets.add({ id: "subnet-a", vpc: "vpc-1", zone: "eu-central-1a", cidr: "10.0.1.0/24" });
  return { cloud, clock, log };
}

/** A command document of which a node gets `SSM_action`. */
export const DOCUMENT = JSON.stringify({
  schemaVersion: "2.2",
  parameters: { action: { type: "String", interpolationType: "ENV_VAR" } },
  mainSteps: [{ action: "aws:runShellScript", name: "node", inputs: { runCommand: ["node.sh"] } }],
});
