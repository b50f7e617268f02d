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
  while (text.length < digits) text += random.below(16).toString(16);
  return text;
}

/** A version 4 UUID. */
export function drawUuid(random: Random): string {
  const digits = (n: number) => drawHex(random, n);
  const variant = (8 + random.below(4)).toString(16);
  return `${digits(8)}-${digits(4)}-4${digits(3)}-${variant}${digits(3)}-${digits(12)}`;
}
