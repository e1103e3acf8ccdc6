/**
 * Multiplication, division and what is built on them, on words of eight limbs (see `words.ts`).
 *
 * Long division works on digits of 16 bits, so that every intermediate value is an exact JavaScript number. Scratch
 * space is module-wide: the code is synchronous and none of it is re-entrant.
 */
import {
  WORD_LIMBS,
  copyWord,
  fitsLimb,
  isNegative,
  isZero,
  negate,
  setLimb,
  setNumber,
  shiftRightBy,
  toNumber,
} from "./words.js";

const TWO_32 = 0x1_0000_0000;
const TWO_16 = 0x1_0000;

/** Products and sums before reduction: up to 512 bits, little-endian limbs. */
const wide = new Uint32Array(2 * WORD_LIMBS);
/** Digits of a dividend, one more than 512 bits need; the remainder after a division. */
const dividend = new Int32Array(2 * 2 * WORD_LIMBS + 1);
const divisor = new Int32Array(2 * WORD_LIMBS);
const quotient = new Int32Array(2 * 2 * WORD_LIMBS + 1);

/** Limbs of the word up to its highest that is not zero. */
function significantLimbs(s: Uint32Array, at: number, length: number): number {
  while (length > 0 && s[at + length - 1] === 0) length--;
  return length;
}

/** Puts the product of the words at `a` and `b` into `wide`, of which only the first `limbs` limbs are computed. */
function multiplyWide(s: Uint32Array, a: number, b: number, limbs: number): void {
  wide.fill(0);
  const lengthOfB = significantLimbs(s, b, WORD_LIMBS);
  for (let i = 0; i < WORD_LIMBS; i++) {
    const x = s[a + i] as number;
    if (x === 0) continue;
    let carry = 0;
    const end = Math.min(lengthOfB, limbs - i);
    for (let j = 0; j < end; j++) {
      const y = s[b + j] as number;
      const high = x * (y >>> 16);
      const above = Math.floor(high / TWO_16);
      const low = x * (y & 0xffff) + (high - above * TWO_16) * TWO_16 + (wide[i + j] as number) + carry;
      wide[i + j] = low;
      carry = above + Math.floor(low / TWO_32);
    }
    if (i + end < limbs) wide[i + end] = carry;
  }
}

/** first × second. */
export function multiply(s: Uint32Array, at: number): void {
  multiplyWide(s, at + WORD_LIMBS, at, WORD_LIMBS);
  for (let i = 0; i < WORD_LIMBS; i++) s[at + i] = wide[i] as number;
}

/** Spreads limbs over digits of 16 bits shifted left by `shift` (0 to 15) bits; returns the number of digits written. */
function toDigits(from: Uint32Array, at: number, limbs: number, shift: number, to: Int32Array): number {
  let carry = 0;
  for (let i = 0; i < limbs; i++) {
    const limb = from[at + i] as number;
    const low = ((limb & 0xffff) << shift) | carry;
    const high = ((limb >>> 16) << shift) | (low >>> 16);
    to[2 * i] = low & 0xffff;
    to[2 * i + 1] = high & 0xffff;
    carry = high >>> 16;
  }
  to[2 * limbs] = carry;
  return 2 * limbs + 1;
}

/** Subtracts `factor` times the divisor from the dividend at digit `j`; true when the result went below zero. */
function multiplySubtract(j: number, n: number, factor: number): boolean {
  let borrow = 0;
  for (let i = 0; i < n; i++) {
    // Below 2^32: the factor and the digit are below 2^16, the borrow is at most 2^16.
    const product = factor * (divisor[i] as number) + borrow;
    const difference = (dividend[i + j] as number) - (product & 0xffff);
    dividend[i + j] = difference & 0xffff;
    borrow = (product >>> 16) + (difference < 0 ? 1 : 0);
  }
  const top = (dividend[j + n] as number) - borrow;
  dividend[j + n] = top & 0xffff;
  return top < 0;
}

function addBack(j: number, n: number): void {
  let carry = 0;
  for (let i = 0; i < n; i++) {
    const sum = (dividend[i + j] as number) + (divisor[i] as number) + carry;
    dividend[i + j] = sum & 0xffff;
    carry = sum >>> 16;
  }
  dividend[j + n] = ((dividend[j + n] as number) + carry) & 0xffff;
}

/** Divides by a divisor of one limb; quotient digits go to `quotient`, the remainder to the first digits of `dividend`. */
function divideByLimb(d: number, digits: number): void {
  let rest = 0;
  for (let i = digits - 1; i >= 0; i--) {
    // Below 2^48: far enough below 2^53 for the quotient of doubles to round down to the right digit.
    const value = rest * TWO_16 + (dividend[i] as number);
    const digit = Math.floor(value / d);
    quotient[i] = digit;
    rest = value - digit * d;
    dividend[i] = 0;
  }
  dividend[0] = rest & 0xffff;
  dividend[1] = rest >>> 16;
}

/**
 * Schoolbook long division (Knuth, The Art of Computer Programming, volume 2, algorithm D) of `limbs` limbs of
 * `from` by the word at `by`, which is not zero. The quotient lands in `quotient`, the remainder in `dividend` still
 * shifted by the bits returned.
 */
function divideDigits(from: Uint32Array, at: number, limbs: number, s: Uint32Array, by: number): number {
  const divisorLimbs = significantLimbs(s, by, WORD_LIMBS);
  const top = s[by + divisorLimbs - 1] as number;
  const n = 2 * divisorLimbs - (top < TWO_16 ? 1 : 0);
  const shift = Math.clz32(top < TWO_16 ? top << 16 : top);
  quotient.fill(0);
  dividend.fill(0);
  if (divisorLimbs === 1) {
    divideByLimb(top, toDigits(from, at, limbs, 0, dividend));
    return 0;
  }
  // The divisor shifted fits its own digits; what toDigits writes beyond is zero and does not fit the array.
  let carry = 0;
  for (let i = 0; i < n; i++) {
    const digit = ((s[by + (i >> 1)] as number) >>> (16 * (i & 1))) & 0xffff;
    const shifted = (digit << shift) | carry;
    divisor[i] = shifted & 0xffff;
    carry = shifted >>> 16;
  }
  const digits = toDigits(from, at, limbs, shift, dividend);
  const highest = divisor[n - 1] as number;
  const second = divisor[n - 2] as number;
  for (let j = digits - 1 - n; j >= 0; j--) {
    const upper = (dividend[j + n] as number) * TWO_16 + (dividend[j + n - 1] as number);
    let guess = Math.floor(upper / highest);
    let rest = upper - guess * highest;
    while (guess >= TWO_16 || guess * second > rest * TWO_16 + (dividend[j + n - 2] as number)) {
      guess--;
      rest += highest;
      if (rest >= TWO_16) break;
    }
    if (multiplySubtract(j, n, guess)) {
      guess--;
      addBack(j, n);
    }
    quotient[j] = guess;
  }
  return shift;
}

function takeQuotient(s: Uint32Array, to: number): void {
  for (let i = 0; i < WORD_LIMBS; i++)
    s[to + i] = (quotient[2 * i] as number) | ((quotient[2 * i + 1] as number) << 16);
}

function takeRemainder(s: Uint32Array, to: number, shift: number): void {
  for (let i = 0; i < WORD_LIMBS; i++) {
    s[to + i] = (dividend[2 * i] as number) | ((dividend[2 * i + 1] as number) << 16);
  }
  if (shift > 0) shiftRightBy(s, to, shift, 0);
}

/** The number of the only bit that is set, −1 when there is none or more than one. */
function singleBit(s: Uint32Array, at: number): number {
  let found = -1;
  for (let i = 0; i < WORD_LIMBS; i++) {
    const limb = s[at + i] as number;
    if (limb === 0) continue;
    if (found >= 0 || (limb & (limb - 1)) !== 0) return -1;
    found = 32 * i + 31 - Math.clz32(limb);
  }
  return found;
}

/** first ÷ second, rounded down; 0 when the second is 0. */
export function divide(s: Uint32Array, at: number): void {
  if (isZero(s, at)) return;
  const first = at + WORD_LIMBS;
  // Compilers divide by powers of two to unpack words, selectors above all.
  const bit = singleBit(s, at);
  if (bit >= 0) {
    copyWord(s, at, first);
    return shiftRightBy(s, at, bit, 0);
  }
  const dividendNumber = toNumber(s, first);
  const divisorNumber = toNumber(s, at);
  if (dividendNumber < Infinity && divisorNumber < Infinity) {
    // Exact: the remainder always is, and what is left divides without one.
    return setNumber(s, at, (dividendNumber - (dividendNumber % divisorNumber)) / divisorNumber);
  }
  divideDigits(s, first, significantLimbs(s, first, WORD_LIMBS), s, at);
  takeQuotient(s, at);
}

/** first mod second; 0 when the second is 0. */
export function modulo(s: Uint32Array, at: number): void {
  if (isZero(s, at)) return;
  const first = at + WORD_LIMBS;
  const dividendNumber = toNumber(s, first);
  const divisorNumber = toNumber(s, at);
  if (dividendNumber < Infinity && divisorNumber < Infinity) {
    return setNumber(s, at, dividendNumber % divisorNumber);
  }
  const shift = divideDigits(s, first, significantLimbs(s, first, WORD_LIMBS), s, at);
  takeRemainder(s, at, shift);
}

/** Makes both operands their absolute values; returns the sign bits: 1 first negative, 2 second negative. */
function takeSigns(s: Uint32Array, at: number): number {
  const first = at + WORD_LIMBS;
  let signs = 0;
  if (isNegative(s, first)) {
    negate(s, first);
    signs |= 1;
  }
  if (isNegative(s, at)) {
    negate(s, at);
    signs |= 2;
  }
  return signs;
}

/** first ÷ second in two's complement, rounded towards zero; 0 when the second is 0. */
export function divideSigned(s: Uint32Array, at: number): void {
  const signs = takeSigns(s, at);
  divide(s, at);
  if (signs === 1 || signs === 2) negate(s, at);
}

/** first mod second in two's complement, with the sign of the first; 0 when the second is 0. */
export function moduloSigned(s: Uint32Array, at: number): void {
  const signs = takeSigns(s, at);
  modulo(s, at);
  if ((signs & 1) !== 0) negate(s, at);
}

/** (first + second) mod third, without overflow, where the third lies at `at` and the first at `at + 16`. */
export function addModulo(s: Uint32Array, at: number): void {
  if (isZero(s, at)) return;
  let carry = 0;
  for (let i = 0; i < WORD_LIMBS; i++) {
    const sum = (s[at + 16 + i] as number) + (s[at + 8 + i] as number) + carry;
    wide[i] = sum;
    carry = sum >= TWO_32 ? 1 : 0;
  }
  wide[WORD_LIMBS] = carry;
  const shift = divideDigits(wide, 0, significantLimbs(wide, 0, WORD_LIMBS + 1), s, at);
  takeRemainder(s, at, shift);
}

/** (first × second) mod third, without overflow, laid out as for {@link addModulo}. */
export function multiplyModulo(s: Uint32Array, at: number): void {
  if (isZero(s, at)) return;
  multiplyWide(s, at + 16, at + 8, 2 * WORD_LIMBS);
  const shift = divideDigits(wide, 0, significantLimbs(wide, 0, 2 * WORD_LIMBS), s, at);
  takeRemainder(s, at, shift);
}

/** Bytes of the word up to its highest that is not zero. */
export function significantBytes(s: Uint32Array, at: number): number {
  const limbs = significantLimbs(s, at, WORD_LIMBS);
  if (limbs === 0) return 0;
  return 4 * limbs - (Math.clz32(s[at + limbs - 1] as number) >> 3);
}

/** Sets the word to 2 to the power of `bit`, modulo 2^256. */
function setBit(s: Uint32Array, at: number, bit: number): void {
  setLimb(s, at, 0);
  if (bit < 256) s[at + (bit >> 5)] = 1 << (bit & 31);
}

/** Base, running power, and the factor beside it: one scratch stack of three words. */
const power = new Uint32Array(3 * WORD_LIMBS);

/** first to the power of second. */
export function exponentiate(s: Uint32Array, at: number): void {
  const bit = singleBit(s, at + WORD_LIMBS);
  // Compilers shift by powers of 2 and 256, whose powers are a single bit again.
  if (bit >= 0) return setBit(s, at, bit === 0 ? 0 : bit * (fitsLimb(s, at) ? (s[at] as number) : 256));
  const base = 2 * WORD_LIMBS;
  for (let i = 0; i < WORD_LIMBS; i++) power[base + i] = s[at + WORD_LIMBS + i] as number;
  power.fill(0, 0, WORD_LIMBS);
  power[0] = 1;
  const bytes = significantBytes(s, at);
  for (let bit = 8 * bytes - 1; bit >= 0; bit--) {
    copyWord(power, WORD_LIMBS, 0);
    multiply(power, 0);
    if ((((s[at + (bit >> 5)] as number) >>> (bit & 31)) & 1) === 0) continue;
    copyWord(power, WORD_LIMBS, base);
    multiply(power, 0);
  }
  for (let i = 0; i < WORD_LIMBS; i++) s[at + i] = power[i] as number;
}
