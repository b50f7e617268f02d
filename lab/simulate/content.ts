const decoder = new TextDecoder();

/** What a call is about, as text: the same for inputs that say the same, whatever way they came. */
export function contentOf(input: unknown): string {
  if (typeof input === "string") return `"${input}"`;
  if (typeof input !== "object" || input === null) return String(input);
  if (input instanceof Uint8Array) return decoder.decode(input);
  if (input instanceof Date) return input.toISOString();
  if (Array.isArray(input)) return `[${input.map(contentOf).join()}]`;
  const parts = Object.entries(input).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}:${contentOf(value)}`],
  );
  return `{${parts.sort().join()}}`;
}
