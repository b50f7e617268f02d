/** Secrets Manager. What is in a secret appears in no error. */
import type { Secrets } from "../kafka/login.ts";
import { calling } from "./call.ts";
import { type Connection, clientSettings } from "./connection.ts";

/** Until Secrets Manager answers, ms. */
const ANSWER = 3_000;

/** The client is loaded at the first use, and kept. */
export function awsSecrets(connection: Connection): Secrets {
  const load = async () => {
    const api = await import("./sdk/secrets.ts");
    return { api, client: new api.SecretsManagerClient(clientSettings(connection, ANSWER)) };
  };
  let loaded: ReturnType<typeof load> | undefined;
  return {
    async read(id) {
      loaded ??= load();
      const { api, client } = await loaded;
      const command = new api.GetSecretValueCommand({ SecretId: id });
      const { SecretString } = await calling(`read secret ${id}`, client.send(command));
      try {
        return JSON.parse(SecretString ?? "");
      } catch {
        // The parser's own error would quote the value.
        throw new Error(`secret ${id} is not JSON`);
      }
    },
  };
}
