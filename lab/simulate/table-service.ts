/** The cluster's table in memory, behind the cloud's door: so its calls are counted, logged and hurt like all others. */
import type { Table } from "../../shared/lifecycle/ports.ts";
import { AwsError, type Service } from "../cloud/service.ts";
import type { Write } from "../invariants/one-writer.ts";
import type { Inside } from "./containers.ts";
import { retrying } from "./retrying.ts";

export type Method = keyof Table;
/** Each, as the compiler sees to. */
const ALL: Readonly<Record<Method, true>> = {
  read: true,
  readAll: true,
  claim: true,
  release: true,
  serve: true,
  noteGeneration: true,
  save: true,
  drop: true,
  takeTurn: true,
  giveTurn: true,
  found: true,
  form: true,
  leaveFounding: true,
  saveAccess: true,
};
const METHODS = Object.keys(ALL) as readonly Method[];

/** @param changed called after every call that may have changed something */
export function tableService(table: Table, changed: (write: Write) => void): Service {
  const actions = METHODS.map((method) => [
    method,
    async (input: unknown) => {
      const parameters = input as readonly unknown[];
      const run = table[method] as (...parameters: readonly unknown[]) => Promise<unknown>;
      if (method === "read" || method === "readAll") return { answer: await run(...parameters) };
      // The table in memory takes each call at once: so these are the moments just before and after this one.
      const [before, answer, after] = await Promise.all([table.readAll(), run(...parameters), table.readAll()]);
      changed({ method, input: parameters, before, after });
      return { answer };
    },
  ]);
  return {
    name: "table",
    actions: Object.fromEntries(actions),
    unknownAction: (name) => new AwsError("UnknownOperationException", `the table has no ${name}`, 404),
  };
}

/** The table as a function sees it. */
export function tableThrough(inside: Inside): Table {
  const through =
    (method: Method) =>
    async (...parameters: readonly unknown[]) => {
      const call = () => inside.gateway.call("table", method, parameters);
      return ((await retrying(inside.clock, call)) as { readonly answer: unknown }).answer;
    };
  return Object.fromEntries(METHODS.map((method) => [method, through(method)])) as unknown as Table;
}
