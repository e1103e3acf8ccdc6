/** Text of JSON numbers as the JSON library of 2.x gives it back: whole numbers as they are, others with 17 digits. */
import type { ByteString } from "../../primitives/index.js";

const UINT64_MAX = (1n << 64n) - 1n;
const UINT64_DIGITS_MAX = 20;
const INT64_MIN_MAGNITUDE = 1n << 63n;
const DIGITS = 17;

/**
 * What a number token becomes when it is asked for as text.
 *
 * @param token a sign or digit and the longest run of number characters behind it
 * @returns undefined when it is no number; a sign alone is 0
 */
export function numberText(token: string): ByteString | undefined {
  const negative = token.startsWith("-");
  const magnitude = negative ? token.slice(1) : token;
  const whole = /^[0-9]*$/.test(magnitude) ? magnitude.replace(/^0+/, "") : undefined;
  if (whole !== undefined && whole.length <= UINT64_DIGITS_MAX) {
    const value = BigInt(whole);
    if (value <= (negative ? INT64_MIN_MAGNITUDE : UINT64_MAX)) {
      return (negative ? -value : value).toString() as ByteString;
    }
  }
  if (!/^(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(magnitude)) return undefined;
  const value = Number(token);
  return Number.isFinite(value) ? doubleText(value) : undefined;
}

/**
 * Text of a finite number with at most 17 significant digits, as C's `%.17g` writes it: halves are rounded to even,
 * which the conversions of JavaScript do not promise.
 */
export function doubleText(value: number): ByteString {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (value === 0) return `${sign}0` as ByteString;
  const { digits, exponent } = roundedDigits(Math.abs(value));
  const significant = digits.replace(/0+$/, "");
  if (exponent < -4 || exponent >= DIGITS) {
    const fraction = significant.length > 1 ? `.${significant.slice(1)}` : "";
    const power = Math.abs(exponent).toString().padStart(2, "0");
    return `${sign}${significant.charAt(0)}${fraction}e${exponent < 0 ? "-" : "+"}${power}` as ByteString;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${significant}` as ByteString;
  const whole = significant.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const fraction = significant.slice(exponent + 1);
  return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}` as ByteString;
}

/** The 17 digits nearest to a positive number, and the power of ten of the first one. */
function roundedDigits(value: number): { readonly digits: string; readonly exponent: number } {
  const { numerator, denominator } = fractionOf(value);
  // One digit too few or too many at most: the logarithm is off by far less than one.
  for (let exponent = Math.floor(Math.log10(value)) - 1; ; exponent++) {
    const shift = DIGITS - 1 - exponent;
    const scaled = shift >= 0 ? numerator * 10n ** BigInt(shift) : numerator;
    const divisor = shift >= 0 ? denominator : denominator * 10n ** BigInt(-shift);
    const digits = divideToNearestEven(scaled, divisor).toString();
    if (digits.length <= DIGITS) return { digits, exponent };
  }
}

function divideToNearestEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twiceRest = (numerator % denominator) * 2n;
  const up = twiceRest > denominator || (twiceRest === denominator && quotient % 2n === 1n);
  return up ? quotient + 1n : quotient;
}

/** A positive finite number as an exact fraction. */
function fractionOf(value: number): { readonly numerator: bigint; readonly denominator: bigint } {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const field = (bits.getUint32(0) >>> 20) & 0x7ff;
  const low = bits.getBigUint64(0) & ((1n << 52n) - 1n);
  const mantissa = field === 0 ? low : low | (1n << 52n);
  const power = (field === 0 ? 1 : field) - 1075;
  return power >= 0
    ? { numerator: mantissa << BigInt(power), denominator: 1n }
    : { numerator: mantissa, denominator: 1n << BigInt(-power) };
}
