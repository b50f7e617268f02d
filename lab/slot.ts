/** Keeps labs on one machine apart: each has a 127.<slot>.0.0/16 of its own while it runs. */
import { createServer, type Server } from "node:net";

export interface Slot {
  readonly number: number;
  release(): Promise<void>;
}

const FIRST = 10;
const LAST = 250;
/** Never given to a node: the block's last usable address. */
const MARKER_PORT = 9091;

/**
 * Takes the first free slot by listening in it, so that it is free again as soon as this process ends, however it ends.
 *
 * @throws {Error} where all are taken, or addresses in 127.0.0.0/8 cannot be used at all
 */
export async function takeSlot(): Promise<Slot> {
  let last: unknown;
  for (let number = FIRST; number <= LAST; number++) {
    try {
      const server = await listen(`127.${number}.255.254`);
      return { number, release: () => new Promise((resolve) => server.close(() => resolve())) };
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`no block 127.${FIRST}–${LAST}.0.0/16 is free for a lab of its own`, { cause: last });
}

function listen(host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host, port: MARKER_PORT, exclusive: true }, () => {
      server.unref();
      resolve(server);
    });
  });
}
