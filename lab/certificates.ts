/**
 * The certificates that a secured cluster of the lab speaks TLS with, as an operator would put them into Secrets Manager: one for
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

/** PEM texts, by the keys of the secret that a definition's `security.certificate` names. */
export interface Certificate {
  /** The chain, the node's own certificate first. */
  readonly certificate: string;
  /** PKCS #8. */
  readonly key: string;
}

/** Whoever signs certificates. */
export interface Authority {
  /** Its own certificate, PEM: whom to believe. */
  readonly authority: string;
  /** A new certificate for all nodes, with a key of its own. `now`: ms since the epoch. */
  issue(now: number): Promise<Certificate>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY = 86_400_000;
/** The clocks of whoever checks it may be behind. */
const EARLIER = DAY;

const keysOf = () => webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

/**
 * @param now ms since the epoch; it, and what it issues, is valid for as many days from then on
 * @param name tells it from the cluster's other authorities
 */
export async function makeAuthority(cluster: string, now: number, days = 30, name = "authority"): Promise<Authority> {
  const until = (from: number) => ({ notBefore: new Date(from - EARLIER), notAfter: new Date(from + days * DAY) });
  // An authority never gives one twice (RFC 5280, 4.1.2.2).
  let issued = 0;
  const serialNumber = (): string => {
    issued += 1;
    return issued.toString(16).padStart(4, "0");
  };
  const keys = await keysOf();
  const own = await X509CertificateGenerator.createSelfSigned({
    ...until(now),
    serialNumber: serialNumber(),
    name: `CN=${cluster} ${name}`,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    authority: `${own.toString("pem")}\n`,
    async issue(from) {
      const { publicKey, privateKey } = await keysOf();
      const certificate = await X509CertificateGenerator.create({
        ...until(from),
        serialNumber: serialNumber(),
        subject: `CN=${cluster}`,
        issuer: own.subject,
        signingAlgorithm: ALGORITHM,
        publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new SubjectAlternativeNameExtension([{ type: "dns", value: `*.${cluster}.internal` }]),
        ],
      });
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", privateKey)).toString("base64");
      const lines = pkcs8.match(/.{1,64}/g)?.join("\n") ?? "";
      return {
        certificate: `${certificate.toString("pem")}\n`,
        key: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`,
      };
    },
  };
}

/** A certificate, and whom to believe for it. `now`, `days`: as for its authority. */
export async function makeCertificate(
  cluster: string,
  now: number,
  days = 30,
): Promise<Certificate & Pick<Authority, "authority">> {
  const { authority, issue } = await makeAuthority(cluster, now, days);
  return { ...(await issue(now)), authority };
}
