/** The reason a contract gave for its failure, for people. */
import { bytesToUtf8 } from "../primitives/index.js";
import type { ByteString } from "../primitives/index.js";
import type { CryptoSuite } from "../crypto/index.js";
import { ArgumentReader, argumentsIn, selectorIn, selectorOf } from "./abi/index.js";

/** Selector of `Error(string)` in Solidity contracts, also on SM chains when they are compiled for Ethereum. */
const SOLIDITY_SELECTOR = 0x08c379a0;

/** The text in `Error(string)`, which is what failed calls return by convention; undefined for any other output. */
export function revertReason(output: Uint8Array, suite: CryptoSuite): string | undefined {
  const selector = selectorIn(output);
  if (selector === undefined) return undefined;
  if (selector !== SOLIDITY_SELECTOR && selector !== selectorOf(suite, "Error(string)" as ByteString)) return undefined;
  return bytesToUtf8(new ArgumentReader(argumentsIn(output)).bytes());
}
