/**
 * Lets in what functions do at one moment, calls and waits, all together and in an order of its own: that of what they are. So
 * it makes no difference how long the way was that each of them came, through the SDK or straight.
 */
interface Arrival {
  /** Asked for only where several arrive together. */
  readonly key: () => string;
  readonly enter: () => void;
}

export class Barrier {
  #arrived: Arrival[] = [];

  /** Calls back when it may take effect. */
  arrive(key: () => string, enter: () => void): void {
    this.#arrived.push({ key, enter });
  }

  /** Lets in whoever has arrived; false where nobody has. To be called when everything else has come to rest. */
  release(): boolean {
    const arrived = this.#arrived;
    if (arrived.length === 0) return false;
    this.#arrived = [];
    if (arrived.length === 1) arrived[0]?.enter();
    else for (const { enter } of inOrder(arrived)) enter();
    return true;
  }
}

function inOrder(arrived: readonly Arrival[]): readonly Pick<Arrival, "enter">[] {
  return arrived
    .map(({ key, enter }) => ({ key: key(), enter }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}
