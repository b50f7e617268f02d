/**
 * The systemd unit of a node. `@HOME@`, `@KAFKA_HOME@` and `@USER@` stand for what only the node knows; its script puts
 * them in (and leaves out `User=` where the machine has no such user), so that the digest is the same everywhere.
 */
import type { Role } from "../cluster/definition.ts";
import type { Unit } from "./payload.ts";

export const UNIT_NAME = "rollcall-kafka.service";

/**
 * Up to this heap, MiB, a JVM is better off with the serial collector and the first compiler alone: it starts in less
 * time, takes less memory, and small machines have few cores.
 */
const SMALL_HEAP = 512;

/** Seconds. A controlled shutdown may take five minutes in KRaft mode before Kafka goes on without it. */
export const STOP_TIMEOUT = 330;

export function kafkaUnit(role: Role, id: number): Unit {
  const lines = [
    "[Unit]",
    `Description=Kafka ${role.name} ${id}, kept by Rollcall`,
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
    `ExecStart=java ${jvmFlags(role.heap).join(" ")} -cp @KAFKA_HOME@/libs/* kafka.Kafka config/server.properties`,
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
  return { name: UNIT_NAME, content: `${lines.join("\n")}\n` };
}

function jvmFlags(heap: number): string[] {
  const collector =
    heap <= SMALL_HEAP
      ? ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
      : ["-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35"];
  return [
    `-Xms${heap}m`,
    `-Xmx${heap}m`,
    ...collector,
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dlog4j2.configurationFile=config/log4j2.properties",
  ];
}
