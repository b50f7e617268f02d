/** What `decide` may answer: the one thing to do next, the row of the tables it comes from, and why. */
import type { RoleName } from "../cluster/definition.ts";
import type { FactName } from "./facts.ts";
import type { Vacated } from "./ports.ts";
import type { AccessMark, InstanceRecord, NodeAction, Turn } from "./sights.ts";

/** `undefined` takes the attribute away. */
export type RecordPatch = {
  readonly [K in keyof Omit<InstanceRecord, "instance" | "version">]?: InstanceRecord[K] | undefined;
};

/** One change in the world. Each is a single effect, so that a crash before or after it leaves a state the tables know. */
export type Change =
  | { readonly kind: "note"; readonly patch: RecordPatch }
  | { readonly kind: "drop-record" }
  | {
      readonly kind: "claim";
      readonly role: RoleName;
      readonly id: number;
      readonly zone: string;
      readonly address?: string;
      readonly generation?: number;
    }
  | {
      readonly kind: "release";
      readonly role: RoleName;
      readonly id: number;
      readonly left: Vacated;
    }
  | { readonly kind: "serve"; readonly role: RoleName; readonly id: number; readonly address: string }
  | { readonly kind: "note-generation"; readonly role: RoleName; readonly id: number; readonly generation: number }
  | { readonly kind: "attach"; readonly eni: string }
  | { readonly kind: "keep-on-termination"; readonly eni: string; readonly attachment: string }
  | { readonly kind: "detach"; readonly attachment: string }
  | { readonly kind: "found"; readonly voters: readonly number[] }
  | { readonly kind: "form" }
  /** Its instance counts as a founder no more. */
  | { readonly kind: "leave-founding" }
  | { readonly kind: "note-access"; readonly mark: AccessMark }
  | {
      readonly kind: "send";
      readonly action: NodeAction;
      readonly digest: string;
      readonly payload: string;
      readonly attempt: number;
      /** The node's own address, kept in the record beside the command. */
      readonly address?: string;
    }
  | { readonly kind: "take-turn"; readonly turn: Omit<Turn, "since"> }
  | { readonly kind: "give-turn"; readonly turn: Turn }
  | { readonly kind: "heartbeat"; readonly action: "launch" | "terminate" }
  | { readonly kind: "complete"; readonly action: "launch" | "terminate"; readonly result: "CONTINUE" | "ABANDON" }
  | { readonly kind: "mark-unhealthy" };

export type Step = { readonly row: string; readonly reason: string } & (
  | {
      readonly do: "look";
      readonly facts: readonly FactName[];
      /** For the quorum: the instance whose Kafka tools are asked; without effect where no tool is. */
      readonly via?: string;
    }
  | { readonly do: "change"; readonly change: Change; readonly restsOn: readonly FactName[]; readonly alarm?: boolean }
  /** Nothing to do until one of these facts is another. */
  | { readonly do: "wait"; readonly on: readonly FactName[] }
  /** Like wait, but nothing Rollcall may do will end it: somebody must know. */
  | { readonly do: "hold"; readonly on: readonly FactName[] }
  | { readonly do: "settled"; readonly alarm?: boolean }
);
