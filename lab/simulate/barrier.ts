/**
 * Lets in what functions do at one moment, calls and waits, all together and in an order of its own: that of what they are. So
 * it makes no difference how long the way was that each of them came, through the SDK or straight.
 */
interface Arrival {
  readonly who: string;
  readonly what: string;
  /** Asked for only where one arrives with the same several times. */
  readonly about: (() => string) | undefined;
  readonly enter: () => void;
}

export class Barrier {
  #arrived: Arrival[] = [];

  /** Calls back when it may take effect. */
  arrive(who: string, what: string, enter: () => void, about?: () => string): void {
    this.#arrived.push({ who, what, about, enter });
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

function inOrder(arrived: Arrival[]): readonly Arrival[] {
  const texts = new Map<Arrival, string>();
  const textOf = (arrival: Arrival): string => {
    let text = texts.get(arrival);
    if (text === undefined) {
      text = arrival.about?.() ?? "";
      texts.set(arrival, text);
    }
    return text;
  };
  return arrived.sort((a, b) => compared(a.who, b.who) || compared(a.what, b.what) || compared(textOf(a), textOf(b)));
}

function compared(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
