/**
 * The certificate that a secured cluster of the lab speaks TLS with, as an operator would put it into Secrets Manager: one for
 * all nodes, signed by an authority of this run's own, which nobody keeps.
 */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** PEM texts, by the keys of the secrets that a definition's `security.certificate` and `security.authority` name. */
export interface Certificate {
  /** The chain, the node's own certificate first. */
  readonly certificate: string;
  /** PKCS #8. */
  readonly key: string;
  readonly authority: string;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY = 86_400_000;
/** The clocks of whoever checks it may be behind. */
const EARLIER = DAY;

/** @param now ms since the epoch; it is valid for as many days from then on */
export async function makeCertificate(cluster: string, now: number, days = 30): Promise<Certificate> {
  const valid = { notBefore: new Date(now - EARLIER), notAfter: new Date(now + days * DAY) };
  const keysOf = () => webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const [authorityKeys, keys] = await Promise.all([keysOf(), keysOf()]);
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...valid,
    serialNumber: "01",
    name: `CN=${cluster} authority`,
    signingAlgorithm: ALGORITHM,
    keys: authorityKeys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const certificate = await X509CertificateGenerator.create({
    ...valid,
    serialNumber: "02",
    subject: `CN=${cluster}`,
    issuer: authority.subject,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new SubjectAlternativeNameExtension([{ type: "dns", value: `*.${cluster}.internal` }]),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const lines = pkcs8.match(/.{1,64}/g)?.join("\n") ?? "";
  return {
    certificate: `${certificate.toString("pem")}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`,
    authority: `${authority.toString("pem")}\n`,
  };
}
