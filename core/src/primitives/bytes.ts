/**
 * Byte strings and hexadecimal text, without `node:buffer`, so that the core also runs in a browser.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const HEX_DIGITS = "0123456789abcdef";
const HEX_CODES: Uint8Array = Uint8Array.from(HEX_DIGITS, (digit) => digit.charCodeAt(0));

/** Value of each hexadecimal digit by char code, 255 for anything else. */
const HEX_VALUE: Uint8Array = (() => {
  const table = new Uint8Array(256).fill(255);
  for (let digit = 0; digit < 16; digit++) {
    table[HEX_DIGITS.charCodeAt(digit)] = digit;
    table[HEX_DIGITS.toUpperCase().charCodeAt(digit)] = digit;
  }
  return table;
})();

/** The empty byte array. Shared: never write into it. */
export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

// Every hash, address and node id passes here. Appending digits would leave a chain of string pieces behind each.
const hexScratch = new Uint8Array(512);
/** The scratch array cut to each length that was asked for: making a view costs as much as writing the digits. */
const hexScratches: Uint8Array[] = [];

/** Lower-case hexadecimal text of `bytes`, two digits a byte, no prefix. */
export function bytesToHex(bytes: Uint8Array): string {
  const length = bytes.length * 2;
  const digits =
    length <= hexScratch.length ? (hexScratches[length] ??= hexScratch.subarray(0, length)) : new Uint8Array(length);
  for (let i = 0, at = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    digits[at++] = HEX_CODES[byte >> 4] as number;
    digits[at++] = HEX_CODES[byte & 15] as number;
  }
  return decoder.decode(digits);
}

/** True when `text` is an even number of hexadecimal digits (either case), without prefix; the empty text counts. */
export function isHex(text: string): boolean {
  if (text.length % 2 !== 0) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || HEX_VALUE[code] === 255) return false;
  }
  return true;
}

/**
 * Bytes of hexadecimal text, either case, with or without `0x`.
 *
 * @throws TypeError when a character is not a hexadecimal digit or their number is odd. For text from outside test with {@link isHex} first.
 */
export function hexToBytes(text: string): Uint8Array {
  const start = text.startsWith("0x") ? 2 : 0;
  const length = (text.length - start) / 2;
  if (!Number.isInteger(length)) throw new TypeError("hexToBytes: odd number of digits");
  const bytes = new Uint8Array(length);
  writeDigits(bytes, 0, text, start);
  return bytes;
}

/**
 * Writes the bytes of hexadecimal text, either case, without `0x`, into `into` from `at`, where there must be room.
 *
 * @throws TypeError as {@link hexToBytes}
 */
export function writeHex(into: Uint8Array, at: number, text: string): void {
  if (text.length % 2 !== 0) throw new TypeError("writeHex: odd number of digits");
  writeDigits(into, at, text, 0);
}

function writeDigits(into: Uint8Array, start: number, text: string, textStart: number): void {
  for (let from = textStart, to = start; from < text.length; from += 2, to++) {
    const high = HEX_VALUE[text.charCodeAt(from)] ?? 255;
    const low = HEX_VALUE[text.charCodeAt(from + 1)] ?? 255;
    if (high === 255 || low === 255) throw new TypeError(`not a hexadecimal digit at ${from}`);
    into[to] = (high << 4) | low;
  }
}

/** The parts one after the other in a new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** True when both arrays hold the same bytes. Not constant time: never compare secrets with it. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Byte-wise order, a prefix first: negative when `a` sorts before `b`, 0 when equal, positive otherwise. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** UTF-8 bytes of `text`. */
export function utf8ToBytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 `bytes`; malformed sequences become U+FFFD. */
export function bytesToUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Big-endian unsigned integer of `bytes`; the empty array is 0. */
export function bytesToBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`);
}

/**
 * Big-endian bytes of a non-negative integer.
 *
 * @param value at least 0
 * @param length bytes of the result, left-padded with zeros; without it the minimal number (none for 0)
 * @throws RangeError when `value` is negative or does not fit
 */
export function bigIntToBytes(value: bigint, length?: number): Uint8Array {
  if (value < 0n) throw new RangeError("bigIntToBytes: negative value");
  let hex = value === 0n ? "" : value.toString(16);
  if (hex.length % 2 !== 0) hex = `0${hex}`;
  if (length === undefined) return hexToBytes(hex);
  if (hex.length > length * 2) throw new RangeError(`bigIntToBytes: value does not fit into ${length} bytes`);
  return hexToBytes(hex.padStart(length * 2, "0"));
}
