/** Roots over the transactions and receipts of a block, and proofs. See docs/protocol/data-model.md#roots. */
import { emptyHashOf, hashOf } from "../crypto/index.js";
import type { CryptoSuite } from "../crypto/index.js";
import { assert, bytesToHex, concatBytes, hexToBytes, writeHex } from "../primitives/index.js";
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
  return hashes.map((hash, index) => {
    const prefix = encodeRlpInteger(index);
    const leaf = new Uint8Array(prefix.length + hash.length / 2);
    leaf.set(prefix);
    writeHex(leaf, prefix.length, hash);
    return leaf;
  });
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

/** A tree with all its levels, for more than one proof. */
export class MerkleTree {
  /** Leaves first. */
  readonly #levels: readonly (readonly Uint8Array[])[];

  constructor(leaves: readonly Uint8Array[], suite: CryptoSuite) {
    const levels = [leaves];
    for (let level = leaves; level.length > 1; levels.push(level)) level = levelAbove(level, suite);
    this.#levels = levels;
  }

  /**
   * The siblings that lead from leaf `index` to the root, leaf level first; the last level is always empty, for the
   * extra hash at the top.
   */
  proof(index: number): MerkleLevel[] {
    const leaves = this.#levels[0]?.length ?? 0;
    assert(Number.isInteger(index) && index >= 0 && index < leaves, "a proof is of an existing leaf");
    let at = index;
    const proof = this.#levels.slice(0, -1).map((level) => {
      const start = at - (at % WIDTH);
      const group = level.slice(start, start + WIDTH).map(bytesToHex);
      const siblings = { left: group.slice(0, at - start), right: group.slice(at - start + 1) };
      at = start / WIDTH;
      return siblings;
    });
    return [...proof, { left: [], right: [] }];
  }
}

/** The proof of one leaf. */
export function merkleProof(leaves: readonly Uint8Array[], index: number, suite: CryptoSuite): MerkleLevel[] {
  return new MerkleTree(leaves, suite).proof(index);
}

/** The root that `leaf` and its proof lead to. */
export function rootOfProof(leaf: Uint8Array, proof: readonly MerkleLevel[], suite: CryptoSuite): Hash {
  let current = leaf;
  for (const { left, right } of proof) {
    current = suite.hash(concatBytes(...left.map(hexToBytes), current, ...right.map(hexToBytes)));
  }
  return bytesToHex(current) as Hash;
}
