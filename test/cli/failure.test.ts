/** What is told of a failure: whose it is, and what to do about it. */
import { describe, expect, test } from "vitest";
import { isAwsFailure } from "../../cli/exit.ts";
import { adviceOn, statusOf } from "../../cli/failure.ts";

const coded = (code: string) => new Error("could not look", { cause: Object.assign(new Error("no"), { code }) });

describe("AWS cannot be reached", () => {
  test.each([
    "ECONNREFUSED",
    "ECONNRESET",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ENETDOWN",
    "EPIPE",
    "EPROTO",
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "HPE_INVALID_CONSTANT",
  ])("%s", (code) => {
    expect(statusOf(coded(code))).toBe(3);
    expect(adviceOn(coded(code))).toMatch(/^AWS cannot be reached/);
  });

  test.each([
    "CERT_HAS_EXPIRED",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "ERR_TLS_CERT_ALTNAME_INVALID",
  ])("for a proxy's certificate: %s", (code) => {
    expect(statusOf(coded(code))).toBe(3);
    expect(adviceOn(coded(code))).toMatch(/NODE_EXTRA_CA_CERTS/);
  });
});

describe("a mistake in the program is told as one", () => {
  test.each(["ERR_INVALID_ARG_TYPE", "ERR_MODULE_NOT_FOUND", "ENOENT", "EACCES", "EMFILE", "ERR_TLS_INVALID_STATE"])(
    "%s",
    (code) => {
      expect(statusOf(coded(code))).toBeUndefined();
      expect(isAwsFailure(coded(code))).toBe(false);
      expect(adviceOn(coded(code))).toBeUndefined();
    },
  );

  test("Node's own, as it is thrown", () => {
    const given: unknown[] = [undefined];
    let thrown: unknown;
    try {
      Buffer.byteLength(given[0] as string);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "ERR_INVALID_ARG_TYPE" });
    expect(statusOf(thrown)).toBeUndefined();
  });
});
