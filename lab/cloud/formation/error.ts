/** What stops a stack, said with its name. */

/** Something that a template says cannot be done. */
export class StackError extends Error {
  override readonly name = "StackError";
}

export function asStackError(stack: string, error: unknown): StackError {
  if (error instanceof StackError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new StackError(`stack ${stack}: ${text}`, { cause: error });
}

/** What it makes; whatever it throws, as a StackError. */
export function orStackError<T>(stack: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw asStackError(stack, error);
  }
}
