/** What a function that does nothing costs. */
export async function handler(): Promise<unknown> {
  return {};
}
