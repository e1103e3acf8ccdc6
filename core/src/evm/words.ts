/**
 * 256-bit words as eight 32-bit limbs, least significant first, at an offset of a `Uint32Array`.
 *
 * Binary operations take the offset `at` of the deeper operand; the upper one, which the EVM takes as the first, lies
 * at `at + 8`. The result replaces the deeper one. Nothing here allocates.
 */
import type { Address } from "../primitives/index.js";

/** Limbs of one word. */
export const WORD_LIMBS = 8;

const TWO_32 = 0x1_0000_0000;

/** True when the word is zero. */
export function isZero(s: Uint32Array, at: number): boolean {
  return (
    ((s[at] as number) |
      (s[at + 1] as number) |
      (s[at + 2] as number) |
      (s[at + 3] as number) |
      (s[at + 4] as number) |
      (s[at + 5] as number) |
      (s[at + 6] as number) |
      (s[at + 7] as number)) ===
    0
  );
}

/** True when the word is below 2^32, so that its first limb is its value. */
export function fitsLimb(s: Uint32Array, at: number): boolean {
  return (
    ((s[at + 1] as number) |
      (s[at + 2] as number) |
      (s[at + 3] as number) |
      (s[at + 4] as number) |
      (s[at + 5] as number) |
      (s[at + 6] as number) |
      (s[at + 7] as number)) ===
    0
  );
}

/** Copies the word at `from` to `to`. */
export function copyWord(s: Uint32Array, to: number, from: number): void {
  s[to] = s[from] as number;
  s[to + 1] = s[from + 1] as number;
  s[to + 2] = s[from + 2] as number;
  s[to + 3] = s[from + 3] as number;
  s[to + 4] = s[from + 4] as number;
  s[to + 5] = s[from + 5] as number;
  s[to + 6] = s[from + 6] as number;
  s[to + 7] = s[from + 7] as number;
}

/** Exchanges two words. */
export function swapWords(s: Uint32Array, a: number, b: number): void {
  let limb = s[a] as number;
  s[a] = s[b] as number;
  s[b] = limb;
  limb = s[a + 1] as number;
  s[a + 1] = s[b + 1] as number;
  s[b + 1] = limb;
  limb = s[a + 2] as number;
  s[a + 2] = s[b + 2] as number;
  s[b + 2] = limb;
  limb = s[a + 3] as number;
  s[a + 3] = s[b + 3] as number;
  s[b + 3] = limb;
  limb = s[a + 4] as number;
  s[a + 4] = s[b + 4] as number;
  s[b + 4] = limb;
  limb = s[a + 5] as number;
  s[a + 5] = s[b + 5] as number;
  s[b + 5] = limb;
  limb = s[a + 6] as number;
  s[a + 6] = s[b + 6] as number;
  s[b + 6] = limb;
  limb = s[a + 7] as number;
  s[a + 7] = s[b + 7] as number;
  s[b + 7] = limb;
}

/** Sets the word to one limb. */
export function setLimb(s: Uint32Array, at: number, limb: number): void {
  s[at] = limb;
  s[at + 1] = 0;
  s[at + 2] = 0;
  s[at + 3] = 0;
  s[at + 4] = 0;
  s[at + 5] = 0;
  s[at + 6] = 0;
  s[at + 7] = 0;
}

/** Sets the word to a whole number from 0 to 2^53 − 1. */
export function setNumber(s: Uint32Array, at: number, value: number): void {
  setLimb(s, at, value >>> 0);
  s[at + 1] = Math.floor(value / TWO_32);
}

/** Sets the word to `value` modulo 2^256. */
export function setBigInt(s: Uint32Array, at: number, value: bigint): void {
  for (let i = 0; i < WORD_LIMBS; i++) {
    s[at + i] = Number(value & 0xffffffffn);
    value >>= 32n;
  }
}

/** The word as a bigint. */
export function toBigInt(s: Uint32Array, at: number): bigint {
  if (fitsLimb(s, at)) return BigInt(s[at] as number);
  return BigInt(`0x${toHex(s, at)}`);
}

/** The word as a number when it is below 2^53, otherwise `Infinity`. */
export function toNumber(s: Uint32Array, at: number): number {
  const high = s[at + 1] as number;
  for (let i = 2; i < WORD_LIMBS; i++) if (s[at + i] !== 0) return Infinity;
  return high < 0x20_0000 ? high * TWO_32 + (s[at] as number) : Infinity;
}

const DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const wordDigits: number[] = new Array<number>(64).fill(0);
const addressDigits: number[] = new Array<number>(40).fill(0);

/** Char codes of the low limbs in hexadecimal, most significant first: made at once, a text grown by pieces is slower. */
function toDigits(s: Uint32Array, at: number, limbs: number, codes: number[]): void {
  for (let i = 0; i < 8 * limbs; i++) {
    const limb = s[at + limbs - 1 - (i >> 3)] as number;
    codes[i] = DIGITS[(limb >>> (28 - 4 * (i & 7))) & 15] as number;
  }
}

/** The word as 64 hexadecimal digits. */
export function toHex(s: Uint32Array, at: number): string {
  toDigits(s, at, WORD_LIMBS, wordDigits);
  return String.fromCharCode.apply(null, wordDigits);
}

/** The low 20 bytes of the word as an address. */
export function toAddress(s: Uint32Array, at: number): Address {
  toDigits(s, at, 5, addressDigits);
  return String.fromCharCode.apply(null, addressDigits) as Address;
}

/** Sets the word to an address. */
export function setAddress(s: Uint32Array, at: number, address: Address): void {
  s[at + 7] = 0;
  s[at + 6] = 0;
  s[at + 5] = 0;
  for (let i = 0; i < 5; i++) s[at + i] = parseInt(address.slice(32 - 8 * i, 40 - 8 * i), 16);
}

/** Sets the word from 32 big-endian bytes at `from`, bytes beyond the end of the array counting as zero. */
export function setBytes(s: Uint32Array, at: number, bytes: Uint8Array, from: number): void {
  if (from + 32 <= bytes.length) {
    for (let i = WORD_LIMBS - 1; i >= 0; i--, from += 4) {
      s[at + i] =
        ((bytes[from] as number) << 24) |
        ((bytes[from + 1] as number) << 16) |
        ((bytes[from + 2] as number) << 8) |
        (bytes[from + 3] as number);
    }
    return;
  }
  for (let i = WORD_LIMBS - 1; i >= 0; i--, from += 4) {
    s[at + i] =
      ((bytes[from] ?? 0) << 24) |
      ((bytes[from + 1] ?? 0) << 16) |
      ((bytes[from + 2] ?? 0) << 8) |
      (bytes[from + 3] ?? 0);
  }
}

/** Writes the word as 32 big-endian bytes to `to`. */
export function writeBytes(s: Uint32Array, at: number, bytes: Uint8Array, to: number): void {
  for (let i = WORD_LIMBS - 1; i >= 0; i--, to += 4) {
    const limb = s[at + i] as number;
    bytes[to] = limb >>> 24;
    bytes[to + 1] = limb >>> 16;
    bytes[to + 2] = limb >>> 8;
    bytes[to + 3] = limb;
  }
}

/** The word as 32 bytes of its own. */
export function toBytes(s: Uint32Array, at: number): Uint8Array {
  const bytes = new Uint8Array(32);
  writeBytes(s, at, bytes, 0);
  return bytes;
}

/** first + second. */
export function add(s: Uint32Array, at: number): void {
  let carry = 0;
  for (let i = at; i < at + WORD_LIMBS; i++) {
    const sum = (s[i] as number) + (s[i + WORD_LIMBS] as number) + carry;
    s[i] = sum;
    carry = sum >= TWO_32 ? 1 : 0;
  }
}

/** first − second. */
export function subtract(s: Uint32Array, at: number): void {
  let borrow = 0;
  for (let i = at; i < at + WORD_LIMBS; i++) {
    const difference = (s[i + WORD_LIMBS] as number) - (s[i] as number) - borrow;
    s[i] = difference;
    borrow = difference < 0 ? 1 : 0;
  }
}

/** 0 − word, in place. */
export function negate(s: Uint32Array, at: number): void {
  let borrow = 0;
  for (let i = at; i < at + WORD_LIMBS; i++) {
    const difference = -(s[i] as number) - borrow;
    s[i] = difference;
    borrow = difference < 0 ? 1 : 0;
  }
}

/** True when the first operand is below the second, unsigned. */
function isBelow(s: Uint32Array, at: number): boolean {
  for (let i = at + WORD_LIMBS - 1; i >= at; i--) {
    const first = s[i + WORD_LIMBS] as number;
    const second = s[i] as number;
    if (first !== second) return first < second;
  }
  return false;
}

/** True when both operands are equal. */
function areEqual(s: Uint32Array, at: number): boolean {
  for (let i = at; i < at + WORD_LIMBS; i++) if (s[i] !== s[i + WORD_LIMBS]) return false;
  return true;
}

/** True when the word, read as two's complement, is negative. */
export function isNegative(s: Uint32Array, at: number): boolean {
  return (s[at + 7] as number) >= 0x8000_0000;
}

/** 1 when first < second, unsigned. */
export function lessThan(s: Uint32Array, at: number): void {
  setLimb(s, at, isBelow(s, at) ? 1 : 0);
}

/** 1 when first > second, unsigned. */
export function greaterThan(s: Uint32Array, at: number): void {
  setLimb(s, at, isBelow(s, at) || areEqual(s, at) ? 0 : 1);
}

/** 1 when first < second, two's complement. */
export function signedLessThan(s: Uint32Array, at: number): void {
  const negative = isNegative(s, at + WORD_LIMBS);
  setLimb(s, at, (negative === isNegative(s, at) ? isBelow(s, at) : negative) ? 1 : 0);
}

/** 1 when first > second, two's complement. */
export function signedGreaterThan(s: Uint32Array, at: number): void {
  const negative = isNegative(s, at + WORD_LIMBS);
  const greater = negative === isNegative(s, at) ? !isBelow(s, at) && !areEqual(s, at) : !negative;
  setLimb(s, at, greater ? 1 : 0);
}

/** 1 when both are equal. */
export function equal(s: Uint32Array, at: number): void {
  setLimb(s, at, areEqual(s, at) ? 1 : 0);
}

/** Bitwise and. */
export function and(s: Uint32Array, at: number): void {
  for (let i = at; i < at + WORD_LIMBS; i++) s[i] = (s[i] as number) & (s[i + WORD_LIMBS] as number);
}

/** Bitwise or. */
export function or(s: Uint32Array, at: number): void {
  for (let i = at; i < at + WORD_LIMBS; i++) s[i] = (s[i] as number) | (s[i + WORD_LIMBS] as number);
}

/** Bitwise exclusive or. */
export function xor(s: Uint32Array, at: number): void {
  for (let i = at; i < at + WORD_LIMBS; i++) s[i] = (s[i] as number) ^ (s[i + WORD_LIMBS] as number);
}

/** Bitwise complement, in place. */
export function not(s: Uint32Array, at: number): void {
  for (let i = at; i < at + WORD_LIMBS; i++) s[i] = ~(s[i] as number);
}

/** Byte number `first` of the second operand, 0 being the most significant; 0 beyond 31. */
export function byte(s: Uint32Array, at: number): void {
  const index = s[at + WORD_LIMBS] as number;
  if (!fitsLimb(s, at + WORD_LIMBS) || index > 31) return setLimb(s, at, 0);
  const limb = s[at + 7 - (index >> 2)] as number;
  setLimb(s, at, (limb >>> (24 - 8 * (index & 3))) & 0xff);
}

/** Extends the sign of the second operand from byte number `first`, 0 being the least significant. */
export function signExtend(s: Uint32Array, at: number): void {
  const index = s[at + WORD_LIMBS] as number;
  if (!fitsLimb(s, at + WORD_LIMBS) || index > 30) return;
  const limb = index >> 2;
  const unused = 24 - 8 * (index & 3);
  const extended = ((s[at + limb] as number) << unused) >> unused;
  s[at + limb] = extended;
  const fill = extended < 0 ? 0xffff_ffff : 0;
  for (let i = limb + 1; i < WORD_LIMBS; i++) s[at + i] = fill;
}

/** Distance of a shift, 256 for anything larger. */
function shiftOf(s: Uint32Array, at: number): number {
  const bits = s[at] as number;
  return fitsLimb(s, at) && bits < 256 ? bits : 256;
}

/** Second operand shifted left by `first` bits. */
export function shiftLeft(s: Uint32Array, at: number): void {
  const bits = shiftOf(s, at + WORD_LIMBS);
  const limbs = bits >> 5;
  const rest = bits & 31;
  for (let i = WORD_LIMBS - 1; i >= 0; i--) {
    const high = i >= limbs ? (s[at + i - limbs] as number) : 0;
    const low = i > limbs && rest > 0 ? (s[at + i - limbs - 1] as number) >>> (32 - rest) : 0;
    s[at + i] = (high << rest) | low;
  }
}

/** Shifts the word at `at` right by 0 to 256 bits, filling with the bits of `fill` (0 or 0xffffffff). */
export function shiftRightBy(s: Uint32Array, at: number, bits: number, fill: number): void {
  const limbs = bits >> 5;
  const rest = bits & 31;
  for (let i = 0; i < WORD_LIMBS; i++) {
    const low = i + limbs < WORD_LIMBS ? (s[at + i + limbs] as number) : fill;
    const high = i + limbs + 1 < WORD_LIMBS ? (s[at + i + limbs + 1] as number) : fill;
    s[at + i] = rest === 0 ? low : (low >>> rest) | (high << (32 - rest));
  }
}

/** Second operand shifted right by `first` bits, filling with zeros. */
export function shiftRight(s: Uint32Array, at: number): void {
  shiftRightBy(s, at, shiftOf(s, at + WORD_LIMBS), 0);
}

/** Second operand shifted right by `first` bits, filling with its sign. */
export function shiftRightSigned(s: Uint32Array, at: number): void {
  shiftRightBy(s, at, shiftOf(s, at + WORD_LIMBS), isNegative(s, at) ? 0xffff_ffff : 0);
}
