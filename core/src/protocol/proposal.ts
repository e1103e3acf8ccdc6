/**
 * Proposals that carry transaction hashes only, and the exchange that fills the gaps.
 * See docs/protocol/pbft-messages.md#proposals.
 */
import { hashOf } from "../crypto/index.js";
import type { CryptoSuite } from "../crypto/index.js";
import { BATCH_TRANSACTIONS_MAX, ok } from "../primitives/index.js";
import type { Hash, Height, Result } from "../primitives/index.js";
import { decodeTransactionBatch, encodeTransactionBatch } from "./batch.js";
import { malformed } from "./failure.js";
import type { DecodeFailure } from "./failure.js";
import { encodeHeader, readHeader, writeHeader } from "./header.js";
import type { BlockHeader } from "./header.js";
import { RlpReader, RlpWriter } from "./rlp.js";

/** A proposal in the short form. */
export interface HashProposal {
  readonly header: BlockHeader;
  readonly transactionHashes: readonly Hash[];
  /** Hash of the header before execution. */
  readonly hash: Hash;
}

/** A transaction of a proposal that its receiver does not have. */
export interface MissingTransaction {
  readonly hash: Hash;
  /** Position in the proposal. */
  readonly index: number;
}

/** Asks the proposer for transactions. */
export interface MissedTransactionsRequest {
  readonly number: Height;
  /** Hash of the proposal before execution. */
  readonly proposalHash: Hash;
  readonly missing: readonly MissingTransaction[];
}

/** The answer, transactions in the order asked for. */
export interface MissedTransactionsResponse {
  readonly number: Height;
  readonly proposalHash: Hash;
  readonly rawTransactions: readonly Uint8Array[];
}

/** Encodes a proposal in the short form. */
export function encodeHashProposal(proposal: HashProposal): Uint8Array {
  const writer = new RlpWriter(1024 + 33 * proposal.transactionHashes.length);
  const list = writer.openList();
  writeHeader(writer, proposal.header);
  const hashes = writer.openList();
  for (const hash of proposal.transactionHashes) writer.hex(hash);
  return writer.closeList(hashes).hex(proposal.hash).closeList(list).toBytes();
}

/** Decodes the short form and checks that the hash in it is its header's. */
export function decodeHashProposal(bytes: Uint8Array, suite: CryptoSuite): Result<HashProposal, DecodeFailure> {
  const reader = new RlpReader(bytes);
  reader.enterOnlyList();
  const header = readHeader(reader);
  const transactionHashes = reader.readList(BATCH_TRANSACTIONS_MAX, () => reader.readHash());
  const hash = reader.readHash();
  if (reader.failed) return malformed("hash-proposal");
  if (hash !== hashOf(suite, encodeHeader(header))) return malformed("hash-proposal", "the hash is not the header's");
  return ok({ header, transactionHashes, hash });
}

/** Encodes a request for missing transactions. */
export function encodeMissedTransactionsRequest(request: MissedTransactionsRequest): Uint8Array {
  const writer = new RlpWriter(64 + 40 * request.missing.length);
  const list = writer.openList();
  writer.number(request.number).hex(request.proposalHash);
  const missing = writer.openList();
  for (const { hash, index } of request.missing) {
    const pair = writer.openList();
    writer.hex(hash).number(index).closeList(pair);
  }
  return writer.closeList(missing).closeList(list).toBytes();
}

/** Decodes a request for missing transactions. */
export function decodeMissedTransactionsRequest(bytes: Uint8Array): Result<MissedTransactionsRequest, DecodeFailure> {
  const reader = new RlpReader(bytes);
  reader.enterOnlyList();
  const number = reader.readNumber() as Height;
  const proposalHash = reader.readHash();
  const missing = reader.readList(BATCH_TRANSACTIONS_MAX, () => readMissing(reader));
  return reader.failed ? malformed("missed-transactions-request") : ok({ number, proposalHash, missing });
}

function readMissing(reader: RlpReader): MissingTransaction {
  const outer = reader.enterList();
  const missing = { hash: reader.readHash(), index: reader.readNumber() };
  if (!reader.atEnd) reader.fail();
  reader.leaveList(outer);
  return missing;
}

/** Encodes the answer to a request for missing transactions. */
export function encodeMissedTransactionsResponse(response: MissedTransactionsResponse): Uint8Array {
  const batch = encodeTransactionBatch(response.rawTransactions);
  const writer = new RlpWriter(64 + batch.length);
  const list = writer.openList();
  return writer.number(response.number).hex(response.proposalHash).bytes(batch).closeList(list).toBytes();
}

/** Decodes the answer to a request for missing transactions; the transactions stay encoded. */
export function decodeMissedTransactionsResponse(bytes: Uint8Array): Result<MissedTransactionsResponse, DecodeFailure> {
  const reader = new RlpReader(bytes);
  reader.enterOnlyList();
  const number = reader.readNumber() as Height;
  const proposalHash = reader.readHash();
  const batch = reader.readBytesOrList();
  if (reader.failed) return malformed("missed-transactions-response");
  const rawTransactions = decodeTransactionBatch(batch);
  return rawTransactions.ok ? ok({ number, proposalHash, rawTransactions: rawTransactions.value }) : rawTransactions;
}
