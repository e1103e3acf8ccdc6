/** Roots over the transactions and receipts of a block, and proofs. See docs/protocol/data-model.md#roots. */
import { emptyHashOf, hashOf } from "../crypto/index.js";
import type { CryptoSuite } from "../crypto/index.js";
import { assert, bytesToHex, concatBytes, hexToBytes } from "../primitives/index.js";
import type { Hash } from "../primitives/index.js";
import { encodeTransactionBatch } from "./batch.js";
import { encodeRlpInteger, encodeRlpList } from "./rlp.js";
import { V2_2_0 } from "./version.js";
import type { SupportedVersion } from "./version.js";

const WIDTH = 16;

/** Siblings of a node within its group of sixteen, as hexadecimal text without prefix. */
export interface MerkleLevel {
  readonly left: readonly string[];
  readonly right: readonly string[];
}

/** What the transactions root is made of. */
export interface RootedTransaction {
  readonly hash: Hash;
  readonly raw: Uint8Array;
}

/** Root of a block's transactions: a Merkle root from 2.2.0 on, the hash of their batch before. */
export function transactionsRoot(
  transactions: readonly RootedTransaction[],
  version: SupportedVersion,
  suite: CryptoSuite,
): Hash {
  if (version < V2_2_0) return hashOf(suite, encodeTransactionBatch(transactions.map((tx) => tx.raw)));
  return merkleRoot(transactionLeaves(transactions.map((tx) => tx.hash)), suite);
}

/** Root of a block's encoded receipts: a Merkle root from 2.2.0 on, the hash of their list before. */
export function receiptsRoot(
  encodedReceipts: readonly Uint8Array[],
  version: SupportedVersion,
  suite: CryptoSuite,
): Hash {
  if (version < V2_2_0) return hashOf(suite, encodeRlpList(encodedReceipts));
  return merkleRoot(receiptLeaves(encodedReceipts, suite), suite);
}

/** Leaves of the transactions tree, from 2.2.0 on. */
export function transactionLeaves(hashes: readonly Hash[]): Uint8Array[] {
  return hashes.map((hash, index) => concatBytes(encodeRlpInteger(index), hexToBytes(hash)));
}

/** Leaves of the receipts tree, from 2.2.0 on. */
export function receiptLeaves(encodedReceipts: readonly Uint8Array[], suite: CryptoSuite): Uint8Array[] {
  return encodedReceipts.map((receipt, index) => concatBytes(encodeRlpInteger(index), suite.hash(receipt)));
}

function levelAbove(level: readonly Uint8Array[], suite: CryptoSuite): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let at = 0; at < level.length; at += WIDTH) above.push(suite.hash(concatBytes(...level.slice(at, at + WIDTH))));
  return above;
}

/** Root of a tree with sixteen children a node. The top is hashed once more, also when there is one leaf. */
export function merkleRoot(leaves: readonly Uint8Array[], suite: CryptoSuite): Hash {
  if (leaves.length === 0) return emptyHashOf(suite);
  let level = leaves;
  while (level.length > 1) level = levelAbove(level, suite);
  return hashOf(suite, level[0] as Uint8Array);
}

/**
 * The siblings that lead from leaf `index` to the root, leaf level first; the last level is always empty, for the
 * extra hash at the top.
 */
export function merkleProof(leaves: readonly Uint8Array[], index: number, suite: CryptoSuite): MerkleLevel[] {
  assert(Number.isInteger(index) && index >= 0 && index < leaves.length, "a proof is of an existing leaf");
  const proof: MerkleLevel[] = [];
  let level = leaves;
  let at = index;
  while (level.length > 1) {
    const start = at - (at % WIDTH);
    const group = level.slice(start, start + WIDTH).map(bytesToHex);
    proof.push({ left: group.slice(0, at - start), right: group.slice(at - start + 1) });
    level = levelAbove(level, suite);
    at = start / WIDTH;
  }
  proof.push({ left: [], right: [] });
  return proof;
}

/** The root that `leaf` and its proof lead to. */
export function rootOfProof(leaf: Uint8Array, proof: readonly MerkleLevel[], suite: CryptoSuite): Hash {
  let current = leaf;
  for (const { left, right } of proof) {
    current = suite.hash(concatBytes(...left.map(hexToBytes), current, ...right.map(hexToBytes)));
  }
  return bytesToHex(current) as Hash;
}
