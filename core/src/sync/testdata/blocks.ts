/** A chain without consensus and execution: blocks that hang together, and nothing more. */
import { EMPTY_BYTES, ZERO_ADDRESS, ZERO_HASH, groupId, nodeId, utf8ToBytes } from "../../primitives/index.js";
import type { Hash, Height, NodeId, NodeIndex } from "../../primitives/index.js";
import { hashOf, standardSuite } from "../../crypto/index.js";
import { V2_9_0, encodeBlock, headerHash, transactionsRoot } from "../../protocol/index.js";
import type { BlockHeader, VerifiedTransaction } from "../../protocol/index.js";
import type { ChainRules } from "../../ledger/index.js";

/** The suite of the test chain. */
export const suite = standardSuite;

/** Four sealers, and somebody who is no member. */
export const [A, B, C, D, STRANGER] = ["a", "b", "c", "d", "e"].map((digit) => nodeId(digit.repeat(128))) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];
/** Rules of the test chain. */
export const rules: ChainRules = {
  version: V2_9_0,
  suite,
  chainId: 1n,
  groupId: groupId(1),
  freeStorage: false,
  consensusType: "pbft",
};
/** Wall clock at steady time 0. */
export const WALL = 1_700_000_000_000;

/** What verifiers make of raw bytes; bytes that begin with 0xff are badly signed. */
export function verified(raw: Uint8Array): VerifiedTransaction | undefined {
  if (raw[0] === 0xff) return undefined;
  const empty = { value: 0n, gas: 0n, gasPrice: 0n, data: EMPTY_BYTES, extraData: EMPTY_BYTES, signature: EMPTY_BYTES };
  const ids = { nonce: 0n, blockLimit: 0n, chainId: 1n, groupId: 1n, to: undefined };
  return { ...empty, ...ids, raw, isCanonical: true, hash: hashOf(suite, raw), sender: ZERO_ADDRESS };
}

/** A block of the test chain. */
export interface MadeBlock {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly bytes: Uint8Array;
}

/** What to make a block of. */
export interface Blueprint {
  readonly number: number;
  readonly parentHash: Hash;
  /** Transactions in the body. */
  readonly raws: readonly Uint8Array[];
  /** Transactions that the header speaks of, when not those of the body. */
  readonly promised?: readonly Uint8Array[];
  /** False for a block that no sealers agreed on. */
  readonly agreed?: boolean;
}

/** A block in which nothing but what the blueprint says is remarkable. */
export function makeBlock({ number, parentHash, raws, promised = raws, agreed = true }: Blueprint): MadeBlock {
  const header: BlockHeader = {
    parentHash,
    stateRoot: ZERO_HASH,
    transactionsRoot: transactionsRoot(
      promised.map((raw) => ({ raw, hash: hashOf(suite, raw) })),
      rules.version,
      suite,
    ),
    receiptsRoot: ZERO_HASH,
    dbHash: ZERO_HASH,
    logBloom: new Uint8Array(256),
    number: number as Height,
    gasLimit: 0n,
    gasUsed: 0n,
    timestamp: WALL + number,
    extraData: [],
    sealer: 0n,
    sealerList: [A, B, C, D],
  };
  const hash = headerHash(header, suite);
  const signatures = agreed ? [{ index: 0 as NodeIndex, signature: new Uint8Array(65) }] : [];
  const bytes = encodeBlock({ header, hash, rawTransactions: raws, signatures, receipts: [] }, rules.version);
  return { header, hash, bytes };
}

/** Blocks 0 to `height`, the same ones each time. */
export function makeChain(height: number, transactionsPerBlock = 2): MadeBlock[] {
  const chain = [makeBlock({ number: 0, parentHash: ZERO_HASH, raws: [] })];
  for (let number = 1; number <= height; number++) {
    const raws = Array.from({ length: transactionsPerBlock }, (_, i) => utf8ToBytes(`transaction ${number}/${i}`));
    chain.push(makeBlock({ number, parentHash: (chain[number - 1] as MadeBlock).hash, raws }));
  }
  return chain;
}

/** The chain of most stories. */
export const LONG_CHAIN = makeChain(400, 1);
