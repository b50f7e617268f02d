/** Paged answers: the token is the position, which is all a model needs. */
import { AwsError } from "./service.ts";

export interface Page<T> {
  readonly items: T[];
  readonly next: string | undefined;
}

/** Throws `refuse` for a token that no answer gave. */
export function page<T>(
  items: readonly T[],
  size: number,
  token: string | undefined,
  refuse: () => AwsError = () => new AwsError("InvalidNextToken", `The token '${token}' is invalid.`),
): Page<T> {
  const start = token === undefined ? 0 : Number(token);
  if (!Number.isInteger(start) || start < 0) throw refuse();
  const end = start + size;
  return { items: items.slice(start, end), next: end < items.length ? String(end) : undefined };
}
