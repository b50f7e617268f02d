declare module "dynalite" {
  import type { Server } from "node:http";

  interface DynaliteOptions {
    /** How long a table stays CREATING, ms; 500 where left out. */
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }

  /** A DynamoDB in memory: a server that does not listen yet. */
  export default function dynalite(options?: DynaliteOptions): Server;
}
