/** How the builder says no. */
import { CodedError } from "@tsbcos/core/primitives";

/** Why a chain cannot be built or changed, in words for the person at the terminal. */
export class ChainBuildError extends CodedError {
  override readonly name = "ChainBuildError";
}

/** Ends in a refusal. */
export function refuse(code: string, message: string, cause?: unknown): never {
  throw new ChainBuildError(code, message, cause === undefined ? {} : { cause });
}

/** A whole number from the command line; `what` is named in the refusal. */
export function wholeNumber(text: string, what: string, range: readonly [number, number]): number {
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value < range[0] || value > range[1]) {
    refuse("bad-number", `${what} must be a whole number from ${range[0]} to ${range[1]}, not "${text}".`);
  }
  return value;
}
