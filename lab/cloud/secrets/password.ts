/** Passwords as Secrets Manager makes them (its API reference, "GetRandomPassword"). */
import type { Random } from "../../random.ts";

export interface PasswordRequest {
  readonly length: number;
  readonly excludeCharacters: string;
  readonly excludeLowercase: boolean;
  readonly excludeNumbers: boolean;
  readonly excludePunctuation: boolean;
  readonly excludeUppercase: boolean;
  readonly includeSpace: boolean;
  /** At least one character of each kind that is not excluded. */
  readonly requireEachIncludedType: boolean;
}

/** Throws where nothing is left to choose from, or a required kind has no room. */
export function drawPassword(random: Random, request: PasswordRequest): string {
  const kinds = kindsOf(request).map((kind) => [...kind].filter((one) => !request.excludeCharacters.includes(one)));
  const offered = kinds.filter((kind) => kind.length > 0);
  const required = request.requireEachIncludedType ? offered : [];
  if (offered.length === 0) throw new RangeError("every character is excluded");
  if (required.length > request.length) throw new RangeError(`${request.length} characters are too few for each kind`);
  const all = offered.flat();
  const drawn = Array.from({ length: request.length }, (_, index) => random.pick(required[index] ?? all));
  return random.shuffle(drawn).join("");
}

function kindsOf(request: PasswordRequest): string[] {
  return [
    request.excludeLowercase ? "" : "abcdefghijklmnopqrstuvwxyz",
    request.excludeUppercase ? "" : "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    request.excludeNumbers ? "" : "0123456789",
    request.excludePunctuation ? "" : "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    request.includeSpace ? " " : "",
  ];
}
