/** Seeded randomness: the same seed, the same draws, on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, n); n ≥ 1. */
  below(n: number): number;
  /** True with that probability. */
  chance(probability: number): boolean;
  /** One of them; throws where there is none. */
  pick<T>(from: readonly T[]): T;
  /** A shuffled copy. */
  shuffle<T>(from: readonly T[]): T[];
  /** That many random bytes. */
  bytes(length: number): Uint8Array;
  /** A generator of its own for that purpose: what it draws shifts nobody else's draws. */
  fork(purpose: string): Random;
}

/** xoshiro128** (Blackman, Vigna), its state filled by splitmix32 from the seed (an integer; its low 32 bits count). */
export function seededRandom(seed: number): Random {
  const fill = splitmix32(seed);
  let a = fill();
  let b = fill();
  let c = fill();
  let d = fill();

  function word(): number {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  }

  const random: Random = {
    next: () => word() / 2 ** 32,
    below: (n) => Math.floor((word() / 2 ** 32) * n),
    chance: (probability) => word() / 2 ** 32 < probability,
    pick(from) {
      if (from.length === 0) throw new RangeError("nothing to pick from");
      return from[random.below(from.length)] as (typeof from)[number];
    },
    shuffle(from) {
      const shuffled = [...from];
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = random.below(last + 1);
        const kept = shuffled[last] as (typeof from)[number];
        shuffled[last] = shuffled[other] as (typeof from)[number];
        shuffled[other] = kept;
      }
      return shuffled;
    },
    bytes: (length) => Uint8Array.from({ length }, () => word() >>> 24),
    fork: (purpose) => seededRandom(word() ^ fnv1a(purpose)),
  };
  return random;
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) | 0;
  };
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}
