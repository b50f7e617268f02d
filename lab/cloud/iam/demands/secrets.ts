/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html */
import { type Demands, demand, type Fields, type Surroundings, tagKeys, text, unbound } from "./demand.ts";

/** A secret that does not exist has the ARN that its name gives it, without the random characters. */
function onSecret(action: string, id: string, input: Fields, at: Surroundings) {
  const secret = at.secret(id);
  const arn = secret?.arn ?? (id.startsWith("arn:") ? id : at.arn("secretsmanager", `secret:${id}`));
  const named = ["VersionId", "VersionStage"].flatMap((key): [string, string][] =>
    typeof input[key] === "string" ? [[`secretsmanager:${key}`, input[key]]] : [],
  );
  const tags = tagKeys(secret?.tags ?? [], "aws:ResourceTag", "secretsmanager:ResourceTag");
  return [demand(`secretsmanager:${action}`, arn, ["secretsmanager:SecretId", arn], ...named, ...tags)];
}

const byId =
  (action: string): Demands[string] =>
  (input, at) =>
    onSecret(action, text(input, "SecretId"), input, at);

export const secretsDemands: Demands = {
  GetSecretValue: byId("GetSecretValue"),
  DescribeSecret: byId("DescribeSecret"),
  PutSecretValue: byId("PutSecretValue"),
  UpdateSecret: byId("UpdateSecret"),
  DeleteSecret: byId("DeleteSecret"),
  RestoreSecret: byId("RestoreSecret"),
  CreateSecret: (input, at) => onSecret("CreateSecret", text(input, "Name"), input, at),
  ListSecrets: () => unbound("secretsmanager:ListSecrets"),
};
