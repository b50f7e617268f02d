import type { KafkaQuestion } from "../lifecycle/ports.ts";
import type { KafkaSight } from "../lifecycle/sights.ts";
import { servingMembers } from "./ensemble.ts";
import { probeListeners } from "./listeners.ts";
import type { Login, LoginSource } from "./login.ts";
import { BrokerConnection } from "./metadata.ts";
import { DeniedError } from "./rights.ts";
import { type Answer, countedIn, quorumLost, sightOf, topicsOf } from "./sight.ts";

export interface ViewOptions {
  /** Milliseconds until a broker that does not answer the connection is given up. */
  readonly connect: number;
  /** Milliseconds until a request is. */
  readonly request: number;
  /** Milliseconds until the whole look is. */
  readonly look: number;
  /** Who to be; absent: nobody is asked who he is. */
  readonly login?: LoginSource;
}

const LIMITS: ViewOptions = { connect: 1000, request: 3000, look: 8000 };

/** Brokers asked for metadata at once, and in all; two answers are enough. */
const ASKED_AT_ONCE = 3;
const MOST_ASKED = 9;
const ENOUGH = 2;

interface Failure {
  readonly server: string;
  readonly error: unknown;
}

interface Asked {
  readonly connection: BrokerConnection;
  readonly answer: Answer;
}

type Open = (server: string) => BrokerConnection;

/**
 * Kafka's own view of brokers, over new connections each time and within the limits: two Metadata requests (each behind the
 * proof that all is shown, where there are ACLs), one DescribeConfigs, and a connection to each broker that is counted in. Never
 * rejects: what goes wrong is the reason of an unseen sight. Only a login that is refused is tried once more, where there is
 * another by now; all else the caller looks at again.
 */
export function brokerView(options: Partial<ViewOptions> = {}): (question: KafkaQuestion) => Promise<KafkaSight> {
  const limits = { ...LIMITS, ...options };
  return async (question) => {
    const opened: BrokerConnection[] = [];
    let over = false;
    let timer: NodeJS.Timeout | undefined;
    const open = (login: Login | undefined) => (server: string) => {
      if (over) throw new Error("the look is over");
      const { connect, request } = limits;
      const connection = new BrokerConnection(server, { connect, request, ...(login ? { login } : {}) });
      opened.push(connection);
      return connection;
    };
    const tooLate = new Promise<KafkaSight>((resolve) => {
      const reason = `Kafka did not tell what was asked within ${limits.look} ms`;
      timer = setTimeout(resolve, limits.look, { seen: false, reason });
    });
    try {
      return await Promise.race([look(question, open, limits), tooLate]);
    } catch (error) {
      return unseen(messageOf(error), [error]);
    } finally {
      over = true;
      clearTimeout(timer);
      for (const connection of opened) connection.close();
    }
  };
}

async function look(
  question: KafkaQuestion,
  openAs: (login: Login | undefined) => Open,
  limits: ViewOptions,
): Promise<KafkaSight> {
  const members =
    question.asked === "words" ? servingMembers(question.quorum) : probeListeners(question.quorum, limits.connect);
  const servers = [...new Set(question.bootstrap)].slice(0, MOST_ASKED);
  if (servers.length === 0) return { seen: false, reason: "no broker is known that could be asked" };
  const login = await limits.login?.current();
  let open = openAs(login);
  let failures: Failure[] = [];
  let asked = await askInTurn(servers, open, failures);
  if (login && limits.login && failures.some(({ error }) => isStale(error)) && asked.length === 0) {
    const renewed = await limits.login.renewed(login);
    if (renewed !== login) {
      open = openAs(renewed);
      failures = [];
      asked = await askInTurn(servers, open, failures);
    }
  }
  const [first] = asked;
  if (first === undefined) {
    const each = failures.map(({ server, error }) => `${server}: ${messageOf(error)}`).join("; ");
    return unseen(
      `no broker answers: ${each}`,
      failures.map(({ error }) => error),
    );
  }
  if (asked.length < ENOUGH) {
    const others = serversOf(first.answer).filter((server) => !servers.includes(server));
    asked.push(...(await ask(others.slice(0, ASKED_AT_ONCE), ENOUGH - asked.length, open, failures)));
  }
  const answers = asked.map(({ answer }) => answer);
  const [[settings], silent] = await Promise.all([
    Promise.allSettled([first.connection.minIsr(topicsOf(question, answers))]),
    silentAmong(answers, limits.connect),
  ]);
  // Without a quorum a broker on ZooKeeper does not tell settings at all: the quorum is the reason then.
  const lost = quorumLost(await members);
  if (lost !== undefined) return { seen: false, reason: lost };
  if (settings.status === "rejected") throw settings.reason;
  return sightOf(question, { answers, minIsr: settings.value, silent });
}

/** A few servers after the other, until some have answered. */
async function askInTurn(servers: readonly string[], open: Open, failures: Failure[]): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (let from = 0; from < servers.length && asked.length === 0; from += ASKED_AT_ONCE) {
    asked.push(...(await ask(servers.slice(from, from + ASKED_AT_ONCE), ENOUGH, open, failures)));
  }
  return asked;
}

/** Asks these servers at once, until so many have answered or none is left to; adds to `failures` why others did not. */
function ask(servers: readonly string[], enough: number, open: Open, failures: Failure[]): Promise<Asked[]> {
  return new Promise((resolve) => {
    const asked: Asked[] = [];
    let left = servers.length;
    const settle = (): void => {
      left--;
      if (left === 0 || asked.length >= enough) resolve(asked.slice());
    };
    const askOne = async (server: string): Promise<void> => {
      try {
        const connection = open(server);
        await connection.connect();
        await connection.proveRights();
        asked.push({ connection, answer: await connection.metadata() });
      } catch (error) {
        failures.push({ server, error });
      }
      settle();
    };
    if (left === 0) resolve([]);
    for (const server of servers) void askOne(server);
  });
}

/** Brokers that an answer counts in, and that neither answered nor accept a connection. */
async function silentAmong(answers: readonly Answer[], limit: number): Promise<Set<number>> {
  const answered = new Set(answers.map(({ server }) => server));
  const others = [...countedIn(answers)].filter(([, { host, port }]) => !answered.has(`${host}:${port}`));
  const sights = await probeListeners(
    others.map(([, { host, port }]) => `${host}:${port}`),
    limit,
  );
  return new Set(
    others.filter(([, { host, port }]) => sights.get(`${host}:${port}`) !== "listening").map(([id]) => id),
  );
}

function serversOf({ brokers }: Answer): string[] {
  return [...brokers.values()].map(({ host, port }) => `${host}:${port}`);
}

/** Not to be seen; denied where one of these says that it is for want of a login or of rights. */
function unseen(reason: string, errors: readonly unknown[]): KafkaSight {
  return { seen: false, reason, ...(errors.some((error) => error instanceof DeniedError) ? { denied: true } : {}) };
}

/** Whether another password, or another authority, may be what was lacking. */
function isStale(error: unknown): boolean {
  if (error instanceof DeniedError) return true;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
