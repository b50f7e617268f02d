/**
 * Up to this heap, MiB, a JVM is better off with the serial collector and the first compiler alone: it starts in less
 * time, takes less memory, and small machines have few cores.
 */
const SMALL_HEAP = 512;

/** Flags of a server's JVM with that heap, MiB. */
export function jvmFlags(heap: number): string[] {
  const collector =
    heap <= SMALL_HEAP
      ? ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
      : ["-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35"];
  return [`-Xms${heap}m`, `-Xmx${heap}m`, ...collector, "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true"];
}
