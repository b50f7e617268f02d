import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isServer, processesOf } from "../../lab/machines/real-processes.ts";

/** Process id of the server with that node id on the real machines of the kind made in that directory. */
export function serverOn(dir: string, id: number): string | undefined {
  for (const root of readdirSync(dir)) {
    for (const name of readdirSync(join(dir, root))) {
      const machine = join(dir, root, name);
      // Kafka's settings have it, or the mark that the script leaves on a ZooKeeper member's disk.
      const told = ["config/server.properties", "data/member.properties"].map((file) => join(machine, "home", file));
      if (!told.some((file) => existsSync(file) && readFileSync(file, "utf8").includes(`node.id=${id}\n`))) continue;
      const server = processesOf(machine).find(isServer);
      if (server !== undefined) return String(server);
    }
  }
  return undefined;
}
