import type { Definition, Role } from "./definition.ts";
import { periodsInSeconds } from "./periods.ts";
import { Problems } from "./problems.ts";
import { securityJson } from "./security-rules.ts";
import { readDefinition } from "./validate.ts";

/**
 * Makes a definition of what a JSON document holds: the form that users write as YAML, periods in seconds.
 * Throws a DefinitionError with every problem at once; `source` names the document in it.
 */
export function parseDefinitionJson(value: unknown, source = "the packaged definition"): Definition {
  const problems = new Problems();
  const definition = readDefinition(value, problems);
  problems.throwIfAny(source);
  if (definition === undefined) throw new Error(`${source}: no definition and no problem either`);
  return definition;
}

/** The same definition as a JSON value with every default written out: `parseDefinitionJson` makes it again from that. */
export function definitionJson(definition: Definition): unknown {
  const { roles, periods, security } = definition;
  return {
    ...definition,
    roles: Object.fromEntries(roles.map((role) => [role.name, roleJson(role)])),
    ...(security === undefined ? {} : { security: securityJson(security) }),
    periods: periodsInSeconds(periods),
  };
}

function roleJson({ perZone, instanceType, ids, pool, groups, heap, volume, settings, supervisor }: Role): unknown {
  return {
    perZone,
    instanceType,
    heap,
    volume,
    ...(pool === undefined ? { ids: idsJson(ids) } : { addresses: pool }),
    groups: Object.fromEntries(groups.filter((group) => group.existing).map((group) => [group.zone, group.name])),
    settings,
    ...(supervisor === undefined ? {} : { supervisor }),
  };
}

function idsJson(ids: readonly number[]): unknown {
  const from = ids[0];
  const to = ids.at(-1);
  const gapless = from !== undefined && to !== undefined && to - from + 1 === ids.length;
  return gapless ? { from, to } : ids;
}
