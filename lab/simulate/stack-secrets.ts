/** The secrets that the stack makes, and the user before it: each once, with a password that says whose it is. */
import type { Definition } from "../../shared/cluster/definition.ts";
import { adminSecret, generationsMade, observerSecret, userSecret } from "../../shared/cluster/security.ts";
import type { Secrets } from "../../shared/kafka/login.ts";
import type { Cloud } from "../cloud/cloud.ts";

/** Secrets of a definition that are not there yet. */
export async function makeSecrets(cloud: Cloud, { cluster, security }: Definition): Promise<void> {
  if (!security) return;
  const make = async (Name: string, content: object): Promise<void> => {
    if (cloud.secrets.find(Name)) return;
    const input = { Name, SecretString: JSON.stringify(content) };
    await cloud.call("secretsmanager", "CreateSecret", input, { role: "deployer" });
  };
  const ids = [
    ...generationsMade(security).map((generation) => adminSecret(cluster, generation)),
    observerSecret(cluster),
    ...security.users.map((user) => userSecret(cluster, user)),
  ];
  for (const id of ids) await make(id, { password: `password of ${id}` });
  if (security.certificate !== undefined) {
    await make(security.certificate, { certificate: "a certificate", key: "its key" });
  }
  if (security.authority !== undefined) await make(security.authority, { authority: "its authority" });
}

/** As a role reads them that may read all. */
export function secretsOf(cloud: Cloud): Secrets {
  return {
    async read(id) {
      const answer = await cloud.call("secretsmanager", "GetSecretValue", { SecretId: id }, { role: "kafka" });
      return JSON.parse("SecretString" in answer ? String(answer.SecretString) : "");
    },
  };
}

/** Without a call; undefined where there is no such secret, or no password in it. */
export function passwordIn({ secrets }: Cloud, id: string): string | undefined {
  const text = secrets
    .find(id)
    ?.versions.findLast(({ stages }) => stages.includes("AWSCURRENT"))
    ?.value.open();
  const content: unknown = text === undefined ? undefined : JSON.parse(text);
  const found = typeof content === "object" && content !== null && "password" in content ? content.password : undefined;
  return typeof found === "string" ? found : undefined;
}
