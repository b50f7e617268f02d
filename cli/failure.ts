/** What a failure means to whoever typed the command: its exit status, and what to do about it. */
import { DefinitionError } from "../shared/cluster/problems.ts";
import { CLUSTER_VARIABLE } from "./cluster.ts";
import {
  EXIT,
  type ExitCode,
  Interrupted,
  isAwsFailure,
  NOT_THERE,
  ON_THE_LINE,
  Refusal,
  UsageError,
  wasAnswered,
} from "./exit.ts";

/** Undefined: no failure of the world's, but a mistake in the program. */
export function statusOf(error: unknown): ExitCode | undefined {
  if (error instanceof UsageError || error instanceof DefinitionError) return EXIT.usage;
  if (error instanceof Refusal) return EXIT.wrong;
  if (error instanceof Interrupted) return EXIT.interrupted;
  if (wasAnswered(error, ...NOT_THERE)) return EXIT.wrong;
  if (isAwsFailure(error)) return EXIT.unreachable;
  return undefined;
}

const UNREACHED = "AWS cannot be reached: look at the network, and at AWS_ENDPOINT_URL where it is set";

/** By how the error's name ends or is; the first that fits. */
const ADVICE: readonly (readonly [names: RegExp, advice: string])[] = [
  [
    /^(CredentialsProviderError|TokenProviderError)$/,
    "no credentials were found: give them as to the AWS CLI (AWS_PROFILE, aws sso login, …)",
  ],
  [
    /^(InvalidClientTokenId|UnrecognizedClient(Exception)?|ExpiredToken(Exception)?|AuthFailure|SignatureDoesNotMatch|IncompleteSignature)$/,
    "AWS does not know these credentials, or no longer: renew them, or use others (aws sts get-caller-identity says whose they are)",
  ],
  [
    /^(AccessDenied(Exception)?|UnauthorizedOperation|NotAuthorized(Exception)?)$/,
    "these credentials may not do that: rollcall doctor lists what is missing",
  ],
  [
    /^(ResourceNotFoundException|QueueDoesNotExist)$/,
    `the stack of this cluster is not deployed in this account and region, or not from this definition (--cluster, ${CLUSTER_VARIABLE})`,
  ],
  [
    /^(CERT_|(DEPTH_ZERO_)?SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/,
    "who answers does not prove to be AWS: where a proxy opens TLS, NODE_EXTRA_CA_CERTS names its authority",
  ],
  [/^TimeoutError$/, UNREACHED],
  [ON_THE_LINE, UNREACHED],
];

/** What to do, where the error's own words do not say it. */
export function adviceOn(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof Refusal || cause instanceof UsageError) return undefined;
    const code = "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
    const found = ADVICE.find(([names]) => names.test(cause.name) || names.test(code));
    if (found) return found[1];
  }
  return undefined;
}
