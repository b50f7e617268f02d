/** Several looks at the same time, but not all of many: AWS throttles who asks for too much at once. */

const AT_ONCE = 8;

/** Answers in the order of the items. */
export async function together<T, R>(items: readonly T[], look: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  const queue = [...items.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) answers[next[0]] = await look(next[1]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return answers;
}
