/** The secrets that a definition names and its user has to have made before it is deployed. */
import type { Definition } from "../shared/cluster/definition.ts";
import { type Authority, makeAuthority } from "./certificates.ts";
import type { Cloud } from "./cloud/cloud.ts";
import { drawPassword, type PasswordRequest } from "./cloud/secrets/password.ts";
import type { Random } from "./random.ts";

const LETTERS_AND_DIGITS: PasswordRequest = {
  length: 48,
  excludeCharacters: "",
  excludeLowercase: false,
  excludeNumbers: false,
  excludePunctuation: true,
  excludeUppercase: false,
  includeSpace: false,
  requireEachIncludedType: true,
};

/**
 * Answers who signed the nodes' certificate, where they have one.
 *
 * @param now ms since the epoch
 */
export async function provideSecrets(
  cloud: Pick<Cloud, "call">,
  { cluster, security }: Definition,
  random: Random,
  now: number,
): Promise<Authority | undefined> {
  if (!security) return undefined;
  const provide = (Name: string, content: object): Promise<object> =>
    cloud.call("secretsmanager", "CreateSecret", { Name, SecretString: JSON.stringify(content) }, { role: "operator" });
  for (const { secret } of security.users)
    if (secret !== undefined) await provide(secret, { password: drawPassword(random, LETTERS_AND_DIGITS) });
  if (security.certificate === undefined || security.authority === undefined) return undefined;
  const signer = await makeAuthority(cluster, now);
  await provide(security.certificate, await signer.issue(now));
  await provide(security.authority, { authority: signer.authority });
  return signer;
}
