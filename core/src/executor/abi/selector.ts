/** Function selectors and the error output, both made with the chain's own hash. */
import type { ByteString } from "../../primitives/index.js";
import { byteStringToBytes, concatBytes, utf8ToBytes } from "../../primitives/index.js";
import type { CryptoSuite } from "../../crypto/index.js";
import { encodeValues, string } from "./encode.js";

const SELECTOR_BYTES = 4;

/** The four bytes that select a function, as an unsigned 32-bit number; undefined when the calldata is shorter. */
export function selectorIn(input: Uint8Array): number | undefined {
  if (input.length < SELECTOR_BYTES) return undefined;
  return new DataView(input.buffer, input.byteOffset, SELECTOR_BYTES).getUint32(0);
}

/** Selector of a signature given as raw bytes (contracts may register any text), as an unsigned 32-bit number. */
export function selectorOf(suite: CryptoSuite, signature: ByteString): number {
  const hash = suite.hash(byteStringToBytes(signature));
  return new DataView(hash.buffer, hash.byteOffset, SELECTOR_BYTES).getUint32(0);
}

/** Calldata behind the selector; empty when there is no whole selector. The result is a view. */
export function argumentsIn(input: Uint8Array): Uint8Array {
  return input.subarray(SELECTOR_BYTES);
}

/** Output of a failed call: `Error(string)` with a message of raw bytes. */
export function encodeError(suite: CryptoSuite, message: ByteString): Uint8Array {
  const selector = suite.hash(utf8ToBytes("Error(string)")).subarray(0, SELECTOR_BYTES);
  return concatBytes(selector, encodeValues(string(message)));
}
