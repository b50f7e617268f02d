/** Ctrl-C, or SIGTERM: everything that takes its time is told to stop, and what it holds is given back in order. */

export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

export interface Interruption {
  readonly signal: AbortSignal;
  /** Rejects with Interrupted. */
  readonly promise: Promise<never>;
  /** Whoever sends the next one ends the program at once. */
  dispose(): void;
}

export function interruption(): Interruption {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  // It may come while nobody waits for it.
  promise.catch(() => {});
  const stop = (): void => {
    dispose();
    controller.abort();
    reject(new Interrupted("interrupted"));
  };
  const dispose = (): void => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return { signal: controller.signal, promise, dispose };
}
