/** Address 5: base to the power of exponent modulo modulus, of any length (EIP-198). */
import { EMPTY_BYTES, bigIntToBytes, bytesToBigInt } from "../../primitives/index.js";
import type { EthereumContract } from "./contract.js";
import { ethereumAddress, paddedBytes, paddedWord } from "./contract.js";

const HEAD_BYTES = 96;

function lengths(input: Uint8Array): { base: bigint; exponent: bigint; modulus: bigint } {
  return { base: paddedWord(input, 0), exponent: paddedWord(input, 32), modulus: paddedWord(input, 64) };
}

/** Number of the highest bit that is set, 0 also for zero. */
function highestBit(value: bigint): bigint {
  return value === 0n ? 0n : BigInt(value.toString(2).length - 1);
}

function multiplicationCost(bytes: bigint): bigint {
  if (bytes <= 64n) return bytes * bytes;
  if (bytes <= 1024n) return (bytes * bytes) / 4n + 96n * bytes - 3072n;
  return (bytes * bytes) / 16n + 480n * bytes - 199680n;
}

/** A slice that may begin beyond any input and be longer than any; only as many bytes as the input has are made. */
function presentBytes(input: Uint8Array, offset: bigint, length: bigint): Uint8Array {
  if (offset >= BigInt(input.length)) return EMPTY_BYTES;
  const start = Number(offset);
  const end = length < BigInt(input.length - start) ? start + Number(length) : input.length;
  return input.subarray(start, end);
}

function gas(input: Uint8Array): bigint {
  const { base, exponent, modulus } = lengths(input);
  const headBytes = exponent < 32n ? exponent : 32n;
  const offset = BigInt(HEAD_BYTES) + base;
  const present = presentBytes(input, offset, headBytes);
  const head = bytesToBigInt(present) << (8n * (headBytes - BigInt(present.length)));
  const bits = 8n * (exponent - headBytes) + highestBit(head);
  const longest = modulus > base ? modulus : base;
  return (multiplicationCost(longest) * (bits > 1n ? bits : 1n)) / 20n;
}

/** Squares and multiplies along the bits of the exponent: its present bytes, then zero bytes up to its length. */
function power(base: bigint, exponent: Uint8Array, zeroBytes: bigint, modulus: bigint): bigint {
  let result = 1n % modulus;
  for (const byte of exponent) {
    for (let bit = 7; bit >= 0; bit--) {
      result = (result * result) % modulus;
      if (((byte >> bit) & 1) === 1) result = (result * base) % modulus;
    }
  }
  // Squaring neither 0 nor 1 changes anything any more.
  for (let i = 8n * zeroBytes; i > 0n && result > 1n; i--) result = (result * result) % modulus;
  return result;
}

function run(input: Uint8Array): Uint8Array {
  const { base, exponent, modulus } = lengths(input);
  if (modulus === 0n) return EMPTY_BYTES;
  // Lengths beyond what numbers hold are never reached: they cost more gas than there is.
  const baseBytes = paddedBytes(input, HEAD_BYTES, Number(base));
  const exponentBytes = presentBytes(input, BigInt(HEAD_BYTES) + base, exponent);
  const modulusBytes = paddedBytes(input, HEAD_BYTES + Number(base + exponent), Number(modulus));
  const divisor = bytesToBigInt(modulusBytes);
  if (divisor === 0n) return new Uint8Array(Number(modulus));
  const zeroBytes = exponent - BigInt(exponentBytes.length);
  const result = power(bytesToBigInt(baseBytes) % divisor, exponentBytes, zeroBytes, divisor);
  return bigIntToBytes(result, Number(modulus));
}

/** Address 5. */
export const MODULAR_POWER: EthereumContract = { address: ethereumAddress(5), gas, run };
