/** How Rollcall's things in AWS are called: the stack names them so, and the adapters find them so. */
import type { LifecycleAction } from "../lifecycle/ports.ts";

/** The lifecycle hook of every group for that kind of action. */
export function hookName(kind: LifecycleAction["kind"]): string {
  return `rollcall-${kind}`;
}

/** Tags of a pool's network interfaces: the cluster's name and the role's. */
export const CLUSTER_TAG = "rollcall:cluster";
export const ROLE_TAG = "rollcall:role";
