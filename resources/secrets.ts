/**
 * Credentials: those that the stack makes, and who may read which. Secrets Manager makes the values; none is in a template,
 * a parameter or a variable.
 */
import { createHash } from "node:crypto";
import type { Definition, Role } from "../shared/cluster/definition.ts";
import { isQuorum, kindOf } from "../shared/cluster/role-kinds.ts";
import { adminSecret, generationsMade, observerSecret, type SecretId, userSecret } from "../shared/cluster/security.ts";
import { firstUsers } from "../shared/config/credentials.ts";
import { programOf } from "../shared/config/program.ts";
import { adminSecretId, OBSERVER_SECRET, userSecretId } from "./logical-ids.ts";
import { type Resources, ref, sub } from "./template.ts";

interface OwnSecret {
  readonly logicalId: string;
  readonly name: SecretId;
  readonly description: string;
}

/**
 * Each generation of the admin's has a resource of its own, so that one more leaves those before as they are. Some stay beyond their
 * time: a node that is behind goes through each, and what Secrets Manager has made once it cannot make again.
 */
function ownSecrets({ cluster, security }: Definition): OwnSecret[] {
  if (!security) return [];
  return [
    ...generationsMade(security).map((generation) => ({
      logicalId: adminSecretId(generation),
      name: adminSecret(cluster, generation),
      description: `${cluster}: password of its nodes, generation ${generation}`,
    })),
    {
      logicalId: OBSERVER_SECRET,
      name: observerSecret(cluster),
      description: `${cluster}: password of the function that sees Kafka`,
    },
    ...security.users
      .filter(({ secret }) => secret === undefined)
      .map((user) => ({
        logicalId: userSecretId(user.name, shortHash(user.name)),
        name: userSecret(cluster, user),
        description: `${cluster}: password of the Kafka user ${user.name}`,
      })),
  ];
}

/** Names that differ in punctuation alone make the same words. */
const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);

/**
 * A change of this would make CloudFormation draw every password anew, those of running clusters included.
 * 48 letters and digits, at least one of each kind, are some 285 bits.
 */
const GENERATED = {
  SecretStringTemplate: "{}",
  GenerateStringKey: "password",
  PasswordLength: 48,
  ExcludePunctuation: true,
};

/**
 * They go with the stack: groups go first, and whatever these let in goes with the disks of their instances. Account and stack
 * share a key by default (`aws/secretsmanager`), so that reading takes no right to another.
 */
export function secretResources(definition: Definition): Resources {
  return Object.fromEntries(
    ownSecrets(definition).map(({ logicalId, name, description }) => [
      logicalId,
      {
        Type: "AWS::SecretsManager::Secret",
        Properties: { Name: name, Description: description, GenerateSecretString: GENERATED },
      },
    ]),
  );
}

/**
 * What a node of that role is ever told to fetch: for its own files, in whichever generation; the first users, which any Kafka node
 * may have to make; and, on a broker, the users that are kept as declared.
 */
export function secretsOfNode(definition: Definition, role: Role): SecretId[] {
  const { cluster, security } = definition;
  const { runs } = kindOf(role);
  const files = programOf(role).secrets(definition, role);
  const first = runs === "kafka" ? firstUsers(definition) : [];
  const passing = runs === "kafka" && security ? generationsMade(security) : [];
  const declared = isQuorum(role) ? [] : (security?.users ?? []);
  return [
    ...new Set([
      ...[...files, ...first].map(({ secret }) => secret),
      ...passing.map((generation) => adminSecret(cluster, generation)),
      ...declared.map((user) => userSecret(definition.cluster, user)),
    ]),
  ];
}

/** What the function that sees Kafka reads: its own password, and where it speaks TLS whom to believe. */
export function secretsOfObserver({ cluster, security }: Definition):
  | {
      readonly password: SecretId;
      readonly authority?: SecretId;
    }
  | undefined {
  if (!security) return undefined;
  const { encrypt, authority } = security;
  return { password: observerSecret(cluster), ...(encrypt && authority !== undefined && { authority }) };
}

/** The six random characters at the end of each secret's ARN. */
const ANY_SUFFIX = "-??????";
const WITH_SUFFIX = /-[A-Za-z0-9]{6}$/;

/**
 * Whether it is taken for an ARN with them. One without, of a name that ends like them, looks the same: a deployment asks Secrets
 * Manager.
 */
export const isWhole = (secret: SecretId): boolean => secret.startsWith("arn:") && WITH_SUFFIX.test(secret);

/** A secret's ARN for a policy: whole for the stack's own, else with what Secrets Manager adds to the name it is given by. */
export function secretArn(definition: Definition, secret: SecretId): unknown {
  const own = ownSecrets(definition).find(({ name }) => name === secret);
  if (own) return ref(own.logicalId);
  if (secret.startsWith("arn:")) return isWhole(secret) ? secret : `${secret}${ANY_SUFFIX}`;
  const here = "${AWS::Region}:${AWS::AccountId}";
  return sub(`arn:\${AWS::Partition}:secretsmanager:${here}:secret:${secret}${ANY_SUFFIX}`);
}
