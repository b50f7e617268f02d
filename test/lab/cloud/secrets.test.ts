import { describe, expect, test } from "vitest";
import { Sealed } from "../../../lab/cloud/secrets/sealed.ts";
import { AwsError, type Call, type Outcome } from "../../../lab/cloud/service.ts";
import { type Ground, ground } from "./ground.ts";

const VALUE = "s3cret-of-the-test";
const TOKEN = "00000000-0000-4000-8000-000000000001";
const OTHER_TOKEN = "00000000-0000-4000-8000-000000000002";

interface Value {
  readonly ARN: string;
  readonly Name: string;
  readonly VersionId: string;
  readonly SecretString: string;
  readonly VersionStages: readonly string[];
}

const call = <Output = Value>(on: Ground, action: string, input: object) =>
  on.call<Output>("secretsmanager", action, input);
const refused = (on: Ground, action: string, input: object) => on.refused("secretsmanager", action, input);

async function made(on: Ground, name = "rollcall/lab/admin-1", text = VALUE): Promise<string> {
  const { ARN } = await call(on, "CreateSecret", { Name: name, SecretString: text });
  return ARN;
}

describe("a secret's value", () => {
  test("is read by name, by ARN and by ARN without its random end", async () => {
    const on = ground();
    const arn = await made(on);
    expect(arn).toMatch(
      /^arn:aws:secretsmanager:eu-central-1:123456789012:secret:rollcall\/lab\/admin-1-[A-Za-z0-9]{6}$/,
    );
    for (const SecretId of ["rollcall/lab/admin-1", arn, arn.slice(0, -7)]) {
      expect(await call(on, "GetSecretValue", { SecretId })).toMatchObject({
        ARN: arn,
        Name: "rollcall/lab/admin-1",
        SecretString: VALUE,
        VersionStages: ["AWSCURRENT"],
      });
    }
  });

  test("that is put anew is current, and the one before is the previous, until the next", async () => {
    const on = ground();
    const SecretId = await made(on, "a", "one");
    const read = async (VersionStage: string) =>
      (await call(on, "GetSecretValue", { SecretId, VersionStage })).SecretString;
    await call(on, "PutSecretValue", { SecretId, SecretString: "two" });
    expect([await read("AWSCURRENT"), await read("AWSPREVIOUS")]).toEqual(["two", "one"]);
    const { VersionId } = await call(on, "PutSecretValue", { SecretId, SecretString: "three" });
    expect([await read("AWSCURRENT"), await read("AWSPREVIOUS")]).toEqual(["three", "two"]);
    expect(await call(on, "GetSecretValue", { SecretId, VersionId })).toMatchObject({ SecretString: "three" });
    const { VersionIdsToStages } = await call<{ VersionIdsToStages: object }>(on, "DescribeSecret", { SecretId });
    expect(Object.values(VersionIdsToStages)).toEqual([["AWSPREVIOUS"], ["AWSCURRENT"]]);
  });

  test("put under a label of its own leaves the current one", async () => {
    const on = ground();
    const SecretId = await made(on, "a", "one");
    await call(on, "PutSecretValue", { SecretId, SecretString: "next", VersionStages: ["AWSPENDING"] });
    expect(await call(on, "GetSecretValue", { SecretId })).toMatchObject({ SecretString: "one" });
    expect(await call(on, "GetSecretValue", { SecretId, VersionStage: "AWSPENDING" })).toMatchObject({
      SecretString: "next",
    });
  });

  test("is made and put once, however often it is asked for under one token, and never another", async () => {
    const on = ground();
    const create = { Name: "a", SecretString: "one", ClientRequestToken: TOKEN };
    const first = await call(on, "CreateSecret", create);
    expect(await call(on, "CreateSecret", create)).toEqual(first);
    expect(await refused(on, "CreateSecret", { ...create, SecretString: "x" })).toMatchObject({
      code: "ResourceExistsException",
    });
    const put = { SecretId: "a", SecretString: "two", ClientRequestToken: OTHER_TOKEN };
    expect(await call(on, "PutSecretValue", put)).toEqual(await call(on, "PutSecretValue", put));
    expect(await refused(on, "PutSecretValue", { ...put, SecretString: "x" })).toMatchObject({
      code: "ResourceExistsException",
    });
    const { VersionIdsToStages } = await call<{ VersionIdsToStages: object }>(on, "DescribeSecret", { SecretId: "a" });
    expect(Object.keys(VersionIdsToStages)).toEqual([TOKEN, OTHER_TOKEN]);
  });

  test("is the former one to a reader that lags", async () => {
    let stale = false;
    const on = ground({ faults: { before: () => (stale ? { staleBy: 5_000 } : undefined) } });
    const SecretId = await made(on, "a", "one");
    await on.clock.runFor(10_000);
    await call(on, "PutSecretValue", { SecretId, SecretString: "two" });
    await on.clock.runFor(1_000);
    stale = true;
    expect(await call(on, "GetSecretValue", { SecretId })).toMatchObject({ SecretString: "one" });
  });
});

describe("Secrets Manager refuses", () => {
  test.each([
    ["what there is not", "GetSecretValue", { SecretId: "none" }, "ResourceNotFoundException"],
    ["a version there is not", "GetSecretValue", { SecretId: "a", VersionId: TOKEN }, "ResourceNotFoundException"],
    [
      "a label on nothing",
      "GetSecretValue",
      { SecretId: "a", VersionStage: "AWSPREVIOUS" },
      "ResourceNotFoundException",
    ],
    ["a name that is taken", "CreateSecret", { Name: "a", SecretString: "x" }, "ResourceExistsException"],
    ["a name that cannot be one", "CreateSecret", { Name: "a b", SecretString: "x" }, "ValidationException"],
    ["bytes", "PutSecretValue", { SecretId: "a", SecretBinary: new Uint8Array(1) }, "ValidationException"],
    ["what is not modelled", "RotateSecret", { SecretId: "a" }, "UnknownOperationException"],
  ])("%s", async (_what, action, input, code) => {
    const on = ground();
    await made(on, "a");
    expect(await refused(on, action, input)).toMatchObject({ code, status: 400 });
  });

  test("a value that does not fit, without telling it", async () => {
    const on = ground();
    for (const SecretString of [VALUE.repeat(10_000), 42_4242]) {
      const { message } = await refused(on, "CreateSecret", { Name: "a", SecretString });
      expect(message).toContain("SecretString");
      expect(message).not.toMatch(/s3cret|424242/);
    }
  });

  test("to read or to replace one that is scheduled for deletion; one deleted for good leaves its name free", async () => {
    const on = ground();
    await made(on, "a");
    await call(on, "DeleteSecret", { SecretId: "a", RecoveryWindowInDays: 7 });
    expect(await refused(on, "GetSecretValue", { SecretId: "a" })).toMatchObject({ code: "InvalidRequestException" });
    const again = await refused(on, "CreateSecret", { Name: "a", SecretString: "x" });
    expect(again).toMatchObject({ code: "InvalidRequestException" });
    expect(again.message).toContain("already scheduled for deletion");
    await call(on, "RestoreSecret", { SecretId: "a" });
    expect(await call(on, "GetSecretValue", { SecretId: "a" })).toHaveProperty("SecretString");
    await call(on, "DeleteSecret", { SecretId: "a", ForceDeleteWithoutRecovery: true });
    await made(on, "a");
  });
});

test("secrets are listed by the beginning of their names, page by page, without a value", async () => {
  const on = ground();
  for (const name of ["rollcall/a", "other", "rollcall/b", "rollcall/c"]) await made(on, name);
  const Filters = [{ Key: "name", Values: ["rollcall/"] }];
  interface Listed {
    readonly SecretList: readonly { readonly Name: string }[];
    readonly NextToken?: string;
  }
  const first = await call<Listed>(on, "ListSecrets", { Filters, MaxResults: 2 });
  const second = await call<Listed>(on, "ListSecrets", { Filters, MaxResults: 2, NextToken: first.NextToken });
  expect([...first.SecretList, ...second.SecretList].map((s) => s.Name)).toEqual([
    "rollcall/a",
    "rollcall/b",
    "rollcall/c",
  ]);
  expect(JSON.stringify([first, second])).not.toContain(VALUE);
});

describe("no value", () => {
  test("is in the log of calls, in what fault hooks see, or in a snapshot; the caller gets it all the same", async () => {
    const hooked: (Call | Outcome)[] = [];
    const on = ground({
      faults: {
        before: (seen) => {
          hooked.push(seen);
          return undefined;
        },
        after: (seen, outcome) => {
          hooked.push(seen, outcome);
        },
      },
    });
    await made(on, "a");
    await call(on, "PutSecretValue", { SecretId: "a", SecretString: VALUE });
    const answer = await call(on, "GetSecretValue", { SecretId: "a" });
    expect(answer.SecretString).toBe(VALUE);
    const said = JSON.stringify([hooked, on.cloud.calls.all(), on.cloud.snapshot(), on.cloud.secrets.all(), on.log]);
    expect(said).toContain("(concealed)");
    expect(said).not.toContain(VALUE);
  });

  test("comes out of a sealed one but by opening it", () => {
    const sealed = new Sealed(VALUE);
    expect(`${JSON.stringify({ sealed })}${String(sealed)}${Object.entries(sealed)}`).not.toContain(VALUE);
    expect(sealed.open()).toBe(VALUE);
  });

  test("hides how a call failed", async () => {
    const errors: unknown[] = [];
    const on = ground({
      faults: {
        after: (_call, outcome) => {
          if ("error" in outcome) errors.push(outcome.error);
        },
      },
    });
    await refused(on, "GetSecretValue", { SecretId: "a" });
    expect(errors).toEqual([expect.any(AwsError)]);
    expect(errors).toMatchObject([{ code: "ResourceNotFoundException", message: expect.stringContaining("find") }]);
  });
});

test("what Secrets Manager draws comes again with the seed, and with no other", async () => {
  const drawn = async (seed: number) => {
    const on = ground({ seed });
    const arn = await made(on);
    const { VersionId } = await call(on, "GetSecretValue", { SecretId: arn });
    return [arn, VersionId];
  };
  expect(await drawn(7)).toEqual(await drawn(7));
  expect(await drawn(7)).not.toEqual(await drawn(8));
});
