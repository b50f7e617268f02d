/** SCRAM-SHA-512, the server's part (RFC 5802), as far as a broker needs it to try a client's password. */
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

const ITERATIONS = 4096;
const SALT = Buffer.from("a salt that never changes");

export interface Users {
  /** Passwords by user. */
  readonly [user: string]: string;
}

/** One login: the client's messages one after the other, each with the server's answer; undefined where it is refused. */
export function scramServer(users: Users): (message: string) => string | undefined {
  let first = "";
  let challenge = "";
  let password: string | undefined;
  return (message) => {
    if (challenge === "") {
      first = message.slice(message.indexOf("n=", 3));
      const [, user = "", nonce = ""] = /^n=([^,]*),r=(.*)$/.exec(first) ?? [];
      password = users[user];
      challenge = `r=${nonce}server,s=${SALT.toString("base64")},i=${ITERATIONS}`;
      return password === undefined ? undefined : challenge;
    }
    const [, bare = "", proof = ""] = /^(.*),p=(.*)$/.exec(message) ?? [];
    const salted = pbkdf2Sync(password ?? "", SALT, ITERATIONS, 64, "sha512");
    const signed = `${first},${challenge},${bare}`;
    const clientKey = hmac(salted, "Client Key");
    const signature = hmac(createHash("sha512").update(clientKey).digest(), signed);
    const expected = Buffer.from(clientKey.map((byte, n) => byte ^ (signature[n] ?? 0))).toString("base64");
    return proof === expected ? `v=${hmac(hmac(salted, "Server Key"), signed).toString("base64")}` : undefined;
  };
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha512", key).update(text).digest();
}
