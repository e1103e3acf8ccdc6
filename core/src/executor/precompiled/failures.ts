/** The ways in which a contract call ends without a result. */
import type { Address, ByteString } from "../../primitives/index.js";
import { StorageError } from "../../state/index.js";
import type { StorageErrorCode } from "./result-codes.js";
import { PrecompiledError } from "./contract.js";

/** Message of every failure whose own text never reaches the chain. */
export const GENERIC_FAILURE = "PrecompiledError";

/** Ends the call with a message of raw bytes, on every version. */
export function fail(message: string): never {
  throw new PrecompiledError(message);
}

/**
 * Ends the call with the generic message: what the C++ node does with exceptions it did not expect (and in place of
 * reading through a null pointer).
 *
 * @param reason for whoever debugs; not part of the protocol
 */
export function failGenerically(reason: string): never {
  throw new PrecompiledError(GENERIC_FAILURE, { cause: reason });
}

/** Ends the call as the storage layer does: the text reaches the chain from supported_version 2.7.0 on. */
export function failInStorage(code: StorageErrorCode, text: string): never {
  throw new StorageError(code, text);
}

/** Message of a call that the writer list of the calling contract forbids. */
export function callRefusal(origin: Address, contract: Address): string {
  return `Permission denied. ${origin} can't call contract ${contract}`;
}

/** The item, or a generic failure when it is missing. */
export function orFail<T>(item: T | undefined, reason: string): T {
  return item ?? failGenerically(reason);
}

/** The item of a list of rows at an index, or the storage failure of reading past its end. */
export function rowAt<T>(rows: readonly T[], index: number | bigint): T {
  const row = index < rows.length ? rows[Number(index)] : undefined;
  return row ?? failInStorage("row-index-out-of-range", `Entries no exists: ${index}`);
}

/** Fails like the storage layer when a value is longer than allowed. */
export function checkLength(value: ByteString, bytesMax: number): void {
  if (value.length > bytesMax) failInStorage("value-too-long", tooLong(bytesMax));
}

/** Text of a value that is longer than allowed. */
export function tooLong(bytesMax: number): string {
  return `size of value/key greater than${bytesMax}`;
}
