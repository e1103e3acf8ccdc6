/** Whole blocks, as they are stored and synchronised. See docs/protocol/data-model.md#block. */
import type { CryptoSuite } from "../crypto/index.js";
import { hashOf } from "../crypto/index.js";
import { BATCH_TRANSACTIONS_MAX, NODE_LIST_MAX, NOT_A_SEALER, ok } from "../primitives/index.js";
import type { Hash, NodeIndex, Result } from "../primitives/index.js";
import { decodeTransactionBatch, encodeTransactionBatch } from "./batch.js";
import { malformed } from "./failure.js";
import type { DecodeFailure } from "./failure.js";
import { encodeHeader, readHeader, writeHeader } from "./header.js";
import type { BlockHeader } from "./header.js";
import { readReceipt, writeReceipt } from "./receipt.js";
import type { Receipt } from "./receipt.js";
import { RlpReader, RlpWriter } from "./rlp.js";
import type { SupportedVersion } from "./version.js";

/** A commit vote that stays with the block: over the final block hash. */
export interface BlockSignature {
  /** Position of the signer in the sorted list of ALL sealers. */
  readonly index: NodeIndex;
  /** Byte form of the suite. */
  readonly signature: Uint8Array;
}

/** A block with transactions in any form: raw bytes, decoded, verified, or hashes. */
export interface BlockBody<T> {
  readonly header: BlockHeader;
  /** Hash of the header. */
  readonly hash: Hash;
  readonly transactions: readonly T[];
  /** Empty in a proposal and on Raft chains. No hash covers it: nodes may hold different ones. */
  readonly signatures: readonly BlockSignature[];
}

/** What {@link encodeBlock} needs. */
export interface BlockParts {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly rawTransactions: readonly Uint8Array[];
  readonly signatures: readonly BlockSignature[];
  /** Empty in a proposal; one for each transaction otherwise. */
  readonly receipts: readonly Receipt[];
  /** The same receipts encoded, from whoever has them already. */
  readonly encodedReceipts?: readonly Uint8Array[] | undefined;
}

/** What {@link decodeBlock} gives. Byte arrays are views of the input. */
export interface DecodedBlock {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly rawTransactions: readonly Uint8Array[];
  readonly signatures: readonly BlockSignature[];
  /** Undefined when they were not asked for. */
  readonly receipts: readonly Receipt[] | undefined;
}

/** RLP of a block with its receipts in the layout of `version`. */
export function encodeBlock(block: BlockParts, version: SupportedVersion): Uint8Array {
  const writer = new RlpWriter(4096);
  const list = writer.openList();
  writeHeader(writer, block.header).bytes(encodeTransactionBatch(block.rawTransactions)).hex(block.hash);
  const signatures = writer.openList();
  for (const { index, signature } of block.signatures) {
    const pair = writer.openList();
    writer.number(index).bytes(signature).closeList(pair);
  }
  writer.closeList(signatures);
  const receipts = writer.openList();
  if (block.encodedReceipts === undefined) for (const one of block.receipts) writeReceipt(writer, one, version);
  else for (const encoded of block.encodedReceipts) writer.raw(encoded);
  return writer.closeList(receipts).closeList(list).toBytes();
}

/**
 * Decodes a block and checks that the hash in it is its header's. Neither roots nor signatures are checked.
 *
 * A list in place of the transactions is read as none, and signatures and receipts may be missing: so the C++ node
 * reads the empty proposals that it sends as hashes.
 *
 * @param receiptsOf the version in whose layout to decode the receipts; without it they are left alone
 */
export function decodeBlock(
  bytes: Uint8Array,
  suite: CryptoSuite,
  receiptsOf?: SupportedVersion,
): Result<DecodedBlock, DecodeFailure> {
  const reader = new RlpReader(bytes);
  reader.enterOnlyList();
  const header = readHeader(reader);
  const batch = reader.readBytesOrList();
  const statedHash = reader.readHash();
  if (reader.failed) return malformed("block");
  const hash = hashOf(suite, encodeHeader(header));
  if (hash !== statedHash) return malformed("block", "the hash is not the header's");
  const rawTransactions = decodeTransactionBatch(batch);
  if (!rawTransactions.ok) return rawTransactions;
  const signatures = reader.readListOrNothing(NODE_LIST_MAX, () => readSignature(reader));
  const receipts =
    receiptsOf === undefined
      ? undefined
      : reader.readListOrNothing(BATCH_TRANSACTIONS_MAX, () => readReceipt(reader, receiptsOf));
  if (reader.failed) return malformed("block");
  return ok({ header, hash, rawTransactions: rawTransactions.value, signatures, receipts });
}

function readSignature(reader: RlpReader): BlockSignature {
  const outer = reader.enterList();
  const index = reader.readInteger();
  const signature = reader.readBytes();
  if (!reader.atEnd) reader.fail();
  reader.leaveList(outer);
  // Whatever is no possible position is the position of nobody, and fails where signers are looked up.
  return { index: Number(index < NOT_A_SEALER ? index : NOT_A_SEALER) as NodeIndex, signature };
}
