/** What ends the lab's processes with the lab, however that ends: a process of its own, which outlives this one by just that. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const POWER_CORD = fileURLToPath(new URL("standins/power-cord", import.meta.url));

/** Of all machines whose directories are in that one (absolute), which it takes away too. */
export function plugIn(root: string): ChildProcess {
  const cord = spawn("bash", [POWER_CORD, root], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  cord.unref();
  if (cord.stdin && "unref" in cord.stdin && typeof cord.stdin.unref === "function") cord.stdin.unref();
  return cord;
}

/** Resolves once the processes and the directory are gone. */
export function pullOut(cord: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (cord.exitCode !== null || cord.signalCode !== null) {
      resolve();
      return;
    }
    cord.ref();
    cord.once("exit", () => resolve());
    cord.stdin?.end();
  });
}
