/** What changed from one snapshot to the next, node by node. */
import { type ClusterSnapshot, inOrder, type NodeSnapshot } from "./snapshot.ts";

/** A value before and after; `undefined`: there was, or is, none. */
export interface Difference {
  readonly from?: string;
  readonly to?: string;
}

/** One node's, with only what changed. A node that came has no `from`s, one that is gone no `to`s. */
export interface Change {
  /** The node as it is now; one that is gone, as it was. */
  readonly node: NodeSnapshot;
  readonly gone: boolean;
  readonly id?: Difference;
  readonly address?: Difference;
  readonly scaling?: Difference;
  readonly ec2?: Difference;
  readonly kafka?: Difference;
  readonly status?: Difference;
}

const FIELDS = ["id", "address", "scaling", "ec2", "kafka", "status"] as const;

/** In the order of the screen; a node that only waits on, a little longer, has not changed. */
export function changes(before: ClusterSnapshot | undefined, after: ClusterSnapshot): Change[] {
  const former = new Map((before?.nodes ?? []).map((node) => [node.instance, node]));
  const present = new Set(after.nodes.map(({ instance }) => instance));
  const gone = [...former.values()].filter(({ instance }) => !present.has(instance));
  return inOrder([...after.nodes, ...gone]).flatMap((node) => {
    const was = former.get(node.instance);
    const change = compare(node, was, present.has(node.instance) ? node : undefined);
    return change ? [change] : [];
  });
}

function compare(node: NodeSnapshot, was: NodeSnapshot | undefined, is: NodeSnapshot | undefined): Change | undefined {
  const found: Partial<Record<(typeof FIELDS)[number], Difference>> = {};
  for (const field of FIELDS) {
    const from = textOf(was, field);
    const to = textOf(is, field);
    if (steady(from) === steady(to)) continue;
    found[field] = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  }
  return Object.keys(found).length === 0 ? undefined : { node, gone: !is, ...found };
}

function textOf(node: NodeSnapshot | undefined, field: (typeof FIELDS)[number]): string | undefined {
  const value = node?.[field];
  return value === undefined || value === "" ? undefined : String(value);
}

/** Without the times it names, which change as they pass. */
function steady(text: string | undefined): string | undefined {
  return text?.replace(/\b\d+(\.\d+)? ?(ms|s|min|h)\b/g, "#");
}
