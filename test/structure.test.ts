/** The rules of the architecture that a reader could break without noticing: asserted on the source files themselves. */
import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

interface Import {
  readonly to: string;
  /** Gone when the program runs. */
  readonly type: boolean;
}

interface Source {
  readonly path: string;
  /** Without comments, as far as these rules can meet them. */
  readonly code: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const FOLDERS = ["functions", "shared", "resources", "lab", "cli", "bench", "test"];
const sources = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .map((path) => join(folder, String(path)))
    .filter((path) => path.endsWith(".ts"))
    .map(sourceOf),
);
const within = (...folders: string[]): Source[] =>
  sources.filter(({ path }) => folders.some((folder) => path.startsWith(`${folder}/`)));

function sourceOf(path: string): Source {
  const text = readFileSync(join(ROOT, path), "utf8");
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return { path, text, code, imports: importsOf(path, code) };
}

/** Of this project as paths from its root, of packages by name. */
function importsOf(path: string, code: string): Import[] {
  const resolve = (to: string): string => (to.startsWith(".") ? normalize(join(dirname(path), to)) : to);
  const stated = [...code.matchAll(/^(?:import|export)\s+(type\s+)?(?:([^;"']*?)\s*from\s+)?"([^"]+)"/gm)];
  const called = [...code.matchAll(/import\(\s*"([^"]+)"\s*\)(?=\.\w+[;\s>|)])?/g)];
  return [
    ...stated.map(([, type, names = "", to = ""]) => ({ to: resolve(to), type: !!type || allTypes(names) })),
    ...called.map(([, to = ""]) => ({ to: resolve(to), type: false })),
  ];
}

/** `{ type A, type B }` */
function allTypes(names: string): boolean {
  const inner = /^\{([^}]*)\}$/.exec(names.trim())?.[1];
  const each = (inner ?? "").split(",").filter((name) => name.trim() !== "");
  return each.length > 0 && each.every((name) => name.trim().startsWith("type "));
}

describe("the clock, timers and randomness", () => {
  /** Everything else gets a clock, or identifiers, handed in. */
  const ADAPTERS = [
    "lab/clock.ts",
    "lab/machines/real-processes.ts",
    "lab/simulate/main.ts",
    "lab/simulate/sdk-clients.ts",
    "lab/workload/connection.ts",
    "resources/plugin.ts",
    "shared/aws/clock.ts",
    "shared/aws/ids.ts",
    "shared/kafka/ensemble.ts",
    "shared/kafka/listeners.ts",
    "shared/kafka/view.ts",
  ];
  const TOUCHES =
    /(?<![.\w#])(?:Date\.now|new Date\(\)|set(?:Timeout|Interval|Immediate)\(|performance\.now|process\.(?:hrtime|uptime)|Math\.random|AbortSignal\.timeout)|"node:timers|\brandom(?:Bytes|UUID|Int|FillSync|Fill)\b|getRandomValues/;

  test("only adapters touch them", () => {
    const touching = within("functions", "shared", "resources", "lab", "cli").filter(({ code }) => TOUCHES.test(code));
    expect(touching.map(({ path }) => path).filter((path) => !ADAPTERS.includes(path))).toEqual([]);
  });
  test("each adapter still does", () => {
    for (const path of ADAPTERS) expect(sources.find((s) => s.path === path)?.code, path).toMatch(TOUCHES);
  });
});

describe("imports", () => {
  /**
   * From the ground up: a folder may use those of the lines before its own, and those beside it. Types may come from above,
   * since `lifecycle/` owns the ports that others implement.
   */
  const ORDER = [
    ["shared/terminal"],
    // A definition is checked against the settings that the configuration owns.
    ["shared/cluster", "shared/config"],
    ["shared/members"],
    ["shared/lifecycle"],
    ["shared/kafka"],
    ["shared/aws"],
    ["shared/lambda"],
    ["functions"],
    ["resources"],
    // The one knows AWS and the lab alike; the other knows the product, which never knows it.
    ["cli", "lab"],
    ["bench"],
    ["test"],
  ];
  const NOT_EACH_OTHER = new Set(["cli", "lab"]);
  const folderOf = (path: string): string => ORDER.flat().find((folder) => path.startsWith(`${folder}/`)) ?? "";
  const rankOf = (path: string): number => ORDER.findIndex((row) => row.includes(folderOf(path)));

  test("every source file has its place in the order", () => {
    expect(sources.filter(({ path }) => rankOf(path) < 0).map(({ path }) => path)).toEqual([]);
  });

  test("go one way between the folders", () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ to }) => rankOf(to) >= 0 && folderOf(to) !== folderOf(path))
        .filter(({ to, type }) => {
          const up = rankOf(to) > rankOf(path);
          const beside = NOT_EACH_OTHER.has(folderOf(path)) && NOT_EACH_OTHER.has(folderOf(to));
          return type && folderOf(to).startsWith("shared/") ? false : up || beside;
        })
        .map(({ to }) => `${path} imports ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  test("the product knows neither the lab nor the tools around it, not even by type", () => {
    const wrong = within("functions", "shared", "resources").flatMap(({ path, imports }) =>
      imports.filter(({ to }) => /^(lab|cli|bench|test)\//.test(to)).map(({ to }) => `${path} imports ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  test("decisions and rules know no SDK, no Kafka client, and do no I/O", () => {
    const FORBIDDEN =
      /^(@aws-sdk\/|@smithy\/|@aws-lambda-powertools\/|@middy\/|kafkajs|node:(fs|net|tls|http|https|dns|dgram|child_process|worker_threads|process|os)\b)/;
    const wrong = within("shared/lifecycle", "shared/members").flatMap(({ path, imports }) =>
      imports.filter(({ to }) => FORBIDDEN.test(to)).map(({ to }) => `${path} imports ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  test("no file imports itself by way of others", () => {
    expect(cycles(sources, (to) => !to.type)).toEqual([]);
    // What is deployed can be read from the ground up: there not even the types go in circles.
    expect(cycles(within("functions", "shared", "resources"), () => true)).toEqual([]);
  });

  /** Groups of files each of which reaches all the others: Tarjan's strongly connected components of more than one. */
  function cycles(files: readonly Source[], counts: (to: Import) => boolean): string[][] {
    const byPath = new Map(files.map((file) => [file.path, file]));
    const low = new Map<string, number>();
    const index = new Map<string, number>();
    const stack: string[] = [];
    const found: string[][] = [];
    const visit = (path: string): void => {
      const own = index.size;
      index.set(path, own);
      low.set(path, own);
      stack.push(path);
      for (const to of byPath.get(path)?.imports.filter(counts) ?? []) {
        if (!byPath.has(to.to)) continue;
        if (!index.has(to.to)) visit(to.to);
        if (stack.includes(to.to)) low.set(path, Math.min(low.get(path) ?? own, low.get(to.to) ?? own));
      }
      if (low.get(path) !== own) return;
      const group = stack.splice(stack.indexOf(path));
      if (group.length > 1) found.push(group.sort());
    };
    for (const path of byPath.keys()) if (!index.has(path)) visit(path);
    return found;
  }
});

describe("packages", () => {
  interface Manifest {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  }
  const { dependencies, devDependencies }: Manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const packageOf = (to: string): string => to.split("/", to.startsWith("@") ? 2 : 1).join("/");
  const isOwn = (to: string): boolean => /\.(ts|json)$/.test(to);
  const undeclared = (files: readonly Source[], types: boolean, ...declared: readonly object[]): string[] =>
    files.flatMap(({ path, imports }) =>
      imports
        .filter(({ to, type }) => (types || !type) && !isBuiltin(to) && !isOwn(to))
        .map(({ to }) => packageOf(to))
        // Some are nothing but types.
        .filter((name) => !declared.some((one) => name in one || `@types/${name}` in one))
        .map((name) => `${path} imports ${name}`),
    );

  test("that the command line and the functions load are dependencies: they run without those of development", () => {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const loaded = new Set(within("functions").concat(byPath.get("cli/main.ts") ?? []));
    for (const { imports } of loaded) {
      for (const { to, type } of imports) {
        const source = type ? undefined : byPath.get(to);
        if (source) loaded.add(source);
      }
    }
    expect([...loaded].map(({ path }) => path)).toContain("cli/aws/caller.ts");
    expect(undeclared([...loaded], false, dependencies)).toEqual([]);
  });

  test("that anything imports are declared, not somebody else's by chance", () => {
    expect(undeclared(sources, true, dependencies, devDependencies)).toEqual([]);
  });

  test("have exact versions, those of the lock file", () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      expect(version.replace(/^npm:.*@/, ""), name).toBe(packages[`node_modules/${name}`]?.version);
  });
});

test("file names are kebab-case", () => {
  const NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
  const files = [...FOLDERS, "clusters", "docs"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.parentPath.includes("__snapshots__") && entry.name !== "__snapshots__")
      .map((entry) => entry.name),
  );
  expect(files.filter((name) => !NAME.test(name))).toEqual([]);
});

test("no rule of the linter or of the compiler is switched off in what runs", () => {
  const SWITCHES = /biome-ignore|@ts-(ignore|expect-error|nocheck)/;
  const found = within("functions", "shared", "resources", "lab", "cli", "bench").filter(({ text }) =>
    SWITCHES.test(text),
  );
  expect(found.map(({ path }) => path)).toEqual([]);
});

test("no name says nothing", () => {
  const EMPTY = /(^|-)(utils?|helpers?|managers?|common|misc|data|info)(-|\.|$)/;
  expect(sources.map(({ path }) => path).filter((path) => EMPTY.test(basename(path)))).toEqual([]);
});
