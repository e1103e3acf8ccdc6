/** Addresses in cells and arguments: text that people wrote, read as 2.x reads it. */
import type { Address, ByteString } from "../../primitives/index.js";
import { ZERO_ADDRESS, isHex } from "../../primitives/index.js";

const ADDRESS_DIGITS = 40;

/**
 * The address a text stands for, with or without `0x` and in either case. Hexadecimal text of another length stands
 * for the zero address.
 *
 * @returns undefined when a character is no hexadecimal digit
 */
export function parseAddress(text: ByteString): Address | undefined {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  if (!isHex(even)) return undefined;
  return even.length === ADDRESS_DIGITS ? (even.toLowerCase() as Address) : ZERO_ADDRESS;
}

/** {@link parseAddress} for text that must have the length of an address; undefined when it has not. */
export function parseExactAddress(text: ByteString): Address | undefined {
  const digits = text.startsWith("0x") ? text.length - 2 : text.length;
  return digits === ADDRESS_DIGITS || digits === ADDRESS_DIGITS - 1 ? parseAddress(text) : undefined;
}

/** Lower-case form of ASCII letters; every other byte stays. */
export function toLowerAscii(text: ByteString): ByteString {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) as ByteString;
}
