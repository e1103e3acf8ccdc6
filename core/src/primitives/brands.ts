/**
 * Names for the field's quantities, so that a view cannot be passed as a height.
 *
 * Hashes, addresses and node ids are lower-case hexadecimal text without prefix everywhere outside codecs: they are
 * Map keys, compare with `===`, sort like their bytes, and print as they are.
 */
import { isHex } from "./bytes.js";
import { assert } from "./assert.js";

/** 32 bytes as 64 lower-case hexadecimal digits. */
export type Hash = string & { readonly brand: "Hash" };

/** 20 bytes as 40 lower-case hexadecimal digits: an account or a contract. */
export type Address = string & { readonly brand: "Address" };

/** 64 bytes as 128 lower-case hexadecimal digits: the public key (x, y) of a node. */
export type NodeId = string & { readonly brand: "NodeId" };

/** Number of a group, 1 to 32767. */
export type GroupId = number & { readonly brand: "GroupId" };

/** Number of a block; 0 is the genesis block. */
export type Height = number & { readonly brand: "Height" };

/** PBFT round within one height. */
export type View = number & { readonly brand: "View" };

/** Position in the sorted list of ALL sealers. */
export type NodeIndex = number & { readonly brand: "NodeIndex" };

/** Index of a node that is no sealer. */
export const NOT_A_SEALER = 65535 as NodeIndex;

/** 32 zero bytes. */
export const ZERO_HASH = "0".repeat(64) as Hash;

/** The all-zero address; on a receipt it means "no contract created". */
export const ZERO_ADDRESS = "0".repeat(40) as Address;

function branded<T extends string>(text: string, digits: number, what: string): T {
  const lower = text.toLowerCase();
  assert(lower.length === digits && isHex(lower), `${what} must be ${digits} hexadecimal digits`);
  return lower as T;
}

/** Text of 64 hexadecimal digits as a {@link Hash}; asserts the form, so only for text that is known to be one. */
export function hash(text: string): Hash {
  return branded(text, 64, "a hash");
}

/** Text of 40 hexadecimal digits as an {@link Address}; asserts the form. */
export function address(text: string): Address {
  return branded(text, 40, "an address");
}

/** Text of 128 hexadecimal digits as a {@link NodeId}; asserts the form. */
export function nodeId(text: string): NodeId {
  return branded(text, 128, "a node id");
}

/** True when `text` is 128 hexadecimal digits, either case. */
export function isNodeId(text: string): boolean {
  return text.length === 128 && isHex(text);
}

/** A whole number from 1 to 32767 as a {@link GroupId}; asserts the range. */
export function groupId(value: number): GroupId {
  assert(Number.isInteger(value) && value >= 1 && value <= 32767, "a group id must be 1 to 32767");
  return value as GroupId;
}

/** A whole number from 0 as a {@link Height}; asserts the range. */
export function height(value: number): Height {
  assert(Number.isSafeInteger(value) && value >= 0, "a height must be a whole number from 0");
  return value as Height;
}
