/** Committed blocks as they come from the store, with the recent ones kept decoded. */
import type { Hash } from "../primitives/index.js";
import { assert } from "../primitives/index.js";
import type {
  BlockHeader,
  BlockSignature,
  DecodedBlock,
  Receipt,
  SupportedVersion,
  VerifiedTransaction,
} from "../protocol/index.js";
import { decodeBlock, decodeTransaction, transactionHash } from "../protocol/index.js";
import type { KeyValueReader } from "../state/index.js";
import type { ChainRules } from "./chain.js";
import type { TransactionPlace } from "./records.js";
import * as records from "./records.js";

/** A committed block. */
export interface StoredBlock {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly transactions: readonly VerifiedTransaction[];
  /** Votes that this node collected, empty on Raft chains; other nodes may hold others. */
  readonly signatures: readonly BlockSignature[];
  /** One for each transaction. */
  readonly receipts: readonly Receipt[];
}

/** A committed block without transactions and receipts. */
export interface StoredHeader {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly signatures: readonly BlockSignature[];
}

interface CachedBlock {
  readonly block: StoredBlock;
  readonly bytes: number;
}

/** Reads blocks up to `headNumber`; what the store holds beyond it does not exist yet. */
export class BlockReader {
  /** Highest block that can be read. */
  headNumber = 0;
  readonly #reader: KeyValueReader;
  readonly #rules: ChainRules;
  readonly #limits: { readonly blockBytesMax: number; readonly hashesMax: number };
  /** In order of last use. */
  readonly #blocks = new Map<number, CachedBlock>();
  #blockBytes = 0;
  readonly #hashes = new Map<number, Hash>();

  constructor(
    reader: KeyValueReader,
    rules: ChainRules,
    limits: { readonly blockBytesMax: number; readonly hashesMax: number },
  ) {
    this.#reader = reader;
    this.#rules = rules;
    this.#limits = limits;
  }

  /** Keeps a block that was just stored: it will be asked for more than any other. */
  keep({ header, hash, transactions, signatures, receipts }: StoredBlock, encodedBytes: number): void {
    this.#remember(header.number, hash);
    // Only these fields: what else the caller's object holds would stay in memory with it.
    const block: StoredBlock = { header, hash, transactions, signatures, receipts };
    this.#keep(header.number, { block, bytes: encodedBytes });
  }

  #remember(number: number, hash: Hash): void {
    this.#hashes.set(number, hash);
    if (this.#hashes.size <= this.#limits.hashesMax) return;
    for (const oldest of this.#hashes.keys()) {
      this.#hashes.delete(oldest);
      return;
    }
  }

  /** Hash of a block. */
  hashAt(number: number): Hash | undefined {
    if (!this.#exists(number)) return undefined;
    const known = this.#hashes.get(number);
    if (known !== undefined) return known;
    const hash = this.header(number)?.hash;
    if (hash !== undefined) this.#remember(number, hash);
    return hash;
  }

  /** Number of a block by its hash. */
  numberOf(hash: Hash): number | undefined {
    const bytes = this.#reader.get(records.numberKey(hash));
    if (bytes === undefined) return undefined;
    const number = records.undamaged(records.decodeNumber(bytes), `the number of block ${hash}`);
    return this.#exists(number) ? number : undefined;
  }

  /** Header and signatures of a block. */
  header(number: number): StoredHeader | undefined {
    if (!this.#exists(number)) return undefined;
    const bytes = records.undamaged(this.#reader.get(records.headerKey(number)), `the header of block ${number}`);
    const { header, hash, signatures } = this.#decode(bytes, number, undefined);
    return { header, hash, signatures };
  }

  /** A block as stored and sent. */
  encoded(number: number): Uint8Array | undefined {
    if (!this.#exists(number)) return undefined;
    return records.undamaged(this.#reader.get(records.blockKey(number)), `block ${number}`);
  }

  /** A block, decoded. */
  block(number: number): StoredBlock | undefined {
    const cached = this.#blocks.get(number);
    if (cached !== undefined) {
      this.#blocks.delete(number);
      this.#blocks.set(number, cached);
      return cached.block;
    }
    const bytes = this.encoded(number);
    if (bytes === undefined) return undefined;
    const { header, hash, signatures, receipts, rawTransactions } = this.#decode(bytes, number, this.#rules.version);
    assert(receipts?.length === rawTransactions.length, `block ${number} in the store has a receipt a transaction`);
    const transactions = this.#transactions(number, rawTransactions);
    const block: StoredBlock = { header, hash, signatures, receipts, transactions };
    this.#keep(number, { block, bytes: bytes.length });
    return block;
  }

  /** Where a transaction stands. */
  locate(hash: Hash): TransactionPlace | undefined {
    const bytes = this.#reader.get(records.transactionKey(hash));
    if (bytes === undefined) return undefined;
    const place = records.undamaged(records.decodePlace(bytes), `the place of transaction ${hash}`);
    return this.#exists(place.number) ? place : undefined;
  }

  /** Nonces of a block's transactions. */
  nonces(number: number): readonly bigint[] {
    if (!this.#exists(number)) return [];
    const bytes = records.undamaged(this.#reader.get(records.noncesKey(number)), `the nonces of block ${number}`);
    return records.undamaged(records.decodeNonces(bytes), `the nonces of block ${number}`);
  }

  #exists(number: number): boolean {
    return Number.isInteger(number) && number >= 0 && number <= this.headNumber;
  }

  #decode(bytes: Uint8Array, number: number, receiptsOf: SupportedVersion | undefined): DecodedBlock {
    const decoded = decodeBlock(bytes, this.#rules.suite, receiptsOf);
    const block = records.undamaged(decoded.ok ? decoded.value : undefined, `block ${number}`);
    assert(block.header.number === number, `the store holds block ${number} in its place`);
    return block;
  }

  #transactions(number: number, raws: readonly Uint8Array[]): VerifiedTransaction[] {
    const what = `the senders of block ${number}`;
    const bytes = records.undamaged(this.#reader.get(records.sendersKey(number)), what);
    const senders = records.undamaged(records.decodeSenders(bytes), what);
    assert(senders.length === raws.length, `block ${number} in the store has a sender a transaction`);
    return raws.map((raw, index) => {
      const decoded = decodeTransaction(raw, this.#rules.suite);
      const transaction = records.undamaged(decoded.ok ? decoded.value : undefined, `block ${number}`);
      const hash = transactionHash(transaction, this.#rules.suite);
      return { ...transaction, hash, sender: records.undamaged(senders[index], what) };
    });
  }

  #keep(number: number, cached: CachedBlock): void {
    this.#blocks.set(number, cached);
    this.#blockBytes += cached.bytes;
    for (const [oldest, { bytes }] of this.#blocks) {
      if (this.#blockBytes <= this.#limits.blockBytesMax) return;
      this.#blocks.delete(oldest);
      this.#blockBytes -= bytes;
    }
  }
}
