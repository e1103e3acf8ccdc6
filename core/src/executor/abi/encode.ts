/** Writing of contract results. */
import type { Address, ByteString } from "../../primitives/index.js";
import { bigIntToBytes, byteStringToBytes, concatBytes, hexToBytes } from "../../primitives/index.js";

const WORD = 32;

/** One result value with its type. `int` takes both signs and gives two's complement; it also serves `uint256`. */
export type AbiValue =
  | { readonly type: "int"; readonly value: bigint | number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "address"; readonly value: Address }
  | { readonly type: "bytes32"; readonly value: Uint8Array }
  | { readonly type: "string"; readonly value: ByteString }
  | { readonly type: "address[]"; readonly value: readonly Address[] };

/** A whole number as a value: `int256` or `uint256`. */
export function int(value: bigint | number): AbiValue {
  return { type: "int", value };
}

/** A truth value. */
export function bool(value: boolean): AbiValue {
  return { type: "bool", value };
}

/** An address as a value. */
export function addressValue(value: Address): AbiValue {
  return { type: "address", value };
}

/** Raw bytes as a `string` value. */
export function string(value: ByteString): AbiValue {
  return { type: "string", value };
}

/** The values after each other as a contract returns them: static words first, dynamic parts behind. */
export function encodeValues(...values: readonly AbiValue[]): Uint8Array {
  const [first] = values;
  if (first?.type === "int" && values.length === 1) return word(first.value);
  const heads: Uint8Array[] = [];
  const tails: Uint8Array[] = [];
  let offset = values.length * WORD;
  for (const value of values) {
    const part = encodeValue(value);
    if (value.type === "string" || value.type === "address[]") {
      heads.push(word(offset));
      tails.push(part);
      offset += part.length;
    } else {
      heads.push(part);
    }
  }
  return concatBytes(...heads, ...tails);
}

function encodeValue(value: AbiValue): Uint8Array {
  switch (value.type) {
    case "int":
      return word(value.value);
    case "bool":
      return word(value.value ? 1 : 0);
    case "address":
      return paddedAddress(value.value);
    case "bytes32": {
      const bytes = new Uint8Array(WORD);
      bytes.set(value.value.subarray(0, WORD));
      return bytes;
    }
    case "string": {
      const padded = new Uint8Array(Math.ceil(value.value.length / WORD) * WORD);
      padded.set(byteStringToBytes(value.value));
      return concatBytes(word(value.value.length), padded);
    }
    case "address[]":
      return concatBytes(word(value.value.length), ...value.value.map((item) => paddedAddress(item)));
  }
}

function paddedAddress(value: Address): Uint8Array {
  const bytes = new Uint8Array(WORD);
  bytes.set(hexToBytes(value), WORD - 20);
  return bytes;
}

/** 32 bytes of a number, big-endian, two's complement. */
function word(value: bigint | number): Uint8Array {
  // Codes, counts and lengths: without a detour over digits.
  if (value >= -0x80000000 && value <= 0xffffffff) {
    const bytes = new Uint8Array(WORD);
    if (value < 0) bytes.fill(0xff);
    const bits = Number(value);
    bytes[28] = bits >>> 24;
    bytes[29] = bits >>> 16;
    bytes[30] = bits >>> 8;
    bytes[31] = bits;
    return bytes;
  }
  return bigIntToBytes(BigInt.asUintN(256, BigInt(value)), WORD);
}
