/** Who gets in, and who may do what: tried for real, by a client that knows only the load balancer. */
import { type EachMessagePayload, Kafka, logLevel, type SASLOptions } from "kafkajs";
import "../../shared/kafka/request-queue.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import { type Acl, type User, userSecret } from "../../shared/cluster/security.ts";
import type { Clock } from "../../shared/lifecycle/ports.ts";
import type { Lab } from "../lab.ts";
import type { Login } from "../workload/connection.ts";

/** What came of each attempt; in words where it is not what it has to be. */
export interface SecurityFindings {
  readonly anonymous: string;
  readonly wrongPassword: string;
  readonly unauthorised: string;
  readonly allowed: string;
}

export const SECURE: SecurityFindings = {
  anonymous: "refused",
  wrongPassword: "refused",
  unauthorised: "refused",
  allowed: "ok",
};

export const isSecure = (findings: SecurityFindings): boolean =>
  Object.entries(SECURE).every(([attempt, wanted]) => findings[attempt as keyof SecurityFindings] === wanted);

/** A declared user that writes to a topic, and another that may not. */
export interface Cast {
  readonly topic: string;
  readonly writer: User;
  readonly other: User;
}

/** Ms. */
const CONNECT_LIMIT = 3_000;
const REQUEST_LIMIT = 10_000;
const ECHO_LIMIT = 30_000;

const allows = (acl: Acl, operation: Acl["operations"][number]): boolean =>
  acl.permission === "allow" && (acl.operations.includes(operation) || acl.operations.includes("all"));

/**
 * Who plays which part: the first user that may write to a topic which he may make, and the first other that may not.
 *
 * @throws {RangeError} where the definition declares no such two, or no load balancer for them to know
 */
export function castOf({ cluster, security, loadBalancer }: Definition): Cast | undefined {
  if (!security) return undefined;
  if (!loadBalancer) {
    throw new RangeError(
      `the tour's clients know only the load balancer, and ${cluster} has none: say loadBalancer: true`,
    );
  }
  const ownTopic = ({ acls }: User): Acl | undefined =>
    acls.find((acl) => acl.resource === "topic" && allows(acl, "write") && allows(acl, "create"));
  const writer = security.users.find((user) => ownTopic(user));
  const acl = writer && ownTopic(writer);
  if (!writer || !acl) {
    throw new RangeError(
      `the tour writes as a declared user, but no user of ${cluster} may create and write a topic: declare one in security.users`,
    );
  }
  const topic = acl.pattern === "prefixed" ? `${acl.name}-tour` : acl.name === "*" ? "tour" : acl.name;
  const writes = (user: User): boolean => user.acls.some((a) => a.resource === "topic" && allows(a, "write"));
  const other = security.users.find((user) => user !== writer && !writes(user));
  if (!other) {
    throw new RangeError(
      `the tour shows that who is not granted is refused, but every user of ${cluster} may write: declare one that may not`,
    );
  }
  return { topic, writer, other };
}

/** What that user logs in with, as an operator reads it. */
export async function loginOf(lab: Lab, user: User): Promise<Login> {
  const { security, cluster } = lab.definition;
  const { password } = await secretOf(lab, userSecret(cluster, user));
  if (password === undefined) throw new Error(`the secret of user ${user.name} has no password`);
  return { username: user.name, password, ...(security?.encrypt && (await trusted(lab))) };
}

/** The user that writes, as a client of its own, which can be told whom to believe from now on. */
export interface WritingClient {
  readonly topic: string;
  readonly login: () => Login;
  /** PEM after PEM. */
  readonly believe: (authorities: string) => void;
}

export async function writingClient(lab: Lab, { topic, writer }: Cast): Promise<WritingClient> {
  let login = await loginOf(lab, writer);
  return {
    topic,
    login: () => login,
    believe: (authority) => {
      login = { ...login, authority };
    },
  };
}

/** Whom clients believe that speak TLS; empty where nobody does. */
export async function trusted(lab: Lab): Promise<Pick<Login, "authority">> {
  const id = lab.definition.security?.authority;
  const authority = id === undefined ? undefined : (await secretOf(lab, id)).authority;
  return authority === undefined ? {} : { authority };
}

export async function secretOf(lab: Lab, id: string): Promise<Partial<Record<string, string>>> {
  const answer = await lab.operate("secretsmanager", "GetSecretValue", { SecretId: id });
  if (!("SecretString" in answer) || typeof answer.SecretString !== "string")
    throw new Error(`secret ${id} has no text`);
  return JSON.parse(answer.SecretString) as Partial<Record<string, string>>;
}

/** `door`: `host:port` of the load balancer. */
export async function trySecurity(lab: Lab, cast: Cast, door: string): Promise<SecurityFindings> {
  const [writer, other] = [await loginOf(lab, cast.writer), await loginOf(lab, cast.other)];
  const client = (login: Partial<Login>): Kafka => clientOf(door, { ...login, ...authorityOf(writer) });
  const write = (login: Partial<Login>) => (): Promise<unknown> =>
    send(client(login), cast.topic, "should not be here");
  return {
    anonymous: await refused(write({})),
    wrongPassword: await refused(write({ ...writer, password: `not ${writer.password}` })),
    unauthorised: await refused(write(other), "TOPIC_AUTHORIZATION_FAILED"),
    allowed: await echo(client(writer), cast, lab.clock),
  };
}

const authorityOf = ({ authority }: Login): Pick<Login, "authority"> => (authority === undefined ? {} : { authority });

export function clientOf(door: string, { username, password, authority }: Partial<Login>): Kafka {
  const sasl: SASLOptions | undefined =
    username !== undefined && password !== undefined ? { mechanism: "scram-sha-512", username, password } : undefined;
  return new Kafka({
    clientId: "rollcall-tour",
    brokers: [door],
    logLevel: logLevel.NOTHING,
    connectionTimeout: CONNECT_LIMIT,
    requestTimeout: REQUEST_LIMIT,
    retry: { retries: 2, initialRetryTime: 200 },
    // Brokers are reached by addresses, which certificates do not name: the authority vouches for them.
    ssl: authority === undefined ? false : { ca: [authority], checkServerIdentity: () => undefined },
    ...(sasl && { sasl }),
  });
}

async function send(kafka: Kafka, topic: string, value: string): Promise<void> {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  try {
    await producer.connect();
    await producer.send({ topic, messages: [{ value }] });
  } finally {
    await producer.disconnect();
  }
}

/** `refused` where it fails, and for that reason where one is given; else what happened. */
async function refused(attempt: () => Promise<unknown>, because?: string): Promise<string> {
  try {
    await attempt();
    return "let in";
  } catch (error) {
    const type = error instanceof Error && "type" in error ? String(error.type) : "";
    const message = error instanceof Error ? error.message : String(error);
    if (because === undefined || type === because) return "refused";
    return `refused, but not as unauthorised: ${message}`;
  }
}

/** Writes something that nobody else writes, and reads it back as a member of a group. */
async function echo(kafka: Kafka, { topic, writer }: Cast, clock: Clock): Promise<string> {
  const group = writer.acls.find((acl) => acl.resource === "group" && allows(acl, "read"));
  if (!group) return `user ${writer.name} may read in no group`;
  const groupId = group.pattern === "prefixed" ? `${group.name}-tour` : group.name === "*" ? "tour" : group.name;
  const value = `security/${groupId}`;
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false });
  try {
    await send(kafka, topic, value);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const heard = new Promise<string>((resolve, reject) => {
      const eachMessage = async ({ message }: EachMessagePayload): Promise<void> => {
        if (message.value?.toString() === value) resolve("ok");
      };
      consumer.run({ eachMessage }).catch(reject);
    });
    return await Promise.race([
      heard,
      clock.wait(ECHO_LIMIT).then(() => `not read back within ${ECHO_LIMIT / 1000} s`),
    ]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await consumer.disconnect();
  }
}
