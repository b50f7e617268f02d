/** What Rollcall uses of Secrets Manager's module: loaded as a whole with `import()`, and so bundled with nothing more than this. */
export { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
