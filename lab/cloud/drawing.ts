/** What the model draws from the randomness that is handed in: delays and identifiers. */
import type { Random } from "../random.ts";
import type { Delay } from "./delays.ts";

/** Whole milliseconds; a fixed delay draws nothing. */
export function drawDelay(random: Random, delay: Delay): number {
  if (typeof delay === "number") return delay;
  const [least, most] = delay;
  return least + random.below(most - least + 1);
}

export function drawHex(random: Random, digits: number): string {
  let text = "";
  while (text.length < digits) text += eight(random);
  return text.slice(0, digits);
}

/** A version 4 UUID. */
export function drawUuid(random: Random): string {
  const [a, b, c, d] = [eight(random), eight(random), eight(random), eight(random)];
  const variant = (8 + random.below(4)).toString(16);
  return `${a}-${b.slice(0, 4)}-4${b.slice(4, 7)}-${variant}${c.slice(0, 3)}-${c.slice(4)}${d}`;
}

/** Hex digits. */
function eight(random: Random): string {
  const drawn = random.below(2 ** 32);
  return four(drawn >>> 16) + four(drawn & 0xffff);
}

function four(number: number): string {
  return `${BYTES[number >>> 8]}${BYTES[number & 0xff]}`;
}

const BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
