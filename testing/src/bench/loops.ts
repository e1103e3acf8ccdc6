/** Programs that do one thing again and again; how often stands in the first word of the calldata. */
import { concatBytes, hexToBytes } from "@tsbcos/core/primitives";

/** Init code of a contract with this code. */
function creationOf(code: Uint8Array): Uint8Array {
  const { length } = code;
  return concatBytes(Uint8Array.of(0x60, length, 0x60, 12, 0x60, 0, 0x39, 0x60, length, 0x60, 0, 0xf3), code);
}

/** Multiplies, adds, divides, shifts and mixes two words of full width. */
export const COMPUTE_LOOP = creationOf(
  hexToBytes(
    [
      "7f" + "9e3779b97f4a7c15".repeat(4), // accumulator
      "600035", // counter
      "5b", // 36: the loop begins
      "90", // accumulator on top
      "8102", // times counter
      "7f" + "f39cc0605cedc835".repeat(4) + "01", // plus a word
      "81810418", // mixed with itself divided by the counter
      "8060051c18", // and with itself shifted
      "90", // counter on top
      "60019003", // one less
      "80602457", // again
      "5060005260206000f3",
    ].join(""),
  ),
);

/** Hashes the 64 bytes whose first half is the hash before. */
export const HASH_LOOP = creationOf(
  hexToBytes(["600035", "5b", "60406000206000526001900380600357", "60206000f3"].join("")),
);
