/** What a contract at an address from 1 to 9 looks like from outside, and how such contracts read their input. */
import type { Address } from "../../primitives/index.js";
import { EMPTY_BYTES, bytesToBigInt } from "../../primitives/index.js";

/** A contract that Ethereum has at a fixed address. Pure: the same input always gives the same output. */
export interface EthereumContract {
  readonly address: Address;
  gas(input: Uint8Array): bigint;
  /** Output, or undefined when the call fails. */
  run(input: Uint8Array): Uint8Array | undefined;
}

/** Address of the contract with that number. */
export function ethereumAddress(number: number): Address {
  return number.toString(16).padStart(40, "0") as Address;
}

/** `length` bytes at `offset`, those beyond the end of the input being zero. */
export function paddedBytes(input: Uint8Array, offset: number, length: number): Uint8Array {
  if (offset + length <= input.length) return input.subarray(offset, offset + length);
  const bytes = new Uint8Array(length);
  if (offset < input.length) bytes.set(input.subarray(offset));
  return bytes;
}

/** The word at `offset` as a number, bytes beyond the end of the input being zero. */
export function paddedWord(input: Uint8Array, offset: number): bigint {
  return bytesToBigInt(paddedBytes(input, offset, 32));
}

/** Words that `length` bytes fill. */
export function wordsOf(length: number): bigint {
  return BigInt(Math.ceil(length / 32));
}

/** Output of a call that has nothing to say and still succeeds. */
export const NO_OUTPUT = EMPTY_BYTES;
