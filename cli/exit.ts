/** What a command's exit status means, and the errors that lead to it. */

export const EXIT = {
  /** As it should be; or done. */
  fine: 0,
  /** Something is not as it should be and wants an operator; or what was asked is refused. */
  wrong: 1,
  /** Wrong arguments, or a definition that cannot be used. */
  usage: 2,
  /** AWS does not answer, or not to this caller, so that nothing can be said. */
  unreachable: 3,
  /** The program itself is wrong (EX_SOFTWARE of sysexits.h). */
  mistake: 70,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What was asked is not done, with the reason and what to do instead. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

export class UsageError extends Error {
  override readonly name = "UsageError";
}

export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Errors that the SDK throws before any service has answered. */
const ON_THE_WAY: ReadonlySet<string> = new Set(["TimeoutError", "CredentialsProviderError", "TokenProviderError"]);

/**
 * What the system or TLS says of a connection that did not come about, or broke. Named one by one: files have such codes, too
 * (`ENOENT`), and so have Node's own mistakes (`ERR_INVALID_ARG_TYPE`).
 */
export const ON_THE_LINE = new RegExp(
  `^(${[
    "ECONN(REFUSED|RESET|ABORTED)",
    "ENOTFOUND|EAI_[A-Z]+",
    "ETIMEDOUT|EPIPE|EPROTO|EADDRNOTAVAIL",
    "E(HOST|NET)(UNREACH|DOWN)",
    // What answers speaks no TLS, or no HTTP, as a proxy of another kind.
    "ERR_SSL_[A-Z0-9_]+|HPE_[A-Z_]+",
    // It is not AWS that answers, but what breaks TLS open on the way.
    "ERR_TLS_CERT_ALTNAME_INVALID|CERT_[A-Z_]+|(DEPTH_ZERO_)?SELF_SIGNED_CERT(_IN_CHAIN)?|UNABLE_TO_[A-Z_]+",
  ].join("|")})$`,
);

/** What services answer where a part of the stack does not exist. */
export const NOT_THERE = ["ResourceNotFoundException", "QueueDoesNotExist"] as const;

/** Whether it comes, in the end, from a call to AWS: refused by the service, or never answered. */
export function isAwsFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? error.code : undefined;
  const fromSdk = "$metadata" in error || "$fault" in error || ON_THE_WAY.has(error.name);
  return fromSdk || (typeof code === "string" && ON_THE_LINE.test(code)) || isAwsFailure(error.cause);
}

/** Whether a service answered with that error, whatever it was wrapped in since. */
export function wasAnswered(error: unknown, ...codes: readonly string[]): boolean {
  if (!(error instanceof Error)) return false;
  return codes.includes(error.name) || wasAnswered(error.cause, ...codes);
}
