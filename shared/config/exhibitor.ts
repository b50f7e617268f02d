/**
 * A ZooKeeper member that Exhibitor (com.netflix.exhibitor, 1.5.6) starts, configures and starts again. Its jars are those in
 * `libs` of Exhibitor's home, which the image has; the ZooKeeper it runs is the one of Kafka's archive.
 *
 * Exhibitor reads one object that all members share, and falls back on a node's own file for what that lacks. It restarts
 * every member within seconds where the object changes, so only what never changes is in it: who the members are. All else is in
 * the node's own file, and so reaches one node after the other. The members are in both, since Exhibitor takes an object that is
 * missing or refused for an empty list, and would make each member an ensemble of its own.
 */
import type { Definition, Role, Supervisor } from "../cluster/definition.ts";
import { kindOf, quorumRole } from "../cluster/role-kinds.ts";
import { conductSettings, memberFlags } from "./ensemble.ts";
import { LAUNCHER, MEMBER_CONTROL } from "./exhibitor-scripts.ts";
import { log4j1File, serverLogging } from "./logging.ts";
import type { SharedObject } from "./payload.ts";
import { formatProperties } from "./properties.ts";
import { DATA_DIRECTORY, type Node } from "./server.ts";

/** What Exhibitor puts before the names of the shared object's settings. */
const PREFIX = "com.netflix.exhibitor.";

/** Of its REST interface, which asks nobody who he is and may change everything: no security group opens it. */
const REST_PORT = 8080;

/** Ms. Between two looks at the member, and at the shared object. */
const CHECK = 10_000;

/** The shared object, as Rollcall keeps it: who the members are, and where. */
export function sharedProperties(definition: Pick<Definition, "cluster" | "roles">): string {
  const settings = membership(quorumRole(definition));
  return formatProperties(Object.fromEntries(Object.entries(settings).map(([name, value]) => [PREFIX + name, value])));
}

/** @throws {Error} where Exhibitor does not supervise the role */
export function sharedObject(definition: Definition, role: Role): SharedObject {
  const { bucket, key } = supervisorOf(role);
  return { bucket, key, content: sharedProperties(definition) };
}

function supervisorOf({ name, supervisor }: Role): Extract<Supervisor, { kind: "exhibitor" }> {
  if (supervisor?.kind !== "exhibitor") throw new Error(`role ${name} is not supervised by Exhibitor`);
  return supervisor;
}

function membership(role: Role): Record<string, string> {
  const { port, peerPorts } = kindOf(role);
  const [connect, election] = peerPorts;
  return {
    "servers-spec": (role.pool ?? []).map(({ id, address }) => `${id}:${address}`).join(","),
    "client-port": String(port),
    "connect-port": String(connect),
    "election-port": String(election),
    // Exhibitor would add whoever comes, and drop whoever is away for some minutes.
    "auto-manage-instances": "0",
  };
}

/** The node's own settings; `@HOME@` is put in by the launcher, as Exhibitor wants whole paths. */
function ownProperties(node: Node): string {
  const conduct = Object.entries(conductSettings(node.role));
  return formatProperties({
    ...membership(node.role),
    "check-ms": String(CHECK),
    "zoo-cfg-extra": conduct.map((setting) => setting.map(encodeURIComponent).join("=")).join("&"),
    "zookeeper-data-directory": `@HOME@/${DATA_DIRECTORY}`,
    "zookeeper-install-directory": `@HOME@/${DATA_DIRECTORY}/exhibitor`,
    "zookeeper-log-directory": `@HOME@/${DATA_DIRECTORY}`,
  });
}

/** By their paths, relative to the node's home. */
export function exhibitorFiles(definition: Definition, node: Node): Readonly<Record<string, string>> {
  const { bucket, key } = supervisorOf(node.role);
  const logging = log4j1File("config/exhibitor-log4j.properties", "logs/exhibitor.log");
  const flags = [...memberFlags(node.role), serverLogging(definition.kafka.mode).flag];
  const place = [
    ["--hostname", node.address],
    ["--port", String(REST_PORT)],
    ["--configcheckms", String(CHECK)],
    ["--configtype", "s3"],
    ["--s3config", `${bucket}:${key}`],
    ["--s3region", definition.region],
    ["--s3configprefix", `${key}-`],
  ];
  return {
    // The node script asks there how the member is.
    "config/exhibitor.address": `${node.address}:${REST_PORT}\n`,
    "config/exhibitor.properties": ownProperties(node),
    "config/exhibitor.sh": LAUNCHER.replace("@ARGUMENTS@", place.flat().join(" ")).replace("@LOGGING@", logging.flag),
    [logging.path]: logging.content,
    "config/zkServer.sh": MEMBER_CONTROL.replace("@FLAGS@", flags.join(" ")),
  };
}
