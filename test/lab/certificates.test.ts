/** What an authority of the lab's issues is believed by whoever believes it, and by nobody else. */
import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { makeAuthority } from "../../lab/certificates.ts";

const NOW = Date.UTC(2026, 0, 1);

test("every certificate has a key and a number of its own, and its authority's word", async () => {
  const authority = await makeAuthority("orders", NOW);
  const issued = await Promise.all([authority.issue(NOW), authority.issue(NOW)]);
  const own = new X509Certificate(authority.authority);
  const certificates = issued.map(({ certificate }) => new X509Certificate(certificate));
  for (const certificate of certificates) expect(certificate.verify(own.publicKey)).toBe(true);
  expect(new Set(certificates.map(({ serialNumber }) => serialNumber)).add(own.serialNumber).size).toBe(3);
  expect(new Set(issued.map(({ key }) => key)).size).toBe(2);
});

test("another authority of the cluster is another by name and key", async () => {
  const [first, second] = await Promise.all([
    makeAuthority("orders", NOW),
    makeAuthority("orders", NOW, undefined, "second authority"),
  ]);
  const { certificate } = await second.issue(NOW);
  expect(new X509Certificate(certificate).verify(new X509Certificate(first.authority).publicKey)).toBe(false);
  expect(new X509Certificate(certificate).issuer).not.toBe(new X509Certificate(first.authority).subject);
});

test("what is issued later is valid from then on", async () => {
  const authority = await makeAuthority("orders", NOW, 30);
  const later = NOW + 20 * 86_400_000;
  const { certificate } = await authority.issue(later);
  expect(new Date(new X509Certificate(certificate).validTo).getTime()).toBe(later + 30 * 86_400_000);
});
