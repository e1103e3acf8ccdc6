/**
 * Numbers in cells and arguments, read from text as 2.x reads them. Two different readers exist: one for 64-bit and
 * 32-bit values, and one for 256-bit values that also knows octal and hexadecimal.
 */
import type { ByteString } from "../../primitives/index.js";
import { ascii } from "../../primitives/index.js";

const INT32 = { min: -(1n << 31n), max: (1n << 31n) - 1n };
const INT64 = { min: -(1n << 63n), max: (1n << 63n) - 1n };
const UINT256_BITS = 256;
/** Most digits that a number of 64 bits has. */
const INT64_DIGITS_MAX = 19;
/** Digits that a double holds exactly, so that they can be taken in one step. */
const DECIMAL_CHUNK = 15;
/** Octal digits of 256 bits, rounded up; hexadecimal ones are fewer. */
const KEPT_DIGITS = 86;

/** A signed 64-bit number: optional sign, decimal digits, nothing else; undefined when it is none or out of range. */
export function parseInt64(text: ByteString): bigint | undefined {
  return parseBounded(text, INT64);
}

/** A signed 32-bit number, written as for {@link parseInt64}. */
export function parseInt32(text: ByteString): number | undefined {
  const value = parseBounded(text, INT32);
  return value === undefined ? undefined : Number(value);
}

function parseBounded(text: ByteString, range: { readonly min: bigint; readonly max: bigint }): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const digits = text.replace(/^[+-]?0*/, "");
  if (digits.length > INT64_DIGITS_MAX) return undefined;
  const value = text.startsWith("-") ? -BigInt(digits) : BigInt(digits);
  return value < range.min || value > range.max ? undefined : value;
}

/**
 * A 256-bit number in the form of the big-number library of 2.x: optional minus; `0x` starts hexadecimal and any other
 * leading zero octal digits. Too many digits wrap around. The empty text, and a sign alone, are 0. A zero byte ends it.
 *
 * @returns the magnitude modulo 2^256 with its sign, undefined when a digit does not fit the base
 */
export function parseBigNumber(text: ByteString): bigint | undefined {
  const end = text.indexOf("\0");
  const visible = end < 0 ? text : text.slice(0, end);
  const negative = visible.startsWith("-");
  const digits = negative ? visible.slice(1) : visible;
  const magnitude = parseMagnitude(digits);
  if (magnitude === undefined) return undefined;
  const wrapped = BigInt.asUintN(UINT256_BITS, magnitude);
  return negative ? -wrapped : wrapped;
}

/** Takes time in proportion to the length, as cells may hold millions of digits. */
function parseMagnitude(digits: string): bigint | undefined {
  if (digits === "") return 0n;
  if (/^0[xX][0-9a-fA-F]*$/.test(digits)) return BigInt(`0x0${digits.slice(2).slice(-KEPT_DIGITS)}`);
  if (digits.startsWith("0")) return /^[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(-KEPT_DIGITS)}`) : undefined;
  if (!/^[0-9]+$/.test(digits)) return undefined;
  let value = 0n;
  for (let at = 0; at < digits.length; at += DECIMAL_CHUNK) {
    const chunk = digits.slice(at, at + DECIMAL_CHUNK);
    value = BigInt.asUintN(UINT256_BITS, value * 10n ** BigInt(chunk.length) + BigInt(chunk));
  }
  return value;
}

/**
 * {@link parseBigNumber} behind a stricter gate: decimal digits and signs only, and at least one character. Cells that
 * contracts read with `getInt` and `getUInt` go through here.
 */
export function parseCellNumber(text: ByteString): bigint | undefined {
  return /^[0-9+-]+$/.test(text) ? parseBigNumber(text) : undefined;
}

/** Decimal text of a whole number. */
export function decimal(value: bigint | number): ByteString {
  return ascii(value.toString());
}
