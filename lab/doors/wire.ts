/** One HTTP message, as both doors see it, and what is wrong with one that does not fit. */
export interface WireRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * A value that its shape does not allow: in a request the caller's fault, in an answer the model's.
 * `unknown`: the value is a member that the shape does not have. `missing`: a required one is not there.
 */
export class Misfit extends Error {
  readonly kind: "unknown" | "missing" | "wrong";
  /** Where, e.g. `Filters[0].Name`. */
  readonly path: string;

  constructor(kind: Misfit["kind"], path: string, message: string) {
    super(message);
    this.name = "Misfit";
    this.kind = kind;
    this.path = path;
  }
}

export const at = (path: string, member: string): string => (path ? `${path}.${member}` : member);

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const toBytes = (text: string): Uint8Array => encoder.encode(text);
export const toText = (bytes: Uint8Array): string => decoder.decode(bytes);
