/**
 * SCRAM-SHA-512, the client's part (RFC 5802, without channel binding): what a user proves his password by without saying it,
 * and how he knows that the server knows it too.
 */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";

export const MECHANISM = "SCRAM-SHA-512";
const HASH = "sha512";
const LENGTH = 64;

export interface ScramClient {
  /** The first message. */
  readonly first: string;
  /** The last message, in answer to the server's first. Throws where that is not one. */
  answer(serverFirst: string): string;
  /** Throws where the server's last message does not prove that it knows the password. */
  check(serverFinal: string): void;
}

/** `nonce`: printable, without a comma, new for each login. */
export function scramClient(username: string, password: string, nonce: string): ScramClient {
  const bare = `n=${saslName(username)},r=${nonce}`;
  let proof: { readonly salted: Buffer; readonly signed: string } | undefined;
  return {
    first: `n,,${bare}`,
    answer(serverFirst) {
      const { r = "", s = "", i = "" } = attributes(serverFirst);
      const iterations = Number(i);
      if (!r.startsWith(nonce) || s === "" || !Number.isInteger(iterations) || iterations < 4096)
        throw new Error(`the server's first message is not SCRAM's: ${serverFirst}`);
      const salted = pbkdf2Sync(password, Buffer.from(s, "base64"), iterations, LENGTH, HASH);
      const final = `c=${Buffer.from("n,,").toString("base64")},r=${r}`;
      const signed = `${bare},${serverFirst},${final}`;
      proof = { salted, signed };
      const clientKey = hmac(salted, "Client Key");
      const stored = createHash(HASH).update(clientKey).digest();
      return `${final},p=${xor(clientKey, hmac(stored, signed)).toString("base64")}`;
    },
    check(serverFinal) {
      const { v = "", e } = attributes(serverFinal);
      if (e !== undefined || !proof) throw new Error(`the server refuses: ${e ?? serverFinal}`);
      const expected = hmac(hmac(proof.salted, "Server Key"), proof.signed);
      const given = Buffer.from(v, "base64");
      if (given.length !== expected.length || !timingSafeEqual(given, expected))
        throw new Error("the server does not know the password that it checks");
    },
  };
}

/** `r=…,s=…,i=…` */
function attributes(message: string): Partial<Record<string, string>> {
  return Object.fromEntries(message.split(",").map((item) => [item.slice(0, 1), item.slice(2)]));
}

const saslName = (name: string): string => name.replaceAll("=", "=3D").replaceAll(",", "=2C");

function hmac(key: Buffer, text: string): Buffer {
  return createHmac(HASH, key).update(text).digest();
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, n) => byte ^ (b[n] ?? 0)));
}
