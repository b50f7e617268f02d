/**
 * Processes of the lab's real machines (Linux). A process shows whose it is by one variable of its environment, which
 * everything that it starts inherits: so none is missed, however it was detached, and none is killed by mistake, as can
 * happen with a process id that was written down and meanwhile given to another.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/** Names the directory of the machine that a process belongs to. */
export const MACHINE_VARIABLE = "LAB_MACHINE";

/** How long to wait for what was killed to be gone, ms, before looking again. */
const KILL_PERIOD = 20;

/** Process ids of that machine. A process that has ended but was not waited for has no environment and does not count. */
export function processesOf(machineDirectory: string): number[] {
  const mark = `${MACHINE_VARIABLE}=${machineDirectory}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readProc(pid, "environ").includes(mark))
    .map(Number);
}

/** Servers of all machines whose directories are in that one, each with its machine's. */
export function serversIn(root: string): { readonly pid: number; readonly machine: string }[] {
  const start = `${MACHINE_VARIABLE}=${root}/`;
  return readdirSync("/proc").flatMap((name) => {
    // The command line is the shorter of the two to read.
    if (!/^\d+$/.test(name) || !isServer(Number(name))) return [];
    const mark = readProc(name, "environ").find((variable) => variable.startsWith(start));
    return mark === undefined ? [] : [{ pid: Number(name), machine: mark.slice(MACHINE_VARIABLE.length + 1) }];
  });
}

/** Main classes of Kafka and ZooKeeper. */
const SERVERS = ["kafka.Kafka", "org.apache.zookeeper.server.quorum.QuorumPeerMain"];

/** Whether it is a server of Kafka or ZooKeeper, as opposed to one of their tools. */
export function isServer(pid: number): boolean {
  return readProc(String(pid), "cmdline").some((word) => SERVERS.includes(word));
}

/** Kills (SIGKILL) what the function names until it names nothing any more: one may have been starting another. */
export async function killAll(find: () => readonly number[]): Promise<void> {
  for (let found = find(); found.length > 0; found = find()) {
    for (const pid of found) kill(pid);
    await setTimeout(KILL_PERIOD);
  }
}

/** Kills (SIGKILL) a process, or a process group where negative; without effect where there is none any more. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}

/** The zero-terminated strings of that file; none where the process is gone or another user's. */
function readProc(pid: string, file: "environ" | "cmdline"): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0");
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].some((code) => hasCode(error, code))) return [];
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
