import type { KafkaQuestion } from "../lifecycle/ports.ts";
import type { KafkaSight } from "../lifecycle/sights.ts";
import { probeListeners } from "./listeners.ts";
import { BrokerConnection } from "./metadata.ts";
import { type Answer, countedIn, quorumLost, sightOf, topicsOf } from "./sight.ts";

export interface ViewOptions {
  /** Milliseconds until a broker that does not answer the connection is given up. */
  readonly connect: number;
  /** Milliseconds until a request is. */
  readonly request: number;
  /** Milliseconds until the whole look is. */
  readonly look: number;
}

const LIMITS: ViewOptions = { connect: 1000, request: 3000, look: 8000 };

/** Brokers asked for metadata at once, and in all; two answers are enough. */
const ASKED_AT_ONCE = 3;
const MOST_ASKED = 9;
const ENOUGH = 2;

interface Asked {
  readonly connection: BrokerConnection;
  readonly answer: Answer;
}

/**
 * Kafka's own view of brokers, over new connections each time and within the limits: two Metadata requests, one
 * DescribeConfigs, and a connection to each broker that is counted in. Never rejects: what goes wrong is the reason of an
 * unseen sight. Nothing is tried twice, as the caller looks again.
 */
export function brokerView(options: Partial<ViewOptions> = {}): (question: KafkaQuestion) => Promise<KafkaSight> {
  const limits = { ...LIMITS, ...options };
  return async (question) => {
    const opened: BrokerConnection[] = [];
    let over = false;
    let timer: NodeJS.Timeout | undefined;
    const open = (server: string): BrokerConnection => {
      if (over) throw new Error("the look is over");
      const connection = new BrokerConnection(server, limits);
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
      return { seen: false, reason: messageOf(error) };
    } finally {
      over = true;
      clearTimeout(timer);
      for (const connection of opened) connection.close();
    }
  };
}

async function look(
  question: KafkaQuestion,
  open: (server: string) => BrokerConnection,
  limits: ViewOptions,
): Promise<KafkaSight> {
  const controllers = probeListeners(question.quorum, limits.connect);
  const servers = [...new Set(question.bootstrap)].slice(0, MOST_ASKED);
  if (servers.length === 0) return { seen: false, reason: "no broker is known that could be asked" };
  const failures: string[] = [];
  const asked: Asked[] = [];
  for (let from = 0; from < servers.length && asked.length === 0; from += ASKED_AT_ONCE) {
    asked.push(...(await ask(servers.slice(from, from + ASKED_AT_ONCE), ENOUGH, open, failures)));
  }
  const [first] = asked;
  if (first === undefined) return { seen: false, reason: `no broker answers: ${failures.join("; ")}` };
  if (asked.length < ENOUGH) {
    const others = serversOf(first.answer).filter((server) => !servers.includes(server));
    asked.push(...(await ask(others.slice(0, ASKED_AT_ONCE), ENOUGH - asked.length, open, failures)));
  }
  const answers = asked.map(({ answer }) => answer);
  const [minIsr, silent] = await Promise.all([
    first.connection.minIsr(topicsOf(question, answers)),
    silentAmong(answers, limits.connect),
  ]);
  const lost = quorumLost(await controllers);
  return lost === undefined ? sightOf(question, { answers, minIsr, silent }) : { seen: false, reason: lost };
}

/** Asks these servers at once, until so many have answered or none is left to; adds to `failures` why others did not. */
function ask(
  servers: readonly string[],
  enough: number,
  open: (server: string) => BrokerConnection,
  failures: string[],
): Promise<Asked[]> {
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
        asked.push({ connection, answer: await connection.metadata() });
      } catch (error) {
        failures.push(`${server}: ${messageOf(error)}`);
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
