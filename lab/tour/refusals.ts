/** How often nodes were refused by each other, as they have written it down. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** As Kafka's network client says it, of whichever peer refused it, or was refused for its certificate. */
const REFUSAL = /failed authentication due to/g;

/** In all servers' logs of the machines below that folder so far. */
export function refusalsIn(folder: string): number {
  let count = 0;
  for (const machine of readdirSync(folder)) {
    const logs = join(folder, machine, "home/logs");
    for (const name of filesIn(logs).filter((file) => file.startsWith("server.log"))) {
      count += readFileSync(join(logs, name), "utf8").match(REFUSAL)?.length ?? 0;
    }
  }
  return count;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
