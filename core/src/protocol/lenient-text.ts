/** Texts of numbers, hashes and addresses that clients write, read with the tolerance that 2.x clients know. */
import { ZERO_HASH, isHex } from "../primitives/index.js";
import type { Address, Hash } from "../primitives/index.js";

/** Characters of a number: far more than its 64 bits need, and too few to make the conversion slow. */
const NUMBER_TEXT_MAX = 1024;

/**
 * A whole number: hexadecimal with `0x` or decimal; the empty text is 0.
 *
 * @returns undefined for any other text
 */
export function parseWholeText(text: string): bigint | undefined {
  if (text.length > NUMBER_TEXT_MAX || !/^(0x[0-9a-fA-F]*|\d*)$/.test(text)) return undefined;
  return text === "" || text === "0x" ? 0n : BigInt(text);
}

/**
 * A hash: the rightmost 32 bytes of hexadecimal digits that are too many, decimal digits without `0x` as a number, and
 * all zeros for anything else.
 */
export function parseHashText(text: string): Hash {
  if (text.startsWith("0x")) {
    const digits = text.slice(Math.max(2, text.length - 64));
    return digits.length === 64 && isHex(digits) ? (digits.toLowerCase() as Hash) : ZERO_HASH;
  }
  if (text.length > NUMBER_TEXT_MAX || !/^\d+$/.test(text)) return ZERO_HASH;
  return BigInt.asUintN(256, BigInt(text)).toString(16).padStart(64, "0") as Hash;
}

/** An address: exactly 40 hexadecimal digits, `0x` or not. */
export function parseAddressText(text: string): Address | undefined {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  return digits.length === 40 && isHex(digits) ? (digits.toLowerCase() as Address) : undefined;
}
