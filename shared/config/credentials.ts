/**
 * Who a node is to the others, and how its files come by the secrets for that: each lies in a file of its own below `secrets/`,
 * and Kafka's own DirectoryConfigProvider puts it where a setting names it. So no password is in any other file, in the
 * payload, or on a command line.
 */
import type { Definition, Role } from "../cluster/definition.ts";
import { isQuorum } from "../cluster/role-kinds.ts";
import {
  adminSecret,
  adminUser,
  generations,
  OBSERVER,
  observerSecret,
  type SecretId,
  type Security,
} from "../cluster/security.ts";
import { clientListener, controllerListener, type Listener } from "./listeners.ts";
import type { ScramUser, SecretFile } from "./payload.ts";

/** Relative to the unit's working directory. */
const DIRECTORY = "secrets";
export const CONFIG_PROVIDER = "org.apache.kafka.common.config.provider.DirectoryConfigProvider";

/** What the secrets of certificate and authority hold, each with the file it goes to. */
const CERTIFICATE = { certificate: "certificate.pem", key: "key.pem", authority: "authority.pem" } as const;
type CertificateKey = keyof typeof CERTIFICATE;

const passwordFile = (generation: number): string => `admin-${generation}`;
const reference = (file: string): string => `\${secrets:${DIRECTORY}:${file}}`;

/** What every reader of `secrets/` needs to be told. */
const PROVIDER_SETTINGS = {
  "config.providers": "secrets",
  "config.providers.secrets.class": CONFIG_PROVIDER,
};

const SCRAM = { mechanism: "SCRAM-SHA-512", module: "org.apache.kafka.common.security.scram.ScramLoginModule" };
/**
 * Controllers keep the SCRAM credentials, so they cannot ask for them before they have a leader: after an outage of all, none
 * could log in to another. They compare passwords, over TLS.
 */
const PLAIN = { mechanism: "PLAIN", module: "org.apache.kafka.common.security.plain.PlainLoginModule" };

/** A JAAS login as the newest admin; `accepts` are the users that the same module lets in, with PLAIN. */
function login({ module }: typeof SCRAM, security: Security, accepts: readonly number[] = []): string {
  const options = [
    `username="${adminUser(security.generation)}"`,
    `password="${reference(passwordFile(security.generation))}"`,
    ...accepts.map((generation) => `user_${adminUser(generation)}="${reference(passwordFile(generation))}"`),
  ];
  return `${module} required ${options.join(" ")};`;
}

/** Users that no ACL binds: the admins of all valid generations, and the definition's. */
function superUsers(security: Security): string {
  const names = [...generations(security).map(adminUser), ...security.superUsers];
  return names.map((name) => `User:${name}`).join(";");
}

const AUTHORIZERS = {
  kraft: "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  zookeeper: "kafka.security.authorizer.AclAuthorizer",
} as const;

/** Settings of a Kafka node's server.properties that say who it is and whom it lets do what; none without security. */
export function securitySettings(definition: Definition, role: Role): Record<string, string> {
  const { security, kafka } = definition;
  if (!security) return {};
  const clients = clientListener(definition).name.toLowerCase();
  const controllers = controllerListener(definition).name.toLowerCase();
  const valid = generations(security);
  return {
    ...PROVIDER_SETTINGS,
    ...(security.acl
      ? { "authorizer.class.name": AUTHORIZERS[kafka.mode], "super.users": superUsers(security) }
      : undefined),
    ...(isQuorum(role)
      ? undefined
      : {
          [`listener.name.${clients}.sasl.enabled.mechanisms`]: SCRAM.mechanism,
          [`listener.name.${clients}.scram-sha-512.sasl.jaas.config`]: login(SCRAM, security),
          "sasl.mechanism.inter.broker.protocol": SCRAM.mechanism,
        }),
    ...(kafka.mode === "kraft"
      ? {
          [`listener.name.${controllers}.sasl.enabled.mechanisms`]: PLAIN.mechanism,
          [`listener.name.${controllers}.plain.sasl.jaas.config`]: login(PLAIN, security, isQuorum(role) ? valid : []),
          "sasl.mechanism.controller.protocol": PLAIN.mechanism,
        }
      : undefined),
    ...tlsSettings(certificateKeys(definition, role)),
  };
}

/** How Kafka's tools on a node log in to their own kind: on a broker to brokers, on a controller to controllers. */
export function toolSettings(definition: Definition, role: Role): Record<string, string> {
  const { security } = definition;
  if (!security) return {};
  const listener: Listener = isQuorum(role) ? controllerListener(definition) : clientListener(definition);
  const mechanism = isQuorum(role) ? PLAIN : SCRAM;
  return {
    ...PROVIDER_SETTINGS,
    "sasl.jaas.config": login(mechanism, security),
    "sasl.mechanism": mechanism.mechanism,
    "security.protocol": listener.protocol,
    ...(listener.protocol === "SASL_SSL" ? tlsSettings(["authority"]) : undefined),
  };
}

/** The parts of the certificate that a node needs: its own where it serves by TLS, else at most whom to believe. */
function certificateKeys(definition: Definition, role: Role): readonly CertificateKey[] {
  if (!definition.security?.certificate) return [];
  if (isQuorum(role) || definition.security.encrypt) return ["certificate", "key", "authority"];
  return definition.kafka.mode === "kraft" ? ["authority"] : [];
}

/** TLS by PEM, whose texts Kafka takes as values: so they come through the same provider as passwords. */
function tlsSettings(keys: readonly CertificateKey[]): Record<string, string> {
  if (keys.length === 0) return {};
  const own = keys.includes("certificate")
    ? {
        "ssl.keystore.certificate.chain": reference(CERTIFICATE.certificate),
        "ssl.keystore.key": reference(CERTIFICATE.key),
        "ssl.keystore.type": "PEM",
      }
    : undefined;
  return {
    ...own,
    // A node is known by its address, which is none of those that a certificate made in advance could name.
    "ssl.endpoint.identification.algorithm": "",
    "ssl.truststore.certificates": reference(CERTIFICATE.authority),
    "ssl.truststore.type": "PEM",
  };
}

/** The secrets that a Kafka node needs, as files; none without security. */
export function secretFiles(definition: Definition, role: Role): SecretFile[] {
  const { security, cluster } = definition;
  if (!security) return [];
  const passwords = generations(security).map((generation) => ({
    file: passwordFile(generation),
    ...password(adminSecret(cluster, generation)),
  }));
  const { certificate = "", authority = "" } = security;
  const parts = certificateKeys(definition, role).map((key) => ({
    file: CERTIFICATE[key],
    secret: key === "authority" ? authority : certificate,
    key,
  }));
  return [...passwords, ...parts];
}

/** Users without whom no node could log in, nor Rollcall look: they are made before a cluster's first start. */
export function firstUsers({ security, cluster }: Definition): ScramUser[] {
  if (!security) return [];
  const admins = generations(security).map((generation) => ({
    user: adminUser(generation),
    ...password(adminSecret(cluster, generation)),
  }));
  return [...admins, { user: OBSERVER, ...password(observerSecret(cluster)) }];
}

/** Where a secret holds a user's password. */
export const password = (secret: SecretId): { readonly secret: SecretId; readonly key: string } => ({
  secret,
  key: "password",
});
