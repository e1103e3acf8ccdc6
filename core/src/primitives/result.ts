/**
 * Expected failures as values.
 *
 * A check that may fail on honest or hostile input returns a {@link Result}; programming errors are assertions
 * (see `assert.ts`). Each failure has a `code`, so that callers and tests never match on text.
 */

/** Base of every failure: a stable kebab-case code, and whatever fields that code needs. */
export interface Failure {
  readonly code: string;
}

/** A success with its value. */
export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

/** A failure with its error. */
export interface Err<E extends Failure> {
  readonly ok: false;
  readonly error: E;
}

/** Either a value or a coded error. */
export type Result<T, E extends Failure = Failure> = Ok<T> | Err<E>;

/** A success holding `value`. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

/** A failure holding `error`. */
export function err<E extends Failure>(error: E): Err<E> {
  return { ok: false, error };
}

/**
 * An error with a code for places where exceptions are the way out (failures of the outside world in `node/`,
 * callers' mistakes). Meant to be shown to a person: the message says what to do.
 */
export class CodedError extends Error {
  /** Stable kebab-case code. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CodedError";
    this.code = code;
  }
}
