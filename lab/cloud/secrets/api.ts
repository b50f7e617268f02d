/** Secrets Manager's API, as far as it is modelled: text secrets, without rotation functions, replicas and resource policies. */
import type {
  CreateSecretCommandOutput,
  DeleteSecretCommandOutput,
  DescribeSecretCommandOutput,
  GetSecretValueCommandOutput,
  ListSecretsCommandOutput,
  PutSecretValueCommandOutput,
  UpdateSecretCommandOutput,
} from "@aws-sdk/client-secrets-manager";
import * as v from "valibot";
import { page } from "../pages.ts";
import { type Answer, AwsError, action, type Service } from "../service.ts";
import type { Secret, Secrets } from "./secrets.ts";

const refuse = (reason: string) => new AwsError("ValidationException", reason);

const DAY = 86_400_000;
/** Days, where a deletion does not say. */
const WINDOW = 30;

const secretId = v.pipe(v.string(), v.minLength(1), v.maxLength(2048));
const name = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9/_+=.@!-]{1,512}$/, "Must be a name of letters, digits and any of -/_+=.@!"),
);
/** The length alone is told of one that does not fit. */
const secretString = v.pipe(v.string("a text is needed"), v.maxBytes(65_536, "at most 65536 bytes"));
const token = v.optional(v.pipe(v.string(), v.minLength(32), v.maxLength(64)));
const tags = v.optional(v.array(v.strictObject({ Key: v.string(), Value: v.string() })), []);

export function secretsApi(secrets: Secrets): Service {
  return {
    name: "secretsmanager",
    conceals: ["SecretString", "SecretBinary"],
    actions: {
      GetSecretValue: action(
        v.strictObject({
          SecretId: secretId,
          VersionId: v.optional(v.string()),
          VersionStage: v.optional(v.string()),
        }),
        refuse,
        ({ SecretId, VersionId, VersionStage }, _caller, { asOf }): Answer<GetSecretValueCommandOutput> => {
          const secret = secrets.usable(SecretId, asOf);
          const version = secrets.version(secret, { id: VersionId, stage: VersionStage });
          return {
            ...named(secret),
            VersionId: version.id,
            SecretString: version.value.open(),
            VersionStages: [...version.stages],
            CreatedDate: new Date(version.created),
          };
        },
      ),

      DescribeSecret: action(
        v.strictObject({ SecretId: secretId }),
        refuse,
        ({ SecretId }, _caller, { asOf }): Answer<DescribeSecretCommandOutput> => {
          const secret = secrets.get(SecretId, asOf);
          const labelled = secret.versions.filter(({ stages }) => stages.length > 0);
          return {
            ...entry(secret),
            VersionIdsToStages: Object.fromEntries(labelled.map(({ id, stages }) => [id, [...stages]])),
          };
        },
      ),

      ListSecrets: action(
        v.strictObject({
          MaxResults: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(100)), 100),
          NextToken: v.optional(v.string()),
          IncludePlannedDeletion: v.optional(v.boolean(), false),
          Filters: v.optional(v.array(v.strictObject({ Key: v.literal("name"), Values: v.array(v.string()) })), []),
        }),
        refuse,
        (input, _caller, { asOf }): Answer<ListSecretsCommandOutput> => {
          const found = secrets
            .all(asOf)
            .filter(({ deletion }) => deletion === undefined || input.IncludePlannedDeletion)
            // "Prefix match, case-sensitive."
            .filter((secret) => input.Filters.every(({ Values }) => Values.some((one) => secret.name.startsWith(one))));
          const { items, next } = page(found, input.MaxResults, input.NextToken);
          return { SecretList: items.map(entry), NextToken: next };
        },
      ),

      CreateSecret: action(
        v.strictObject({
          Name: name,
          Description: v.optional(v.string()),
          SecretString: v.optional(secretString),
          ClientRequestToken: token,
          Tags: tags,
          /** The lab encrypts nothing: which key it would be changes nothing. */
          KmsKeyId: v.optional(v.string()),
        }),
        refuse,
        (input): Answer<CreateSecretCommandOutput> => {
          const { Name, Description: description, SecretString: text, ClientRequestToken } = input;
          const again = secrets.find(Name);
          // A lost answer: what was made under the same token is what is asked for.
          const same = again?.versions.find(
            ({ id, value }) => id === ClientRequestToken && value.open() === text && again.deletion === undefined,
          );
          if (again && same) return { ...named(again), VersionId: same.id };
          const secret = secrets.create({ name: Name, description, tags: input.Tags });
          if (text === undefined) return named(secret);
          const { version } = secrets.put(secret, { text, token: ClientRequestToken });
          return { ...named(secret), VersionId: version.id };
        },
      ),

      PutSecretValue: action(
        v.strictObject({
          SecretId: secretId,
          SecretString: secretString,
          ClientRequestToken: token,
          VersionStages: v.optional(v.pipe(v.array(v.string()), v.minLength(1))),
        }),
        refuse,
        ({ SecretId, SecretString, ClientRequestToken, VersionStages }): Answer<PutSecretValueCommandOutput> => {
          const { secret, version } = secrets.put(secrets.usable(SecretId), {
            text: SecretString,
            token: ClientRequestToken,
            stages: VersionStages,
          });
          return { ...named(secret), VersionId: version.id, VersionStages: [...version.stages] };
        },
      ),

      UpdateSecret: action(
        v.strictObject({
          SecretId: secretId,
          Description: v.optional(v.string()),
          SecretString: v.optional(secretString),
          ClientRequestToken: token,
          KmsKeyId: v.optional(v.string()),
        }),
        refuse,
        (input): Answer<UpdateSecretCommandOutput> => {
          const { SecretId, Description, SecretString, ClientRequestToken } = input;
          const found = secrets.usable(SecretId);
          const secret = Description === undefined ? found : secrets.describe(found, Description);
          if (SecretString === undefined) return named(secret);
          const { version } = secrets.put(secret, { text: SecretString, token: ClientRequestToken });
          return { ...named(secret), VersionId: version.id };
        },
      ),

      RestoreSecret: action(v.strictObject({ SecretId: secretId }), refuse, ({ SecretId }) =>
        named(secrets.restore(secrets.get(SecretId))),
      ),

      DeleteSecret: action(
        v.strictObject({
          SecretId: secretId,
          RecoveryWindowInDays: v.optional(v.pipe(v.number(), v.integer(), v.minValue(7), v.maxValue(30))),
          ForceDeleteWithoutRecovery: v.optional(v.boolean(), false),
        }),
        refuse,
        ({ SecretId, RecoveryWindowInDays, ForceDeleteWithoutRecovery }): Answer<DeleteSecretCommandOutput> => {
          if (ForceDeleteWithoutRecovery && RecoveryWindowInDays !== undefined) {
            throw new AwsError(
              "InvalidParameterException",
              "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
            );
          }
          const secret = secrets.get(SecretId);
          const window = ForceDeleteWithoutRecovery ? 0 : (RecoveryWindowInDays ?? WINDOW) * DAY;
          return { ...named(secret), DeletionDate: new Date(secrets.delete(secret, window)) };
        },
      ),
    },
    unknownAction: (action) =>
      new AwsError("UnknownOperationException", `The lab's Secrets Manager does not model ${action}.`),
  };
}

const named = ({ arn, name }: Secret) => ({ ARN: arn, Name: name });

function entry(secret: Secret) {
  const { description, tags, created, changed, deletion } = secret;
  return {
    ...named(secret),
    ...(description !== undefined && { Description: description }),
    ...(deletion !== undefined && { DeletedDate: new Date(deletion) }),
    Tags: tags.map((tag) => ({ ...tag })),
    CreatedDate: new Date(created),
    LastChangedDate: new Date(changed),
  };
}
