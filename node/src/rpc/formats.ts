/** Texts of numbers, hashes and bytes in JSON-RPC, both ways, with the tolerance that 2.x clients know. */
import { bytesToHex, hexToBytes } from "@tsbcos/core/primitives";
import { parseWholeText } from "@tsbcos/core/protocol";
import type { Json } from "@tsbcos/core/protocol";
import { internalError, unusableParams } from "./errors.js";

const INT32_MAX = 2 ** 31 - 1;
const INT64_MIN = -(2 ** 63);
const UINT64_END = 2 ** 64;

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
 * A block number, a position or a count from text: hexadecimal with `0x` or decimal, reduced to a signed 64-bit integer; the empty text is 0.
 *
 * @throws RpcError -32603 for any other text
 */
export function parseNumberText(text: string): bigint {
  const number = parseWholeText(text);
  if (number === undefined) throw internalError(`can't convert ${text} to int`);
  return BigInt.asIntN(64, number);
}

/**
 * Raw bytes from text: `0x` optional, an odd number of digits gets a zero in front.
 *
 * @throws RpcError -32603 when a character is no digit
 */
export function parseBytes(text: string): Uint8Array {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  if (!/^[0-9a-fA-F]*$/.test(digits)) {
    const what = `Cannot intepret '${text}' as bytes; must be 0x-prefixed hex or decimal.`;
    throw internalError(`Dynamic exception type: std::invalid_argument\nstd::exception::what: ${what}\n`);
  }
  return hexToBytes(digits.length % 2 === 0 ? digits : `0${digits}`);
}

/** True for what passes for a whole number in a request: 1.0 does, and what needs more than 64 bits does not. */
export function isWholeNumber(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= INT64_MIN && value < UINT64_END;
}

/**
 * A whole number that fits into 32 bits with sign.
 *
 * @throws RpcError -32602 when it does not
 */
export function int32Of(value: Json | undefined): number {
  if (typeof value !== "number" || value > INT32_MAX || value < -INT32_MAX - 1) throw unusableParams();
  return value;
}

/** The low 16 bits of a whole number, with sign: how a group number is read. */
export function lowSixteenBits(value: number): number {
  return (value << 16) >> 16;
}
