/** Secrets whose values CloudFormation makes: no template holds one. */
import * as v from "valibot";
import type { PasswordRequest } from "../../secrets/password.ts";
import { kind, type Site } from "../kind.ts";
import { boolean, number, tags, text } from "../scalars.ts";

const flag = v.optional(boolean, false);

const generateSecretString = v.strictObject({
  /** A JSON object, which the password is put into under the key. */
  SecretStringTemplate: text,
  GenerateStringKey: text,
  PasswordLength: v.optional(number, 32),
  ExcludeCharacters: v.optional(text, ""),
  ExcludeLowercase: flag,
  ExcludeNumbers: flag,
  ExcludePunctuation: flag,
  ExcludeUppercase: flag,
  IncludeSpace: flag,
  RequireEachIncludedType: v.optional(boolean, true),
});

const properties = v.strictObject({
  Name: v.optional(text),
  Description: v.optional(text),
  GenerateSecretString: generateSecretString,
  KmsKeyId: v.optional(text),
  Tags: tags,
});

type Generate = v.InferOutput<typeof generateSecretString>;

function requestOf(given: Generate): PasswordRequest {
  return {
    length: given.PasswordLength,
    excludeCharacters: given.ExcludeCharacters,
    excludeLowercase: given.ExcludeLowercase,
    excludeNumbers: given.ExcludeNumbers,
    excludePunctuation: given.ExcludePunctuation,
    excludeUppercase: given.ExcludeUppercase,
    includeSpace: given.IncludeSpace,
    requireEachIncludedType: given.RequireEachIncludedType,
  };
}

function generated({ cloud }: Site, given: Generate): string {
  const password = cloud.secrets.password(requestOf(given));
  const template: unknown = JSON.parse(given.SecretStringTemplate);
  return JSON.stringify({ ...Object(template), [given.GenerateStringKey]: password });
}

export const secret = kind({
  type: "AWS::SecretsManager::Secret",
  properties,
  createOnly: ["Name"],
  async create(site, { Name = site.generatedName, Description, GenerateSecretString, Tags }) {
    const answer = await site.call("secretsmanager", "CreateSecret", {
      Name,
      Description,
      Tags,
      SecretString: generated(site, GenerateSecretString),
    });
    const { ARN } = answer as { ARN: string };
    return { ref: ARN, attributes: { Id: ARN } };
  },
  /** A changed GenerateSecretString makes another value; nothing else does. */
  async update(site, made, { Description, GenerateSecretString, Tags }, before) {
    const SecretId = made.ref;
    await site.call("secretsmanager", "UpdateSecret", { SecretId, Description });
    site.cloud.secrets.tag(site.cloud.secrets.usable(SecretId), Tags);
    if (JSON.stringify(GenerateSecretString) !== JSON.stringify(before.GenerateSecretString)) {
      const SecretString = generated(site, GenerateSecretString);
      await site.call("secretsmanager", "PutSecretValue", { SecretId, SecretString });
    }
    return made;
  },
  async remove(site, { ref }) {
    await site.call("secretsmanager", "DeleteSecret", { SecretId: ref, ForceDeleteWithoutRecovery: true });
  },
});
