import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ZERO_ADDRESS,
  address,
  ascii,
  bigIntToBytes,
  bytesToByteString,
  bytesToHex,
  concatBytes,
  hexToBytes,
  utf8ToBytes,
} from "../../primitives/index.js";
import { smSuite, standardSuite } from "../../crypto/index.js";
import {
  ArgumentReader,
  addressValue,
  argumentsIn,
  bool,
  decimal,
  encodeError,
  encodeValues,
  int,
  parseBigNumber,
  parseCellNumber,
  parseInt32,
  parseInt64,
  selectorIn,
  string,
} from "./index.js";

const word = (value: bigint): Uint8Array => bigIntToBytes(value, 32);
const WORD_LIMIT = 1n << 256n;

describe("argument reader", () => {
  it("reads back what is encoded", () => {
    const text = fc.uint8Array({ maxLength: 100 }).map(bytesToByteString);
    const number = fc.bigInt({ min: 0n, max: WORD_LIMIT - 1n });
    fc.assert(
      fc.property(text, number, text, fc.uint8Array({ minLength: 20, maxLength: 20 }), (first, amount, second, raw) => {
        const account = address(bytesToHex(raw));
        const reader = new ArgumentReader(
          encodeValues(string(first), int(amount), string(second), addressValue(account)),
        );
        expect([reader.string(), reader.uint(), reader.string(), reader.address()]).toEqual([
          first,
          amount,
          second,
          account,
        ]);
      }),
    );
  });

  it("takes words up to 0x8fff…ff as positive integers", () => {
    const positiveMax = 0x90n * (1n << 248n) - 1n;
    expect(new ArgumentReader(word(positiveMax)).int()).toBe(positiveMax);
    expect(new ArgumentReader(word(1n << 255n)).int()).toBe(1n << 255n);
    expect(new ArgumentReader(word(positiveMax + 1n)).int()).toBe(positiveMax + 1n - WORD_LIMIT);
    expect(new ArgumentReader(word(WORD_LIMIT - 1n)).int()).toBe(-1n);
  });

  it("B14: keeps the arguments before a fault and gives defaults for the rest", () => {
    const whole = encodeValues(int(5), string(ascii("name")), int(6));
    const inSecondHead = new ArgumentReader(whole.subarray(0, 40));
    expect([inSecondHead.uint(), inSecondHead.string(), inSecondHead.uint()]).toEqual([5n, "", 0n]);
    const inText = new ArgumentReader(whole.subarray(0, 130));
    expect([inText.uint(), inText.string(), inText.uint()]).toEqual([5n, "", 0n]);
    const empty = new ArgumentReader(new Uint8Array(0));
    expect([empty.address(), empty.bytes().length, empty.bytes32(), empty.int()]).toEqual([
      ZERO_ADDRESS,
      0,
      new Uint8Array(32),
      0n,
    ]);
  });

  it("does not ask for the padding of a text", () => {
    const reader = new ArgumentReader(concatBytes(word(32n), word(3n), utf8ToBytes("abc")));
    expect(reader.string()).toBe("abc");
  });

  it("reads nothing, without a fault, where offset or length wrap around into the data", () => {
    const offsetWraps = new ArgumentReader(concatBytes(word((1n << 64n) - 16n), word(7n)));
    expect([offsetWraps.string(), offsetWraps.uint()]).toEqual(["", 7n]);
    const lengthWraps = new ArgumentReader(concatBytes(word(64n), word(7n), word((1n << 64n) - 10n)));
    expect([lengthWraps.string(), lengthWraps.uint()]).toEqual(["", 7n]);
    const offsetBeyond = new ArgumentReader(concatBytes(word(1000n), word(7n)));
    expect([offsetBeyond.string(), offsetBeyond.uint()]).toEqual(["", 0n]);
  });

  it("counts offsets modulo 2^64", () => {
    const reader = new ArgumentReader(concatBytes(word((1n << 64n) + 32n), word(1n), utf8ToBytes("x")));
    expect(reader.string()).toBe("x");
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        const reader = new ArgumentReader(data);
        reader.string();
        reader.bytes();
        reader.int();
        reader.address();
        reader.bytes32();
        reader.string();
      }),
    );
  });
});

describe("results", () => {
  it("give negative numbers as two's complement", () => {
    expect(bytesToHex(encodeValues(int(-50000)))).toBe(`${"f".repeat(59)}f3cb0`);
  });

  it("put dynamic parts behind all words", () => {
    const addresses = [address("1".repeat(40)), address("2".repeat(40))];
    const output = bytesToHex(encodeValues(bool(true), { type: "address[]", value: addresses }, string(ascii("é"))));
    expect(output.match(/.{64}/g)).toEqual([
      "1".padStart(64, "0"),
      "60".padStart(64, "0"),
      "c0".padStart(64, "0"),
      "2".padStart(64, "0"),
      "1".repeat(40).padStart(64, "0"),
      "2".repeat(40).padStart(64, "0"),
      "1".padStart(64, "0"),
      "e9".padEnd(64, "0"),
    ]);
  });

  it("give an empty text as its length alone", () => {
    expect(encodeValues(string(ascii(""))).length).toBe(64);
  });

  it("carry errors under the selector of the chain's hash", () => {
    expect(bytesToHex(encodeError(standardSuite, ascii("x"))).slice(0, 8)).toBe("08c379a0");
    expect(bytesToHex(encodeError(smSuite, ascii("x"))).slice(0, 8)).toBe("c703cb12");
  });
});

describe("calldata", () => {
  it("B28: has no selector when it is shorter than four bytes", () => {
    expect(selectorIn(hexToBytes("bd2918"))).toBeUndefined();
    expect(argumentsIn(hexToBytes("bd2918"))).toHaveLength(0);
    expect(selectorIn(hexToBytes("bd29180001"))).toBe(0xbd291800);
  });
});

describe("numbers in text", () => {
  it.each([
    ["0", 0n],
    ["+12", 12n],
    ["-9223372036854775808", -(1n << 63n)],
    ["9223372036854775808", undefined],
    ["", undefined],
    ["-", undefined],
    [" 1", undefined],
    ["1 ", undefined],
    ["0x10", undefined],
    ["00012", 12n],
    ["+", undefined],
    ["0".repeat(50), 0n],
    ["1".repeat(20), undefined],
  ])("of 64 bits: %j", (text, value) => {
    expect(parseInt64(ascii(text))).toBe(value);
  });

  it("of 32 bits stop at their range", () => {
    expect(parseInt32(ascii("2147483647"))).toBe(2147483647);
    expect(parseInt32(ascii("2147483648"))).toBeUndefined();
  });

  it.each([
    ["", 0n],
    ["-", 0n],
    ["255", 255n],
    ["-255", -255n],
    ["010", 8n],
    ["0x1F", 31n],
    ["0x", 0n],
    ["08", undefined],
    ["+5", undefined],
    ["1.5", undefined],
    ["7\0rest", 7n],
    [(1n << 256n).toString(), 0n],
    [((1n << 300n) + 123456789012345678901234567890n).toString(), 123456789012345678901234567890n],
    [`0x1${"0".repeat(63)}5`, 5n],
    [`01${"0".repeat(86)}7`, 7n],
  ])("of 256 bits: %j", (text, value) => {
    expect(parseBigNumber(ascii(text))).toBe(value);
  });

  it.each([
    ["", undefined],
    ["0x1F", undefined],
    ["-12", -12n],
    ["010", 8n],
    ["1-2", undefined],
  ])("in cells: %j", (text, value) => {
    expect(parseCellNumber(ascii(text))).toBe(value);
  });

  it("B14: take no longer than their length, however many digits a cell holds", () => {
    // Time in proportion to the square of the length would run into the time-out of the test.
    expect(parseInt64(ascii("9".repeat(4_000_000)))).toBeUndefined();
    expect(parseInt64(ascii(`${"0".repeat(4_000_000)}x`))).toBeUndefined();
    expect(parseBigNumber(ascii(`0x${"f".repeat(4_000_000)}`))).toBe((1n << 256n) - 1n);
    expect(parseBigNumber(ascii("7".repeat(1_000_000)))).toBeDefined();
  });

  it("are written as decimals", () => {
    expect(decimal(-3n)).toBe("-3");
  });
});
