/** The chain as it was when an earlier block was its head, for whoever only reads. */
import type { Failure, Hash, Result } from "../primitives/index.js";
import { LEDGER_HASHES_CACHED_MAX, err, ok } from "../primitives/index.js";
import type { BlockHeader } from "../protocol/index.js";
import type { KeyValueReader } from "../state/index.js";
import { CommittedRows, readerAfter } from "../state/index.js";
import { BlockReader } from "./block-reader.js";
import type { ChainRules, ChainSettings, GenesisConfig } from "./chain.js";
import * as records from "./records.js";
import { settingsAfter } from "./settings.js";

/** What held right after a block. */
export interface PastState {
  readonly header: BlockHeader;
  readonly hash: Hash;
  /** Rows of the tables. */
  readonly rows: CommittedRows;
  /** What held for the block after it. */
  readonly settings: ChainSettings;
  /** Hash of a block up to this one. */
  hashAt(number: number): Hash | undefined;
}

/** Why there is no state to read. */
export interface PastStateMissing extends Failure {
  readonly code: "block-missing" | "state-not-kept";
  /** Block since which states can be read; undefined when none can. */
  readonly from: number | undefined;
}

/**
 * Reads past states from the store of a ledger that keeps history, see {@link LedgerOptions}. It needs no more than the
 * store, and may read while blocks are being stored: what it finds does not change. Where history is bounded, a state may
 * be removed while it is read: reading then throws InvariantError, and {@link PastStates.isKept} says why.
 */
export class PastStates {
  readonly #reader: KeyValueReader;
  readonly #rules: ChainRules;
  readonly #genesis: GenesisConfig;

  constructor(reader: KeyValueReader, rules: ChainRules, genesis: GenesisConfig) {
    this.#reader = reader;
    this.#rules = rules;
    this.#genesis = genesis;
  }

  /**
   * The state right after block `number`.
   *
   * @throws InvariantError when the store is damaged
   */
  after(number: number): Result<PastState, PastStateMissing> {
    // The head first: the history that is read after it is at least as long.
    const head = this.#record(records.HEAD_KEY, records.decodeHeadRecord, "the record of its head");
    const history = this.#record(records.HISTORY_KEY, records.decodeHistoryRecord, "the record of its history");
    const from = head !== undefined && history !== undefined && history.to >= head.number ? history.from : undefined;
    const exists = Number.isInteger(number) && number >= 0 && number <= (head?.number ?? -1);
    if (!exists) return err({ code: "block-missing", from });
    if (from === undefined || number < from) return err({ code: "state-not-kept", from });
    return ok(this.#stateAfter(number));
  }

  /** Whether the state after block `number`, which was there once, is still kept; {@link after} says more. */
  isKept(number: number): boolean {
    const history = this.#record(records.HISTORY_KEY, records.decodeHistoryRecord, "the record of its history");
    return history !== undefined && number >= history.from;
  }

  #stateAfter(number: number): PastState {
    const blocks = new BlockReader(this.#reader, this.#rules, {
      blockBytesMax: 0,
      hashesMax: LEDGER_HASHES_CACHED_MAX,
    });
    blocks.headNumber = number;
    const { header, hash } = records.undamaged(blocks.header(number), `the header of block ${number}`);
    const rows = new CommittedRows(readerAfter(this.#reader, number));
    const settings = settingsAfter(rows, number, this.#genesis, this.#rules.version);
    return { header, hash, rows, settings, hashAt: (below) => blocks.hashAt(below) };
  }

  #record<T>(key: typeof records.HEAD_KEY, decode: (bytes: Uint8Array) => T | undefined, what: string): T | undefined {
    const bytes = this.#reader.get(key);
    return bytes === undefined ? undefined : records.undamaged(decode(bytes), what);
  }
}
