import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Address } from "../primitives/index.js";
import { bigIntToBytes } from "../primitives/index.js";
import * as arithmetic from "./arithmetic.js";
import * as words from "./words.js";

const MODULUS = 2n ** 256n;

/** Words of every length, with the ends of ranges and single bits among them. */
const word = fc.oneof(
  fc.bigInt(0n, MODULUS - 1n),
  fc.nat(256).chain((bits) => fc.bigInt(0n, 2n ** BigInt(bits) - 1n)),
  fc.nat(255).map((bit) => 2n ** BigInt(bit)),
  fc.bigInt(2n ** 53n - 3n, 2n ** 53n + 3n),
  fc.constantFrom(0n, 1n, 2n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 255n - 1n, 2n ** 255n, MODULUS - 1n),
);

type Operation = (s: Uint32Array, at: number) => void;

/** Result of an operation whose first operand lies uppermost. */
function apply(operation: Operation, ...operands: readonly bigint[]): bigint {
  const s = new Uint32Array(8 * operands.length);
  operands.forEach((operand, i) => words.setBigInt(s, 8 * (operands.length - 1 - i), operand));
  operation(s, 0);
  return words.toBigInt(s, 0);
}

const wrap = (value: bigint) => BigInt.asUintN(256, value);
const signed = (value: bigint) => BigInt.asIntN(256, value);
const truth = (value: boolean) => (value ? 1n : 0n);

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let bit = exponent.toString(2).length - 1; bit >= 0; bit--) {
    result = wrap(result * result);
    if ((exponent >> BigInt(bit)) & 1n) result = wrap(result * base);
  }
  return result;
}

function extended(index: bigint, value: bigint): bigint {
  return index > 30n ? value : wrap(BigInt.asIntN(8 * (Number(index) + 1), value));
}

const BINARY: Readonly<Record<string, readonly [Operation, (a: bigint, b: bigint) => bigint]>> = {
  add: [words.add, (a, b) => wrap(a + b)],
  subtract: [words.subtract, (a, b) => wrap(a - b)],
  multiply: [arithmetic.multiply, (a, b) => wrap(a * b)],
  divide: [arithmetic.divide, (a, b) => (b === 0n ? 0n : a / b)],
  modulo: [arithmetic.modulo, (a, b) => (b === 0n ? 0n : a % b)],
  divideSigned: [arithmetic.divideSigned, (a, b) => (b === 0n ? 0n : wrap(signed(a) / signed(b)))],
  moduloSigned: [arithmetic.moduloSigned, (a, b) => (b === 0n ? 0n : wrap(signed(a) % signed(b)))],
  exponentiate: [arithmetic.exponentiate, power],
  lessThan: [words.lessThan, (a, b) => truth(a < b)],
  greaterThan: [words.greaterThan, (a, b) => truth(a > b)],
  signedLessThan: [words.signedLessThan, (a, b) => truth(signed(a) < signed(b))],
  signedGreaterThan: [words.signedGreaterThan, (a, b) => truth(signed(a) > signed(b))],
  equal: [words.equal, (a, b) => truth(a === b)],
  and: [words.and, (a, b) => a & b],
  or: [words.or, (a, b) => a | b],
  xor: [words.xor, (a, b) => a ^ b],
  byte: [words.byte, (a, b) => (a > 31n ? 0n : (b >> (8n * (31n - a))) & 0xffn)],
  signExtend: [words.signExtend, extended],
  shiftLeft: [words.shiftLeft, (a, b) => (a > 255n ? 0n : wrap(b << a))],
  shiftRight: [words.shiftRight, (a, b) => (a > 255n ? 0n : b >> a)],
  shiftRightSigned: [words.shiftRightSigned, (a, b) => wrap(signed(b) >> (a > 255n ? 255n : a))],
};

describe("operations on two words agree with bigints", () => {
  for (const [name, [operation, expected]] of Object.entries(BINARY)) {
    it(name, () => {
      fc.assert(
        fc.property(word, word, (a, b) => {
          expect(apply(operation, a, b)).toBe(expected(a, b));
        }),
        { numRuns: 500 },
      );
    });
    it(`${name} with a small first operand and an operand twice`, () => {
      fc.assert(
        fc.property(fc.bigInt(0n, 260n), word, (a, b) => {
          expect(apply(operation, a, b)).toBe(expected(a, b));
          expect(apply(operation, b, b)).toBe(expected(b, b));
        }),
      );
    });
  }
});

describe("operations on three words agree with bigints", () => {
  it("addModulo does not lose the carry", () => {
    fc.assert(
      fc.property(word, word, word, (a, b, m) => {
        expect(apply(arithmetic.addModulo, a, b, m)).toBe(m === 0n ? 0n : (a + b) % m);
      }),
    );
    expect(apply(arithmetic.addModulo, MODULUS - 1n, MODULUS - 1n, MODULUS - 1n)).toBe(0n);
  });

  it("multiplyModulo does not lose the upper half", () => {
    fc.assert(
      fc.property(word, word, word, (a, b, m) => {
        expect(apply(arithmetic.multiplyModulo, a, b, m)).toBe(m === 0n ? 0n : (a * b) % m);
      }),
    );
  });
});

it("corrects quotient digits that were guessed too high", () => {
  // Dividends just below a multiple of a divisor with a low second digit: the guess is one or two too high, and then
  // the remainder goes below zero.
  const divisor = (0x8000n << 48n) | 1n;
  for (const quotient of [0xffffn, 0xfffen, 0x8000ffffn, 2n ** 64n - 1n]) {
    const dividend = divisor * quotient - 1n;
    expect(apply(arithmetic.divide, dividend, divisor)).toBe(dividend / divisor);
    expect(apply(arithmetic.modulo, dividend, divisor)).toBe(dividend % divisor);
  }
});

describe("conversions", () => {
  it("keep words of every form", () => {
    fc.assert(
      fc.property(word, (value) => {
        const s = new Uint32Array(16);
        const bytes = bigIntToBytes(value, 32);
        words.setBytes(s, 8, bytes, 0);
        expect(words.toBigInt(s, 8)).toBe(value);
        expect(words.toBytes(s, 8)).toEqual(bytes);
        expect(words.toHex(s, 8)).toBe(value.toString(16).padStart(64, "0"));
        expect(words.toAddress(s, 8)).toBe((value % 2n ** 160n).toString(16).padStart(40, "0"));
        expect(words.toNumber(s, 8)).toBe(value < 2n ** 53n ? Number(value) : Infinity);
        expect(words.isZero(s, 8)).toBe(value === 0n);
        expect(words.fitsLimb(s, 8)).toBe(value < 2n ** 32n);
        expect(arithmetic.significantBytes(s, 8)).toBe(Math.ceil(value.toString(2).replace(/^0$/, "").length / 8));
      }),
    );
  });

  it("set numbers and addresses", () => {
    const s = new Uint32Array(8).fill(0xffff_ffff);
    words.setNumber(s, 0, Number.MAX_SAFE_INTEGER);
    expect(words.toBigInt(s, 0)).toBe(2n ** 53n - 1n);
    const address = "00112233445566778899aabbccddeeff01020304" as Address;
    s.fill(0xffff_ffff);
    words.setAddress(s, 0, address);
    expect(words.toHex(s, 0)).toBe(`${"0".repeat(24)}${address}`);
  });

  it("read bytes beyond the end as zeros", () => {
    const s = new Uint32Array(8).fill(0xffff_ffff);
    words.setBytes(s, 0, Uint8Array.of(1, 2, 3), 1);
    expect(words.toHex(s, 0)).toBe(`0203${"0".repeat(60)}`);
  });
});
