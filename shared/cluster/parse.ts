import { isMap, isPair, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Definition } from "./definition.ts";
import { DefinitionError, type Path, type Problem, Problems } from "./problems.ts";
import { readDefinition } from "./validate.ts";

/**
 * Makes a definition of a YAML document (JSON is YAML too). Throws a DefinitionError with every problem at once, each with its
 * line; `source` names the file in it.
 */
export function parseDefinition(text: string, source: string): Definition {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = [...document.errors, ...document.warnings].map(
    (error): Problem => ({
      path: "(YAML)",
      value: undefined,
      problem: error.message,
      remedy: "Correct the YAML there",
      line: lines.linePos(error.pos[0]).line,
    }),
  );
  if (broken.length > 0) throw new DefinitionError(source, broken);
  const problems = new Problems();
  const definition = readDefinition(document.toJS(), problems);
  problems.throwIfAny(source, (path) => {
    const offset = offsetOf(document.contents, path);
    return offset === undefined ? undefined : lines.linePos(offset).line;
  });
  if (definition === undefined) throw new Error(`${source}: no definition and no problem either`);
  return definition;
}

/** Where the value of that path begins, or its key where it has one, or whatever of the path there is. */
function offsetOf(contents: Node | null, path: Path): number | undefined {
  let node: unknown = contents;
  let offset = contents?.range?.[0];
  for (const key of path) {
    if (isSeq(node)) {
      node = typeof key === "number" ? node.items[key] : undefined;
      offset = rangeStart(node) ?? offset;
    } else if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && keyText(item.key) === String(key));
      if (pair === undefined) break;
      offset = rangeStart(pair.key) ?? offset;
      node = pair.value;
    } else break;
  }
  return offset;
}

function rangeStart(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

function keyText(key: unknown): string {
  return String((key as { value?: unknown } | null)?.value ?? key);
}
