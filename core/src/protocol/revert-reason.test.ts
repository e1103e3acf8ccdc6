import { describe, expect, test } from "vitest";
import { smSuite, standardSuite } from "../crypto/index.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "../primitives/index.js";
import { revertReason } from "./revert-reason.js";

const word = (value: number): string => value.toString(16).padStart(64, "0");

function textOf(text: string): string {
  const bytes = utf8ToBytes(text);
  return word(32) + word(bytes.length) + bytesToHex(bytes).padEnd(Math.ceil(bytes.length / 32) * 64, "0");
}

describe.each([standardSuite, smSuite])("as $name contracts write it", (suite) => {
  const output = (signature: string, data: string): Uint8Array =>
    concatBytes(suite.hash(utf8ToBytes(signature)).subarray(0, 4), hexToBytes(data));

  test.each(["balance too low: 余额", "", "x".repeat(1000)])("the text of a revert: %s", (text) => {
    expect(revertReason(output("Error(string)", textOf(text)))).toBe(text);
  });

  test.each([
    [0x01, "an assertion failed"],
    [0x11, "arithmetic overflow or underflow"],
    [0x12, "division by zero"],
    [0x32, "array index out of range"],
    [0x77, "panic 119"],
  ])("the meaning of panic %s", (code, meaning) => {
    expect(revertReason(output("Panic(uint256)", word(code)))).toBe(meaning);
  });

  test("an error with another name is none of these", () => {
    expect(revertReason(output("TooLow(uint256)", word(5)))).toBeUndefined();
  });

  test("what only begins like a reason is none: cut anywhere, or pointing outside", () => {
    const whole = output("Error(string)", textOf("reason"));
    for (let length = 0; length < 4 + 64 + 6; length++) expect(revertReason(whole.subarray(0, length))).toBeUndefined();
    for (let length = 0; length < 36; length++) {
      expect(revertReason(output("Panic(uint256)", word(1)).subarray(0, length))).toBeUndefined();
    }
    for (const data of ["ff".repeat(64), word(33) + word(1), word(0x80000000) + word(1), word(32) + "ff".repeat(32)]) {
      expect(revertReason(output("Error(string)", data))).toBeUndefined();
    }
  });

  test("a view into a larger buffer is read where it lies", () => {
    const whole = output("Error(string)", textOf("inside"));
    const buffer = concatBytes(new Uint8Array(7), whole, new Uint8Array(9));
    expect(revertReason(buffer.subarray(7, 7 + whole.length))).toBe("inside");
  });
});
