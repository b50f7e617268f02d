/**
 * The systemd unit of a node. `@HOME@`, `@KAFKA_HOME@`, `@EXHIBITOR_HOME@` and `@USER@` stand for what only the node knows; its
 * script puts them in (and leaves out `User=` where the machine has no such user), so that the digest is the same everywhere.
 */
import type { Definition } from "../cluster/definition.ts";
import type { Unit } from "./payload.ts";
import { programOf } from "./program.ts";
import type { Node } from "./server.ts";

/** Seconds. A controlled shutdown may take five minutes in KRaft mode before Kafka goes on without it. */
export const STOP_TIMEOUT = 330;

/** The unit's name and text; the text says nothing that differs between two machines. */
export function unitOf(definition: Definition, node: Node): Unit {
  const program = programOf(node.role);
  const lines = [
    "[Unit]",
    `Description=${program.title(node.role)} ${node.id}, kept by Rollcall`,
    "Wants=network-online.target",
    "After=network-online.target",
    // Without its volume the data directory would be an empty one, on the machine's own disk.
    "RequiresMountsFor=@HOME@/data",
    // What fails at once, ten times in a row, is broken: the unit stays failed, which Rollcall sees and acts on. A broker
    // that gives up after a minute because it finds no quorum is started again for ever.
    "StartLimitIntervalSec=120",
    "StartLimitBurst=10",
    "",
    "[Service]",
    "Type=exec",
    "User=@USER@",
    "WorkingDirectory=@HOME@",
    `ExecStart=${program.start(definition, node)}`,
    "Restart=on-failure",
    "RestartSec=1",
    // The JVM's exit status after an orderly shutdown on SIGTERM.
    "SuccessExitStatus=143",
    `TimeoutStopSec=${STOP_TIMEOUT}`,
    "LimitNOFILE=1048576",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ];
  return { name: program.unit, content: `${lines.join("\n")}\n` };
}
