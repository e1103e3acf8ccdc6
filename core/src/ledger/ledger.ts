/**
 * The chain of one group: reads what is stored, and turns an executed block into the writes that store it.
 *
 * It does no I/O of its own. Storing is two steps: {@link Ledger.prepareStore} gives one batch, the host makes it
 * durable, {@link Ledger.committed} moves the head. In between every read shows the chain as it was.
 */
import type { Hash, Result } from "../primitives/index.js";
import {
  HISTORY_REMOVED_BLOCKS_MAX,
  LEDGER_BLOCK_CACHE_BYTES_MAX,
  LEDGER_HASHES_CACHED_MAX,
  assert,
  ok,
} from "../primitives/index.js";
import type { BlockHeader, BlockSignature } from "../protocol/index.js";
import { encodeBlock } from "../protocol/index.js";
import type { KeyValueReader, PreparedChanges, StateWrite } from "../state/index.js";
import { CommittedRows, historyRemovals, SYS_CONFIG, SYS_CONSENSUS, SYS_TABLE_ACCESS } from "../state/index.js";
import { BlockReader } from "./block-reader.js";
import type { StoredBlock } from "./block-reader.js";
import type { ChainHead, ChainRules, ExecutedBlock, GenesisConfig } from "./chain.js";
import type { GenesisBlock } from "./genesis.js";
import { genesisBlock } from "./genesis.js";
import type { BlockDamage, OpenFailure } from "./opening.js";
import { checkBlock, checkSenders, checkStore } from "./opening.js";
import type { HeadRecord, HistoryRecord, TransactionPlace } from "./records.js";
import * as records from "./records.js";
import { configItem, nodeLists, settingsAfter } from "./settings.js";

/** A ledger, and what has to be written before it is used: nothing, unless the store was empty. */
export interface OpenedLedger {
  readonly ledger: Ledger;
  readonly initialWrites: readonly StateWrite[];
}

/** What a node decides about its own copy of a chain. */
export interface LedgerOptions {
  /** Whether what blocks replace is kept, so that the state after them can be read later; see {@link PastStates}. */
  readonly keepsHistory?: boolean;
  /**
   * How many blocks back from the head the states are kept; what only earlier ones need is removed with the next blocks.
   * Undefined, or 0: all.
   */
  readonly historyBlocks?: number;
}

interface PendingBlock {
  readonly hash: Hash;
  readonly signatures: readonly BlockSignature[];
  readonly encodedBytes: number;
  readonly prepared: PreparedChanges;
  readonly head: HeadRecord;
  readonly historyFrom: number | undefined;
}

/** The stored chain of a group. One for each group; only {@link Ledger.committed} changes what it shows. */
export class Ledger {
  readonly rules: ChainRules;
  readonly genesis: GenesisConfig;
  /** Committed rows of the tables, which executors read through. */
  readonly rows: CommittedRows;
  readonly #blocks: BlockReader;
  readonly #genesisHash: Hash;
  /** Block since which no change is missing in the history; undefined when none is kept. */
  #historyFrom: number | undefined;
  readonly #historyBlocks: number;
  readonly #reader: KeyValueReader;
  #head: ChainHead;
  #pending: PendingBlock | undefined;

  private constructor(options: {
    readonly reader: KeyValueReader;
    readonly rules: ChainRules;
    readonly genesis: GenesisConfig;
    readonly rows: CommittedRows;
    readonly genesisHash: Hash;
    readonly head: HeadRecord;
    readonly historyFrom?: number | undefined;
    readonly historyBlocks?: number | undefined;
  }) {
    this.rules = options.rules;
    this.genesis = options.genesis;
    this.rows = options.rows;
    this.#genesisHash = options.genesisHash;
    this.#historyFrom = options.historyFrom;
    this.#historyBlocks = options.historyBlocks ?? 0;
    this.#reader = options.reader;
    this.#blocks = new BlockReader(options.reader, options.rules, {
      blockBytesMax: LEDGER_BLOCK_CACHE_BYTES_MAX,
      hashesMax: LEDGER_HASHES_CACHED_MAX,
    });
    this.#blocks.headNumber = options.head.number;
    const header = records.undamaged(this.#blocks.header(options.head.number), "the header of its head").header;
    this.#head = this.#headOf(header, options.head);
  }

  /**
   * Opens the chain of a store, or begins one in an empty store.
   *
   * Refuses a store that holds another chain than the genesis file and the node's configuration describe, and one that
   * is damaged: whoever carried on would fork or fail later, in a worse place.
   */
  static open(
    reader: KeyValueReader,
    rules: ChainRules,
    genesis: GenesisConfig,
    options: LedgerOptions = {},
  ): Result<OpenedLedger, OpenFailure> {
    const { keepsHistory = false, historyBlocks = 0 } = options;
    const checked = checkStore(reader, rules, genesis);
    if (!checked.ok) return checked;
    if (checked.value === undefined) return ok(Ledger.#begin(reader, rules, genesis, options));
    const { genesisHash, head } = checked.value;
    const rows = new CommittedRows(reader, { keepsHistory, notesHistory: historyBlocks > 0 });
    if (!keepsHistory) {
      return ok({ ledger: new Ledger({ reader, rules, genesis, rows, genesisHash, head }), initialWrites: [] });
    }
    const stored = storedHistory(reader);
    // Blocks that were stored without history have cut the way back to everything before them.
    const history = stored?.to === head.number ? stored : { from: head.number, to: head.number };
    const kept = { historyFrom: history.from, historyBlocks };
    const ledger = new Ledger({ reader, rules, genesis, rows, genesisHash, head, ...kept });
    return ok({ ledger, initialWrites: history === stored ? [] : [historyWrite(history)] });
  }

  static #begin(
    reader: KeyValueReader,
    rules: ChainRules,
    genesis: GenesisConfig,
    { keepsHistory = false, historyBlocks = 0 }: LedgerOptions,
  ): OpenedLedger {
    const block = genesisBlock(genesis, rules, new CommittedRows(reader));
    const rowWrites = new CommittedRows(reader).prepare(block.changes).writes;
    const historyFrom = keepsHistory ? 0 : undefined;
    const initialWrites = [
      ...genesisWrites(block, rules, rowWrites),
      ...(keepsHistory ? [historyWrite({ from: 0, to: 0 })] : []),
    ];
    // Until the host has written them, block 0 is read from here.
    const initial = new Map(initialWrites.map(({ key, value }) => [key, value]));
    const overlay: KeyValueReader = { get: (key) => reader.get(key) ?? initial.get(key) };
    const rows = new CommittedRows(overlay, { keepsHistory, notesHistory: historyBlocks > 0 });
    const head = genesisHead(block);
    const kept = { historyFrom, historyBlocks };
    const ledger = new Ledger({ reader: overlay, rules, genesis, rows, genesisHash: block.hash, head, ...kept });
    return { ledger, initialWrites };
  }

  /** The last committed block and what holds for the next one. */
  head(): ChainHead {
    return this.#head;
  }

  /** Hash of a committed block. */
  hashAt(number: number): Hash | undefined {
    return this.#blocks.hashAt(number);
  }

  /** Number of the committed block with that hash. */
  numberOf(hash: Hash): number | undefined {
    return this.#blocks.numberOf(hash);
  }

  /** Header and signatures of a committed block. */
  headerAt(
    number: number,
  ): { readonly header: BlockHeader; readonly hash: Hash; readonly signatures: readonly BlockSignature[] } | undefined {
    return this.#blocks.header(number);
  }

  /** A committed block exactly as it is stored and sent: with receipts and signatures. */
  encodedBlock(number: number): Uint8Array | undefined {
    return this.#blocks.encoded(number);
  }

  /**
   * A committed block, decoded. Its transactions were verified before it was stored and are not verified again.
   *
   * @throws InvariantError when the store is damaged
   */
  block(number: number): StoredBlock | undefined {
    return this.#blocks.block(number);
  }

  /** Where a committed transaction stands. */
  locateTransaction(hash: Hash): TransactionPlace | undefined {
    return this.#blocks.locate(hash);
  }

  /** Nonces of a committed block's transactions, in order; none for block 0 and for blocks that do not exist. */
  noncesAt(number: number): readonly bigint[] {
    return this.#blocks.nonces(number);
  }

  /**
   * Value of a system configuration key in force for the block after `atHeight`; undefined when it was never set or
   * its latest value is not in force yet.
   *
   * @param atHeight the head, or a height below it; only the latest value is looked at, see {@link PastStates} for others
   */
  systemConfig(key: string, atHeight: number): string | undefined {
    return configItem(this.rows, key, atHeight + 1)?.value;
  }

  /**
   * Recomputes everything that a committed block's rows say about each other, senders included. Slow: for diagnosis.
   *
   * @throws InvariantError when a row cannot even be read
   */
  checkBlock(number: number): Result<void, BlockDamage> {
    const checked = checkBlock(this.#blocks, number, this.rules);
    const block = this.#blocks.block(number);
    return checked.ok && block !== undefined ? checkSenders(block, this.rules) : checked;
  }

  /**
   * The batch that stores a block on top of the head, whole: execution results, block, header, indexes, nonces,
   * counters. May be called again before {@link committed}, also with another block; the last one counts.
   */
  prepareStore(block: ExecutedBlock, signatures: readonly BlockSignature[]): readonly StateWrite[] {
    const { header, hash, transactions, receipts } = block;
    const before = this.#head;
    assert(header.number === before.header.number + 1, "a block is stored on top of the head");
    assert(header.parentHash === before.hash, "a block names the head as its parent");
    assert(block.changes.number === header.number, "the changes are those of the block");
    assert(receipts.length === transactions.length, "every transaction has a receipt");
    const prepared = this.rows.prepare(block.changes);
    const failed = receipts.reduce((count, receipt) => count + (receipt.status === 0 ? 0 : 1), 0);
    const head: HeadRecord = {
      number: header.number,
      hash,
      totalTransactions: before.totalTransactions + transactions.length,
      failedTransactions: before.failedTransactions + failed,
      lastRowId: block.changes.rowIdAfter,
    };
    const writes = blockWrites(block, signatures, this.rules);
    const encodedBytes = writes[0]?.value?.length ?? 0;
    const { historyFrom, removals } = this.#shortened(header.number);
    this.#pending = { hash, signatures, encodedBytes, prepared, head, historyFrom };
    const history = historyFrom === undefined ? [] : [historyWrite({ from: historyFrom, to: header.number })];
    return [...prepared.writes, ...writes, ...removals, ...history, headWrite(head)];
  }

  /** Where the history begins once block `number` is stored, and what is removed for that: a bounded part at a time. */
  #shortened(number: number): { readonly historyFrom: number | undefined; readonly removals: readonly StateWrite[] } {
    const from = this.#historyFrom;
    if (from === undefined || this.#historyBlocks === 0) return { historyFrom: from, removals: [] };
    const historyFrom = Math.max(from, Math.min(number - this.#historyBlocks, from + HISTORY_REMOVED_BLOCKS_MAX));
    const removals: StateWrite[] = [];
    for (let block = from + 1; block <= historyFrom; block++) removals.push(...historyRemovals(this.#reader, block));
    return { historyFrom, removals };
  }

  /**
   * Moves the head to a prepared block, after its batch is durable.
   *
   * @returns the new head
   */
  committed(block: ExecutedBlock): ChainHead {
    const pending = this.#pending;
    assert(pending !== undefined && pending.hash === block.hash, "the block that was prepared last is committed");
    this.#pending = undefined;
    this.#historyFrom = pending.historyFrom;
    this.rows.apply(pending.prepared);
    this.#blocks.headNumber = block.header.number;
    this.#blocks.keep({ ...block, signatures: pending.signatures }, pending.encodedBytes);
    const governed = block.changes.tables.some(({ name }) => GOVERNING_TABLES.includes(name));
    this.#head = governed
      ? this.#headOf(block.header, pending.head)
      : { ...this.#head, header: block.header, ...publicPart(pending.head) };
    return this.#head;
  }

  #headOf(header: BlockHeader, record: HeadRecord): ChainHead {
    const settings = settingsAfter(this.rows, record.number, this.genesis, this.rules.version);
    return {
      header,
      genesisHash: this.#genesisHash,
      ...nodeLists(this.rows, record.number),
      settings,
      ...publicPart(record),
    };
  }
}

/** Tables that decide who takes part and what holds for the next block. */
const GOVERNING_TABLES = [SYS_CONSENSUS, SYS_CONFIG, SYS_TABLE_ACCESS];

function publicPart({
  hash,
  totalTransactions,
  failedTransactions,
}: HeadRecord): Pick<ChainHead, "hash" | "totalTransactions" | "failedTransactions"> {
  return { hash, totalTransactions, failedTransactions };
}

function genesisHead({ hash, changes }: GenesisBlock): HeadRecord {
  return { number: 0, hash, totalTransactions: 0, failedTransactions: 0, lastRowId: changes.rowIdAfter };
}

function genesisWrites(block: GenesisBlock, rules: ChainRules, rowWrites: readonly StateWrite[]): StateWrite[] {
  const { header, hash, changes } = block;
  const chain = records.encodeChainRecord({
    format: records.STORE_FORMAT,
    version: rules.version,
    suite: rules.suite.name,
    genesisHash: hash,
  });
  return [
    { key: records.CHAIN_KEY, value: chain },
    ...rowWrites,
    ...blockWrites({ header, hash, transactions: [], receipts: [], changes }, [], rules),
    headWrite(genesisHead(block)),
  ];
}

/** The rows of a block beside the tables; its encoding comes first. */
function blockWrites(block: ExecutedBlock, signatures: readonly BlockSignature[], rules: ChainRules): StateWrite[] {
  const { header, hash, transactions, receipts, encodedReceipts } = block;
  const { number } = header;
  const rawTransactions = transactions.map(({ raw }) => raw);
  const whole = encodeBlock({ header, hash, rawTransactions, signatures, receipts, encodedReceipts }, rules.version);
  const bare = encodeBlock({ header, hash, rawTransactions: [], signatures, receipts: [] }, rules.version);
  const writes: StateWrite[] = [
    { key: records.blockKey(number), value: whole },
    { key: records.headerKey(number), value: bare },
    { key: records.numberKey(hash), value: records.encodeNumber(number) },
    { key: records.sendersKey(number), value: records.encodeSenders(transactions.map(({ sender }) => sender)) },
    { key: records.noncesKey(number), value: records.encodeNonces(transactions.map(({ nonce }) => nonce)) },
  ];
  transactions.forEach((transaction, index) => {
    writes.push({ key: records.transactionKey(transaction.hash), value: records.encodePlace({ number, index }) });
  });
  return writes;
}

function storedHistory(reader: KeyValueReader): HistoryRecord | undefined {
  const bytes = reader.get(records.HISTORY_KEY);
  return bytes === undefined ? undefined : records.decodeHistoryRecord(bytes);
}

function historyWrite(history: HistoryRecord): StateWrite {
  return { key: records.HISTORY_KEY, value: records.encodeHistoryRecord(history) };
}

function headWrite(head: HeadRecord): StateWrite {
  return { key: records.HEAD_KEY, value: records.encodeHeadRecord(head) };
}
