/** Prepares as a 2.9.1 node holds them. */
import { height } from "../../../primitives/index.js";
import type { Hash } from "../../../primitives/index.js";
import type { CryptoSuite } from "../../../crypto/index.js";
import {
  decodeBlock,
  decodeHashProposal,
  decodeMissedTransactionsRequest,
  decodeTransaction,
  encodeBlock,
  encodeMissedTransactionsRequest,
  encodeMissedTransactionsResponse,
  transactionHash,
} from "../../../protocol/index.js";
import type { BlockHeader, MissingTransaction, PbftMessage, SupportedVersion } from "../../../protocol/index.js";
import type { ChainHead } from "../../../ledger/index.js";
import type { TransactionSource } from "../../interface.js";
import { sameNodes } from "../../synced-header.js";

const FUTURE_MAX = 10;

/** The block of a prepare: the proposal, and once it was executed, what became of it. */
export interface ModelBlock {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly raws: readonly (Uint8Array | undefined)[];
}

/** A prepare. */
export interface ModelPrepare {
  readonly message: PbftMessage;
  /** What is relayed, backed up and proposed again: shared with the copy that the node is bound to, and changed for both. */
  readonly bytes: { value: Uint8Array };
  readonly isEmpty: boolean;
  block: ModelBlock | undefined;
  readonly missing: readonly MissingTransaction[];
}

/** A prepare with whole transactions, or with none. */
export function wholePrepare(message: PbftMessage, isEmpty: boolean): ModelPrepare {
  return { message, bytes: { value: message.block }, isEmpty, block: undefined, missing: [] };
}

/** A prepare by hashes, with what the pool has; undefined when it is none. */
export function hashPrepare(
  message: PbftMessage,
  pool: TransactionSource,
  suite: CryptoSuite,
): ModelPrepare | undefined {
  const decoded = decodeHashProposal(message.block, suite);
  if (!decoded.ok) return undefined;
  const { header, hash, transactionHashes } = decoded.value;
  const raws = transactionHashes.map((wanted) => pool.find(wanted)?.raw);
  const wanted = transactionHashes.map((of, index) => ({ hash: of, index }));
  const missing = wanted.filter(({ index }) => raws[index] === undefined);
  return { message, bytes: { value: message.block }, isEmpty: false, block: { header, hash, raws }, missing };
}

/** The block of a prepare, decoded once. */
export function blockOf(prepare: ModelPrepare, suite: CryptoSuite): ModelBlock | undefined {
  if (prepare.block !== undefined) return prepare.block;
  const decoded = decodeBlock(prepare.bytes.value, suite);
  if (!decoded.ok) return undefined;
  const { header, hash, rawTransactions } = decoded.value;
  prepare.block = { header, hash, raws: rawTransactions };
  return prepare.block;
}

/** Takes over the transactions that were missing; false when they are others. */
export function fill(prepare: ModelPrepare, raws: readonly Uint8Array[], suite: CryptoSuite): boolean {
  const { missing, block } = prepare;
  if (block === undefined || raws.length !== missing.length) return false;
  const whole = [...block.raws];
  for (const [at, { hash, index }] of missing.entries()) {
    if (hashOf(raws[at], suite) !== hash) return false;
    whole[index] = raws[at];
  }
  prepare.block = { ...block, raws: whole };
  return true;
}

/** The request for what is missing. */
export function requestFor({ message, missing }: ModelPrepare): Uint8Array {
  const { blockHash: proposalHash } = message;
  return encodeMissedTransactionsRequest({ number: height(message.height), proposalHash, missing });
}

/** True when a block may follow `head`: all that is looked at before it is executed. */
export function mayFollow({ header, hash, sealers, settings }: ChainHead, next: BlockHeader, count: number): boolean {
  const isNext = next.number === header.number + 1 && next.parentHash === hash;
  return isNext && count <= settings.txCountLimit && sameNodes(next.sealerList, sealers);
}

/** The answer to who misses transactions of that prepare; undefined when it is not that one, or it has others. */
export function answerFrom(
  prepare: ModelPrepare | undefined,
  body: Uint8Array,
  suite: CryptoSuite,
): Uint8Array | undefined {
  const request = decodeMissedTransactionsRequest(body);
  if (!request.ok || prepare?.block === undefined) return undefined;
  const { number, proposalHash, missing } = request.value;
  const { block, message } = prepare;
  if (number !== block.header.number || proposalHash !== message.blockHash) return undefined;
  const rawTransactions = missing.map(({ hash, index }) => {
    return hashOf(block.raws[index], suite) === hash ? block.raws[index] : undefined;
  });
  const found = rawTransactions.filter((raw) => raw !== undefined);
  if (found.length < missing.length) return undefined;
  return encodeMissedTransactionsResponse({ number, proposalHash, rawTransactions: found });
}

function hashOf(raw: Uint8Array | undefined, suite: CryptoSuite): Hash | undefined {
  if (raw === undefined) return undefined;
  const decoded = decodeTransaction(raw, suite);
  return decoded.ok ? transactionHash(decoded.value, suite) : undefined;
}

/** Encodes the block anew, as it is by now. */
export function encodeAnew({ bytes, block }: ModelPrepare, version: SupportedVersion): void {
  if (block === undefined) return;
  const { header, hash, raws } = block;
  const rawTransactions = raws.filter((raw) => raw !== undefined);
  bytes.value = encodeBlock({ header, hash, rawTransactions, signatures: [], receipts: [] }, version);
}

/** True when `a` is of a later height or view than `b`. */
export function isLater(a: PbftMessage, b: PbftMessage | undefined): boolean {
  return b === undefined || a.height > b.height || (a.height === b.height && a.view > b.view);
}

/** Early prepares: the first of each height. */
export class ModelFuture {
  readonly #byHeight = new Map<number, ModelPrepare>();

  /** Keeps it if there is room. */
  add(prepare: ModelPrepare): void {
    const { height } = prepare.message;
    if (this.#byHeight.size < FUTURE_MAX && !this.#byHeight.has(height)) this.#byHeight.set(height, prepare);
  }

  /** Takes out the one whose turn it is. */
  take(height: number, view: number): ModelPrepare | undefined {
    const prepare = this.#byHeight.get(height);
    if (prepare?.message.view !== view) return undefined;
    this.#byHeight.delete(height);
    return prepare;
  }

  /** The view changed on top of block `number`. */
  viewChanged(view: number, number: number): void {
    for (const [height, { message }] of this.#byHeight) {
      if (height <= number || message.view < view) this.#byHeight.delete(height);
    }
  }
}
