/** A proposal in one form, whatever form it came in. */
import type { CryptoSuite } from "../../crypto/index.js";
import { EMPTY_BYTES, ZERO_HASH, ok } from "../../primitives/index.js";
import type { Hash, Result } from "../../primitives/index.js";
import { decodeBlock, encodeBlock, headerHash } from "../../protocol/index.js";
import type { ChainHead } from "../../ledger/index.js";
import type { BlockHeader, DecodeFailure, SupportedVersion, VerifiedTransaction } from "../../protocol/index.js";

/** A proposed block whose transactions may not be verified yet. */
export interface Proposal {
  readonly header: BlockHeader;
  /** Hash of the header before execution, recomputed from its bytes. */
  readonly hash: Hash;
  /** Encoded transactions, in order. */
  readonly rawTransactions: readonly Uint8Array[];
  /** The same transactions, once all of them are known to be well signed. */
  readonly transactions: readonly VerifiedTransaction[] | undefined;
}

/** A proposal whose transactions are all verified. */
export interface VerifiedProposal extends Proposal {
  readonly transactions: readonly VerifiedTransaction[];
}

/** A proposal of these transactions. */
export function verifiedProposal(
  header: BlockHeader,
  hash: Hash,
  transactions: readonly VerifiedTransaction[],
): VerifiedProposal {
  return { header, hash, transactions, rawTransactions: transactions.map((tx) => tx.raw) };
}

/** Decodes the block bytes of a prepare that carries whole transactions, or none in either form. */
export function decodeProposal(bytes: Uint8Array, suite: CryptoSuite): Result<Proposal, DecodeFailure> {
  const block = decodeBlock(bytes, suite);
  if (!block.ok) return block;
  const { header, hash, rawTransactions } = block.value;
  return ok({ header, hash, rawTransactions, transactions: rawTransactions.length === 0 ? [] : undefined });
}

/**
 * What a block that was executed on top of `head` was before that: the proposal, with its own hash.
 *
 * The C++ node encodes a proposal that came by hashes anew before it passes it on, and that is after it has executed it. What it
 * backs up and proposes again is the same bytes. The prepare around them still is for the proposal.
 */
export function beforeExecution(executed: Proposal, head: ChainHead, suite: CryptoSuite): Proposal {
  const { stateRoot } = head.header;
  const header = { ...executed.header, stateRoot, receiptsRoot: ZERO_HASH, dbHash: ZERO_HASH };
  return { ...executed, header, hash: headerHash(header, suite) };
}

/** The block bytes that are backed up, forwarded and proposed again: with whole transactions. */
export function encodeWholeProposal(proposal: Proposal, version: SupportedVersion): Uint8Array {
  const { header, hash, rawTransactions } = proposal;
  return encodeBlock({ header, hash, rawTransactions, signatures: [], receipts: [] }, version);
}

/** True for a proposal that nobody executes or stores: it only passes the lead on. */
export function isEmptyProposal(proposal: Proposal): boolean {
  return proposal.rawTransactions.length === 0;
}

/** The bytes of no block: what every message but a prepare carries. */
export const NO_BLOCK = EMPTY_BYTES;
