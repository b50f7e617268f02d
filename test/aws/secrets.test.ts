import type { HttpHandlerOptions, HttpRequest, HttpResponse, RequestHandler } from "@smithy/types";
import { expect, test } from "vitest";
import { awsSecrets } from "../../shared/aws/secrets.ts";

/** Secrets Manager that answers so, and what it was asked. */
function secrets(status: number, body: object) {
  const asked: unknown[] = [];
  const requestHandler: RequestHandler<HttpRequest, HttpResponse, HttpHandlerOptions> & {
    updateHttpClientConfig(): void;
    httpHandlerConfigs(): Record<string, never>;
  } = {
    metadata: { handlerProtocol: "http/1.1" },
    async handle({ headers, body: sent }) {
      asked.push([
        headers["x-amz-target"],
        JSON.parse(typeof sent === "string" ? sent : new TextDecoder().decode(sent)),
      ]);
      return { response: { statusCode: status, headers: {}, body: new TextEncoder().encode(JSON.stringify(body)) } };
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
  const port = awsSecrets({
    region: "eu-central-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    requestHandler,
  });
  return { port, asked };
}

test("a secret's present value, as JSON", async () => {
  const { port, asked } = secrets(200, { Name: "obs", SecretString: '{"password":"p1"}' });
  expect(await port.read("obs")).toEqual({ password: "p1" });
  expect(asked).toEqual([["secretsmanager.GetSecretValue", { SecretId: "obs" }]]);
});

test("throws, naming the secret, where it may not be read", async () => {
  const { port } = secrets(400, { __type: "AccessDeniedException", Message: "not authorized" });
  await expect(port.read("obs")).rejects.toThrow("could not read secret obs: AccessDeniedException");
});

test.each(["hunter2", '{"password":"hunter2"', undefined])(
  "throws without a word of what is in it: %s",
  async (value) => {
    const { port } = secrets(200, { Name: "obs", ...(value !== undefined && { SecretString: value }) });
    const error = await port.read("obs").catch((thrown: unknown) => thrown);
    expect(String(error)).toBe("Error: secret obs is not JSON");
  },
);
