/** How the tour finds out which certificate a node shows, and who believes it. */
import { X509Certificate } from "node:crypto";
import { createServer as createPlainServer, type Server } from "node:net";
import { createServer } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { type Certificate, makeAuthority } from "../../lab/certificates.ts";
import { shownBy } from "../../lab/tour/renew.ts";

const now = Date.now();
const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function listening(server: Server): Promise<string> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens nowhere");
  return `127.0.0.1:${address.port}`;
}

const node = ({ certificate, key }: Certificate): Promise<string> =>
  listening(createServer({ cert: certificate, key }, (socket) => socket.end()));
const fingerprint = ({ certificate }: Certificate): string => new X509Certificate(certificate).fingerprint256;

test("each shows its own to whoever believes its authority, alone or among others", async () => {
  const [former, present] = await Promise.all([
    makeAuthority("orders", now),
    makeAuthority("orders", now, undefined, "second authority"),
  ]);
  const [old, renewed] = await Promise.all([former.issue(now), former.issue(now)]);
  const servers = await Promise.all([node(old), node(renewed)]);
  const both = [fingerprint(old), fingerprint(renewed)];
  expect(await shownBy(servers, former.authority)).toEqual(both);
  expect(await shownBy(servers, `${present.authority}${former.authority}`)).toEqual(both);
});

test("who believes another authority alone refuses it", async () => {
  const [former, present] = await Promise.all([
    makeAuthority("orders", now),
    makeAuthority("orders", now, undefined, "second authority"),
  ]);
  const server = await node(await present.issue(now));
  expect(await shownBy([server], former.authority)).toEqual(["refused"]);
});

test("a certificate that is no longer valid, or none at all, is not just refused", async () => {
  const authority = await makeAuthority("orders", now, 30);
  const expired = await node(await authority.issue(now - 40 * 86_400_000));
  const plain = await listening(
    createPlainServer((socket) =>
      socket
        .on("error", () => {})
        .resume()
        .end("no TLS"),
    ),
  );
  const [first, second] = await shownBy([expired, plain], authority.authority);
  expect(first).toMatch(/expired/);
  expect(second).not.toMatch(/refused|^[0-9A-F]{2}:/);
});
