/**
 * Committed rows: the state after the last applied block, decoded, with a bounded cache.
 *
 * The cache holds committed data and nothing else. It is filled by reading it from the store and by
 * {@link CommittedRows.apply}; what a block or a call changes lives in its own {@link BlockTables} until then.
 */
import type { ByteString } from "../primitives/index.js";
import { STATE_CACHE_BYTES_MAX, ascii, assert, bytesToByteString, byteStringToBytes } from "../primitives/index.js";
import type { StateChanges } from "./changes.js";
import { historyNote, historyWrites, type NotedChange } from "./history.js";
import type { KeyValueReader, StateWrite } from "./key-value.js";
import { decodeRows, encodeRows } from "./row-codec.js";
import { rowKey } from "./row-key.js";
import type { FrozenRow } from "./row.js";
import { capacityOf } from "./row.js";

type RowsByKey = Map<ByteString, readonly FrozenRow[]>;

/** The changes of one block as rows of the store, ready to be written and then applied. */
export interface PreparedChanges {
  /** What the batch of the block must contain. */
  readonly writes: readonly StateWrite[];
  readonly changes: StateChanges;
  /** The new rows of every changed key. */
  readonly rows: ReadonlyMap<ByteString, RowsByKey>;
}

const ROW_ID_KEY = ascii("row-id");
const NO_ROWS: readonly FrozenRow[] = [];

/** Reads committed rows and turns the changes of a block into writes. One for each group. */
export class CommittedRows {
  readonly #reader: KeyValueReader;
  readonly #cache: RowCache;
  readonly #keepsHistory: boolean;
  readonly #notesHistory: boolean;
  /** Former rows of what a prepared block is about to replace: reads see them until the block is applied. */
  #pinned = new Map<ByteString, RowsByKey>();
  #lastRowId: number;

  /**
   * @param options.keepsHistory whether what a block replaces is written, too, for {@link readerAfter}
   * @param options.notesHistory whether it is also noted, so that it can be removed some time
   */
  constructor(
    reader: KeyValueReader,
    options: {
      readonly cacheBytesMax?: number;
      readonly keepsHistory?: boolean;
      readonly notesHistory?: boolean;
    } = {},
  ) {
    this.#reader = reader;
    this.#keepsHistory = options.keepsHistory ?? false;
    this.#notesHistory = this.#keepsHistory && (options.notesHistory ?? false);
    this.#cache = new RowCache(options.cacheBytesMax ?? STATE_CACHE_BYTES_MAX);
    this.#lastRowId = decodeRowId(reader.get(ROW_ID_KEY));
  }

  /** Highest id ever given to a row. */
  get lastRowId(): number {
    return this.#lastRowId;
  }

  /**
   * All rows of a key, removed ones included, in order of id. They are shared: never change them.
   *
   * @throws InvariantError when the stored bytes are damaged, naming table and key
   */
  rows(table: ByteString, key: ByteString): readonly FrozenRow[] {
    if (this.#pinned.size > 0) {
      const pinned = this.#pinned.get(table)?.get(key);
      if (pinned !== undefined) return pinned;
    }
    return this.#cache.get(table, key) ?? this.#load(table, key);
  }

  /** First row of a key that is not removed. */
  first(table: ByteString, key: ByteString): FrozenRow | undefined {
    return this.rows(table, key).find((row) => row.status === 0);
  }

  /**
   * The writes of a block's changes. Reads go on showing the state before the block until {@link apply}, whether or
   * not the store has taken the writes by then.
   */
  prepare(changes: StateChanges): PreparedChanges {
    assert(changes.rowIdBefore === this.#lastRowId, "changes are prepared on the state they were made on");
    const writes: StateWrite[] = [];
    const rows = new Map<ByteString, RowsByKey>();
    const noted: NotedChange[] = [];
    for (const table of changes.tables) {
      const byKey = this.#merge(table.name, table.rows);
      rows.set(table.name, byKey);
      for (const [key, list] of byKey) {
        const stored = rowKey(table.name, key);
        if (this.#keepsHistory) {
          const kept = historyWrites(stored, this.#before(table.name, key), changes.number);
          writes.push(...kept);
          // One of them is the version, the others are way points.
          if (this.#notesHistory) noted.push({ key: stored, wayPoints: kept.length - 1 });
        }
        writes.push({ key: stored, value: encodeRows(list) });
      }
    }
    if (noted.length > 0) writes.push(historyNote(changes.number, noted));
    if (changes.rowIdAfter !== changes.rowIdBefore) {
      writes.push({ key: ROW_ID_KEY, value: byteStringToBytes(ascii(String(changes.rowIdAfter))) });
    }
    return { writes, changes, rows };
  }

  /** Makes prepared changes the committed state, after the store has them. */
  apply(prepared: PreparedChanges): void {
    assert(prepared.changes.rowIdBefore === this.#lastRowId, "changes are applied on the state they were made on");
    this.#pinned = new Map();
    for (const [table, byKey] of prepared.rows) for (const [key, rows] of byKey) this.#cache.set(table, key, rows);
    this.#lastRowId = prepared.changes.rowIdAfter;
  }

  /** New lists of the changed keys of a table: changed rows in the place of the old ones, new rows behind them. */
  #merge(table: ByteString, changed: StateChanges["tables"][number]["rows"]): RowsByKey {
    const lists = new Map<ByteString, FrozenRow[]>();
    for (const { key, row } of changed) {
      let list = lists.get(key);
      if (list === undefined) {
        const before = this.rows(table, key);
        this.#pin(table, key, before);
        list = [...before];
        lists.set(key, list);
      }
      place(list, row);
    }
    return lists;
  }

  /** The rows that a prepared block replaces. */
  #before(table: ByteString, key: ByteString): readonly FrozenRow[] {
    return this.#pinned.get(table)?.get(key) ?? NO_ROWS;
  }

  #pin(table: ByteString, key: ByteString, rows: readonly FrozenRow[]): void {
    const byKey = this.#pinned.get(table);
    if (byKey === undefined) this.#pinned.set(table, new Map([[key, rows]]));
    else byKey.set(key, rows);
  }

  #load(table: ByteString, key: ByteString): readonly FrozenRow[] {
    const bytes = this.#reader.get(rowKey(table, key));
    const rows =
      bytes === undefined ? NO_ROWS : decodeRows(bytes, () => `table ${printable(table)}, key ${printable(key)}`);
    this.#cache.set(table, key, rows);
    return rows;
  }
}

/** Puts a row into a list that is in order of id: in the place of the one with its id, else where it belongs. */
function place(list: FrozenRow[], row: FrozenRow): void {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as FrozenRow).id < row.id) low = middle + 1;
    else high = middle;
  }
  list.splice(low, list[low]?.id === row.id ? 1 : 0, row);
}

function decodeRowId(bytes: Uint8Array | undefined): number {
  if (bytes === undefined) return 0;
  const text = bytesToByteString(bytes);
  assert(/^[1-9][0-9]{0,15}$/.test(text), `the stored highest row id is a number, not ${printable(text)}`);
  return Number(text);
}

/** A byte string for people: everything outside printable ASCII as hexadecimal escapes. */
function printable(text: ByteString): string {
  return text.replace(/[^ -~]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** What a cached list of rows takes in memory besides its texts, a row and the list itself: measured, rounded up. */
const ROW_OVERHEAD_BYTES = 320;
const LIST_OVERHEAD_BYTES = 160;

interface CachedRows {
  readonly rows: readonly FrozenRow[];
  readonly bytes: number;
}

/**
 * Rows by table and key in two generations: what is used moves to the young one; when that is half the room, it
 * becomes the old one and the former old one is dropped. Roughly "least recently used", without a list to maintain.
 */
class RowCache {
  readonly #youngBytesMax: number;
  #young = new Map<ByteString, Map<ByteString, CachedRows>>();
  #old = new Map<ByteString, Map<ByteString, CachedRows>>();
  #youngBytes = 0;

  constructor(bytesMax: number) {
    this.#youngBytesMax = Math.floor(bytesMax / 2);
  }

  get(table: ByteString, key: ByteString): readonly FrozenRow[] | undefined {
    const young = this.#young.get(table)?.get(key);
    if (young !== undefined) return young.rows;
    const old = this.#old.get(table)?.get(key);
    if (old !== undefined) this.#keep(table, key, old);
    return old?.rows;
  }

  set(table: ByteString, key: ByteString, rows: readonly FrozenRow[]): void {
    this.#keep(table, key, { rows, bytes: sizeOf(key, rows) });
  }

  #keep(table: ByteString, key: ByteString, cached: CachedRows): void {
    let byKey = this.#young.get(table);
    if (byKey === undefined) {
      byKey = new Map();
      this.#young.set(table, byKey);
    }
    this.#youngBytes += cached.bytes - (byKey.get(key)?.bytes ?? 0);
    byKey.set(key, cached);
    if (this.#youngBytes <= this.#youngBytesMax) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }
}

function sizeOf(key: ByteString, rows: readonly FrozenRow[]): number {
  let bytes = LIST_OVERHEAD_BYTES + key.length;
  for (const row of rows) bytes += ROW_OVERHEAD_BYTES + capacityOf(row);
  return bytes;
}
