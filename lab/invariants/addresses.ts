/**
 * Invariant 2: a fixed address is attached to the holder of its id and to nobody else. What is being detached may belong to
 * the holder before; EC2 itself attaches an interface to one instance at a time.
 */
import type { Definition } from "../../shared/cluster/definition.ts";
import { type Moment, nameOf, ownerOf } from "./moment.ts";

export function strayAddresses(
  { roles }: Pick<Definition, "roles">,
  { cloud, rosters }: Pick<Moment, "rosters"> & { readonly cloud: Pick<Moment["cloud"], "interfaces"> },
): string[] {
  const found: string[] = [];
  for (const { address, attachment } of cloud.interfaces) {
    if (!attachment || attachment.status === "detaching") continue;
    for (const role of roles) {
      const pooled = role.pool?.find((p) => p.address === address);
      if (!pooled) continue;
      const owner = ownerOf(rosters, role.name, pooled.id);
      if (owner === attachment.instance) continue;
      const name = nameOf({ role: role.name, id: pooled.id });
      found.push(`${address} is attached to ${attachment.instance}, but ${owner ?? "nobody"} holds ${name}`);
    }
  }
  return found;
}

/** Freed between the two moments, with its address still on the instance that had it: whoever takes the id over waits for that. */
export function addressesLeftBehind(
  { roles }: Pick<Definition, "roles">,
  before: Pick<Moment, "rosters">,
  { cloud, rosters }: Pick<Moment, "rosters"> & { readonly cloud: Pick<Moment["cloud"], "interfaces"> },
): string[] {
  return roles.flatMap(({ name: role, pool = [] }) =>
    pool.flatMap(({ id, address }) => {
      const owner = ownerOf(before.rosters, role, id);
      if (owner === undefined || ownerOf(rosters, role, id) === owner) return [];
      const attachment = cloud.interfaces.find((i) => i.address === address)?.attachment;
      if (attachment?.instance !== owner || attachment.status === "detaching") return [];
      return [`${nameOf({ role, id })} was freed, but ${address} is still attached to ${owner}`];
    }),
  );
}
