/** Writing of contract results. */
import type { Address, ByteString } from "../../primitives/index.js";
import { bigIntToBytes, byteStringToBytes, concatBytes, hexToBytes } from "../../primitives/index.js";

const WORD = 32;

/** One result value with its type. `int` takes both signs and gives two's complement; it also serves `uint256`. */
export type AbiValue =
  | { readonly type: "int"; readonly value: bigint }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "address"; readonly value: Address }
  | { readonly type: "bytes32"; readonly value: Uint8Array }
  | { readonly type: "string"; readonly value: ByteString }
  | { readonly type: "address[]"; readonly value: readonly Address[] };

/** A whole number as a value: `int256` or `uint256`. */
export function int(value: bigint | number): AbiValue {
  return { type: "int", value: BigInt(value) };
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
  const heads: Uint8Array[] = [];
  const tails: Uint8Array[] = [];
  let offset = values.length * WORD;
  for (const value of values) {
    const part = encodeValue(value);
    if (value.type === "string" || value.type === "address[]") {
      heads.push(word(BigInt(offset)));
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
      return word(value.value ? 1n : 0n);
    case "address":
      return word(BigInt(`0x${value.value}`));
    case "bytes32": {
      const bytes = new Uint8Array(WORD);
      bytes.set(value.value.subarray(0, WORD));
      return bytes;
    }
    case "string": {
      const padded = new Uint8Array(Math.ceil(value.value.length / WORD) * WORD);
      padded.set(byteStringToBytes(value.value));
      return concatBytes(word(BigInt(value.value.length)), padded);
    }
    case "address[]":
      return concatBytes(word(BigInt(value.value.length)), ...value.value.map((item) => paddedAddress(item)));
  }
}

function paddedAddress(value: Address): Uint8Array {
  const bytes = new Uint8Array(WORD);
  bytes.set(hexToBytes(value), WORD - 20);
  return bytes;
}

/** 32 bytes of a number, big-endian, two's complement. */
function word(value: bigint): Uint8Array {
  return bigIntToBytes(BigInt.asUintN(256, value), WORD);
}
