/** Hexadecimal text as programs see it: with `0x`, lower case. */
import { bytesToHex, CodedError, isHex } from "@tsbcos/core/primitives";

/** Hexadecimal digits after `0x`. */
export type Hex = `0x${string}`;

/** `bytes` as text. */
export function toHex(bytes: Uint8Array): Hex {
  return `0x${bytesToHex(bytes)}`;
}

/** Digits without `0x`, lower case. */
export function digitsOf(text: string): string {
  return (text.startsWith("0x") || text.startsWith("0X") ? text.slice(2) : text).toLowerCase();
}

/**
 * Text of exactly `bytes` bytes, with or without `0x`, either case.
 *
 * @param what what it should be, for the message
 * @throws CodedError `bad-hex`
 */
export function parseHex(text: string, bytes: number, what: string): Hex {
  const digits = digitsOf(text);
  if (digits.length !== 2 * bytes || !isHex(digits)) {
    throw new CodedError("bad-hex", `${what} is ${2 * bytes} hexadecimal digits, not "${text}".`);
  }
  return `0x${digits}`;
}

/** An address, 20 bytes. @throws CodedError `bad-hex` */
export function parseAddress(text: string): Hex {
  return parseHex(text, 20, "An address");
}
