/**
 * Chances that do not hang together: each is drawn from the seed and the name of what it decides, and so stays what it is
 * whatever else happens or is left out. That is what lets a history be made shorter and still be the same history.
 */
export interface Dice {
  /** Uniform in [0, 1): the same for the same name and number. */
  roll(name: Name, number?: number): number;
}

/** What a chance decides. */
export interface Name {
  readonly text: string;
  readonly hash: number;
}

export function named(text: string): Name {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return { text, hash };
}

export function seededDice(seed: number): Dice {
  const own = mixed(seed);
  return {
    roll: ({ hash }, number = 0) => mixed(mixed(hash ^ own) + Math.imul(number, 0x9e3779b9)) / 2 ** 32,
  };
}

/** murmur3's finalizer: every bit of the input moves every bit of the output. */
function mixed(value: number): number {
  let z = value | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}
