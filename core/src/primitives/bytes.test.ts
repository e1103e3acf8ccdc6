import { describe, expect, test } from "vitest";
import { bytesToHex, hexToBytes, writeHex } from "./index.js";

describe("hexadecimal text", () => {
  test("there and back at every length, in any order", () => {
    for (const length of [32, 20, 256, 0, 1, 64, 257, 1000, 32]) {
      const bytes = Uint8Array.from({ length }, (_, at) => at * 7);
      const text = bytesToHex(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("hex"));
      expect(hexToBytes(text)).toEqual(bytes);
      expect(hexToBytes(`0x${text.toUpperCase()}`)).toEqual(bytes);
    }
  });

  test("written in place, nothing before and behind it", () => {
    const into = new Uint8Array(5).fill(9);
    writeHex(into, 1, "01ABff");
    expect(into).toEqual(Uint8Array.of(9, 1, 0xab, 0xff, 9));
  });

  test("what is none is refused", () => {
    for (const text of ["0", "0g", "0x1", "ä0", "0Ā"]) {
      expect(() => hexToBytes(text)).toThrow(TypeError);
      expect(() => {
        writeHex(new Uint8Array(8), 0, text);
      }).toThrow(TypeError);
    }
  });
});
