/**
 * Whether the secrets that a deployment counts on are there: those that the definition names, and from the second generation on
 * the admin's, which the deployment before has to have made. What they hold is never read.
 */
import {
  DescribeSecretCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import type { Definition } from "../shared/cluster/definition.ts";
import type { Problem } from "../shared/cluster/problems.ts";
import { adminSecret, type SecretId } from "../shared/cluster/security.ts";
import { isWhole } from "./secrets.ts";

/**
 * - `leaving`: scheduled for deletion, and not readable any more
 * - `unsuffixed`: named by an ARN without the six random characters at its end, which itself looks as if it had them: policies
 *   are made for the ARN as it is given, so that nobody could read it
 */
export type SecretState = "there" | "absent" | "leaving" | { readonly unsuffixed: true; readonly arn: string };

/** A secret that has to be there before the stack, and where the definition says so. */
export interface CountedOn {
  readonly path: string;
  readonly secret: SecretId;
  readonly remedy: string;
}

export function countedOn({ cluster, security }: Definition): CountedOn[] {
  if (!security) return [];
  const { certificate, authority, users, generation } = security;
  const named = (key: string, secret: SecretId | undefined, remedy: string): CountedOn[] =>
    secret === undefined ? [] : [{ path: `security.${key}`, secret, remedy }];
  return [
    ...named("certificate", certificate, "Make it first: JSON with certificate and key, each PEM"),
    ...named("authority", authority, "Make it first: JSON with authority, the PEM of whoever signed the certificate"),
    ...users.flatMap(({ name, secret }) =>
      secret === undefined
        ? []
        : [
            {
              path: `security.users.${name}.secret`,
              secret,
              remedy: 'Make it first, as {"password": "…"}, or leave it out: the stack then makes one',
            },
          ],
    ),
    ...(generation === 1
      ? []
      : [
          {
            path: "security.generation",
            secret: adminSecret(cluster, generation),
            remedy:
              "Begin with 1, and raise it by one with each deployment: nodes have to know a password before one uses it",
          },
        ]),
  ];
}

export function missingSecrets(definition: Definition, states: ReadonlyMap<SecretId, SecretState>): Problem[] {
  return countedOn(definition).flatMap(({ path, secret, remedy }): Problem[] => {
    const state = states.get(secret) ?? "absent";
    if (state === "there") return [];
    if (state === "absent") return [{ path, value: secret, problem: "there is no such secret", remedy }];
    if (typeof state === "object") {
      const problem = "this ARN lacks what Secrets Manager has added to the secret's name, and looks as if it had it";
      return [{ path, value: secret, problem, remedy: `Give it whole: ${state.arn}` }];
    }
    const restore = `aws secretsmanager restore-secret --secret-id ${secret}`;
    return [{ path, value: secret, problem: "this secret is scheduled for deletion", remedy: restore }];
  });
}

export async function secretStates(
  client: Pick<SecretsManagerClient, "send">,
  secrets: readonly SecretId[],
): Promise<ReadonlyMap<SecretId, SecretState>> {
  const states = new Map<SecretId, SecretState>();
  for (const secret of secrets) states.set(secret, await stateOf(client, secret));
  return states;
}

/** When something of each was last changed, ms since the epoch; nothing of one that is not there. */
export async function changesOf(
  client: Pick<SecretsManagerClient, "send">,
  secrets: readonly SecretId[],
): Promise<ReadonlyMap<SecretId, number>> {
  const changes = new Map<SecretId, number>();
  for (const SecretId of secrets) {
    const described = await client.send(new DescribeSecretCommand({ SecretId })).catch((error: unknown) => {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    });
    const changed = described?.LastChangedDate;
    if (changed) changes.set(SecretId, changed.getTime());
  }
  return changes;
}

async function stateOf(client: Pick<SecretsManagerClient, "send">, SecretId: SecretId): Promise<SecretState> {
  try {
    const { DeletedDate, ARN } = await client.send(new DescribeSecretCommand({ SecretId }));
    if (DeletedDate !== undefined) return "leaving";
    return ARN !== undefined && isWhole(SecretId) && ARN !== SecretId ? { unsuffixed: true, arn: ARN } : "there";
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return "absent";
    throw error;
  }
}

/** @param config of an SDK client: region and credentials */
export async function givenSecretProblems(definition: Definition, config: object): Promise<Problem[]> {
  const secrets = countedOn(definition).map(({ secret }) => secret);
  if (secrets.length === 0) return [];
  const client = new SecretsManagerClient(config);
  try {
    return missingSecrets(definition, await secretStates(client, secrets));
  } finally {
    client.destroy();
  }
}
