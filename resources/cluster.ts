/** The definition that a command is about. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Definition } from "../shared/cluster/definition.ts";
import { parseDefinition } from "../shared/cluster/parse.ts";
import { DefinitionError } from "../shared/cluster/problems.ts";
import { packageProblems } from "./checks.ts";
import { NODE_SCRIPT } from "./node-script.ts";

/** Those of the command line's options that matter here. */
export interface Options {
  /** Each `key=value`. */
  readonly param?: readonly string[] | null;
  readonly stage?: string | null;
  readonly region?: string | null;
}

export interface Cluster {
  /** As it was given. */
  readonly source: string;
  readonly definition: Definition;
}

const read = new Map<string, Cluster>();

/**
 * Reads and checks the definition that `--param="cluster=<path>"` names; once for each path.
 *
 * @throws with words for the user: no definition is named, it cannot be read, or everything that is wrong with it
 */
export function readCluster({ param, stage, region }: Options): Cluster {
  const source = param?.find((one) => one.startsWith("cluster="))?.slice("cluster=".length);
  if (!source) throw new Error('name the cluster\'s definition: --param="cluster=clusters/example.yml"');
  const known = read.get(source);
  if (known) return known;
  const definition = parseDefinition(textOf(source), source);
  const problems = packageProblems(definition, NODE_SCRIPT);
  if (problems.length > 0) throw new DefinitionError(source, problems);
  for (const [option, given, own] of [
    ["--stage", stage, definition.cluster],
    ["--region", region, definition.region],
  ] as const) {
    if (given && given !== own) throw new Error(`leave out ${option}: ${source} says that it is ${own}`);
  }
  const cluster = { source, definition };
  read.set(source, cluster);
  return cluster;
}

function textOf(source: string): string {
  try {
    return readFileSync(resolve(source), "utf8");
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause && cause.code === "ENOENT" ? "there is no such file" : cause;
    throw new Error(`cannot read the cluster's definition ${source}: ${why}`, { cause });
  }
}
