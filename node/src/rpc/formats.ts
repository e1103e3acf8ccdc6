/** Texts of numbers, hashes and bytes in JSON-RPC, both ways, with the tolerance that 2.x clients know. */
import { bytesToHex, hexToBytes, type Hash } from "@tsbcos/core/primitives";
import { internalError } from "./errors.js";

/** `0x` and minimal lower-case hexadecimal; zero is `0x0`. */
export function hexNumber(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** `0x` and the digits. */
export function hexText(digits: string): string {
  return `0x${digits}`;
}

/** `0x` and the bytes; `0x` alone for none. */
export function hexBytes(bytes: Uint8Array): string {
  return `0x${bytesToHex(bytes)}`;
}

/**
 * A block number from text: hexadecimal with `0x` or decimal, reduced to a signed 64-bit integer; the empty text is 0.
 *
 * @throws RpcError -32603 for any other text
 */
export function parseBlockNumber(text: string): bigint {
  if (!/^(0x[0-9a-fA-F]*|\d*)$/.test(text)) throw internalError(`can't convert ${text} to int`);
  if (text === "" || text === "0x") return 0n;
  return BigInt.asIntN(64, BigInt(text));
}

/** A hash from text: the rightmost 32 bytes of what is too long, all zeros for anything that is not one. */
export function parseHash(text: string): Hash {
  const digits = text.startsWith("0x")
    ? text.slice(2)
    : /^\d+$/.test(text)
      ? BigInt(text).toString(16).padStart(64, "0")
      : "";
  if (digits.length < 64 || !/^[0-9a-fA-F]+$/.test(digits)) return "0".repeat(64) as Hash;
  return digits.slice(-64).toLowerCase() as Hash;
}

/**
 * Raw bytes from text: `0x` optional, an odd number of digits gets a zero in front.
 *
 * @throws RpcError -32603 when a character is no digit
 */
export function parseBytes(text: string): Uint8Array {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  if (!/^[0-9a-fA-F]*$/.test(digits)) {
    throw internalError(`Cannot intepret '${text}' as bytes; must be 0x-prefixed hex or hex`);
  }
  return hexToBytes(digits.length % 2 === 0 ? digits : `0${digits}`);
}

/**
 * A position or count from text: hexadecimal with `0x`, or decimal; any other text is 0.
 *
 * @throws RpcError -32603 when digits after `0x` are not hexadecimal
 */
export function parseIndex(text: string): bigint {
  if (text.startsWith("0x")) {
    if (!/^0x[0-9a-fA-F]*$/.test(text)) throw internalError(`can't convert ${text} to int`);
    return text === "0x" ? 0n : BigInt.asIntN(64, BigInt(text));
  }
  return /^\d+$/.test(text) ? BigInt.asIntN(64, BigInt(text)) : 0n;
}
