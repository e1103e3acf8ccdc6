/** Assertions: on in production, never caught and logged. A broken one ends the process. */

/** Thrown by {@link assert}: a programming error, or damage that must not spread. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/**
 * Ends the process with `message` when `condition` does not hold.
 *
 * @param message what should hold, as a sentence
 * @throws InvariantError
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(`invariant broken: ${message}`);
}

/**
 * Marks a `switch` over a union as complete; the compiler refuses it when a case is missing.
 *
 * @throws InvariantError when reached
 */
export function unreachable(value: never): never {
  throw new InvariantError(`invariant broken: unexpected case ${JSON.stringify(value)}`);
}
