/**
 * The functions' code as Lambda gets it: one minified ES module per function, what they share in chunks beside them, and
 * what is loaded only when needed (`import()`) in chunks of its own, so that it costs nothing until then.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import type { Definition } from "../shared/cluster/definition.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Function name → its source, relative to the repository. */
export const FUNCTIONS: Readonly<Record<string, string>> = {
  lifecycle: "functions/lifecycle.ts",
  sweep: "functions/sweep.ts",
  kafka: "functions/kafka.ts",
};

// CommonJS dependencies call require(), which an ES module does not have.
const REQUIRE = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

export interface BundleOptions {
  /** Folder that gets `<function>.mjs`, its chunks, and `definition.json` where a definition is given. */
  readonly outdir: string;
  /** Absolute, or relative to the repository; all of {@link FUNCTIONS} where absent. */
  readonly functions?: Readonly<Record<string, string>>;
  readonly definition?: Definition;
}

/** Bundles and writes; answers with esbuild's account of what went where, whose paths are relative to the repository. */
export async function bundle({ outdir, functions = FUNCTIONS, definition }: BundleOptions): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { ...functions },
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    minify: true,
    // Names and lines for stack traces, without the sources.
    sourcemap: true,
    sourcesContent: false,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    // The ES module side of dual packages: it is what tree-shakes, and halves the bundle.
    mainFields: ["module", "main"],
    banner: { js: REQUIRE },
    legalComments: "none",
    metafile: true,
    logLevel: "silent",
  });
  if (definition) {
    await mkdir(outdir, { recursive: true });
    await writeFile(join(outdir, "definition.json"), JSON.stringify(definition));
  }
  return metafile;
}

export interface Weight {
  /** Bytes that are read before the function can answer. */
  readonly first: number;
  /** Bytes that a function can ever load: the above and everything behind `import()`. */
  readonly total: number;
  /** Sources in the first load, relative to the repository, heaviest first. */
  readonly inputs: readonly string[];
}

/** What the function of that name loads, by esbuild's account. Throws where there is no such function in it. */
export function weigh(metafile: Metafile, name: string): Weight {
  const entry = entryOf(metafile, name);
  const first = reach(metafile, entry, ["import-statement"]);
  const total = reach(metafile, entry, ["import-statement", "dynamic-import"]);
  const inputs = new Map<string, number>();
  for (const path of first) {
    for (const [input, { bytesInOutput }] of Object.entries(metafile.outputs[path]?.inputs ?? {})) {
      inputs.set(input, (inputs.get(input) ?? 0) + bytesInOutput);
    }
  }
  return {
    first: bytes(metafile, first),
    total: bytes(metafile, total),
    inputs: [...inputs].sort(([, a], [, b]) => b - a).map(([path]) => path),
  };
}

/** Names of the files in `outdir` that make up the function: its own, its chunks, and their source maps. */
export function filesOf(metafile: Metafile, name: string): string[] {
  const reached = reach(metafile, entryOf(metafile, name), ["import-statement", "dynamic-import"]);
  return [...reached].flatMap((path) => [basename(path), `${basename(path)}.map`]).sort();
}

function entryOf(metafile: Metafile, name: string): string {
  const entry = Object.keys(metafile.outputs).find((path) => path.endsWith(`/${name}.mjs`) || path === `${name}.mjs`);
  if (entry === undefined) throw new Error(`no function ${name} among ${Object.keys(metafile.outputs).join(", ")}`);
  return entry;
}

function reach(metafile: Metafile, entry: string, kinds: readonly string[]): ReadonlySet<string> {
  const reached = new Set([entry]);
  // A Set may grow while it is walked.
  for (const path of reached) {
    for (const imported of metafile.outputs[path]?.imports ?? []) {
      if (!imported.external && kinds.includes(imported.kind)) reached.add(imported.path);
    }
  }
  return reached;
}

function bytes(metafile: Metafile, paths: ReadonlySet<string>): number {
  return [...paths].reduce((sum, path) => sum + (metafile.outputs[path]?.bytes ?? 0), 0);
}
