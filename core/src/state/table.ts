/** One table as a block sees and changes it: docs/protocol/state.md, from "Opening" to "Undo". */
import type { Address, ByteString } from "../primitives/index.js";
import { assert } from "../primitives/index.js";
import type { CommittedRows } from "./committed-rows.js";
import type { Condition } from "./condition.js";
import { NO_PERMISSION, UnknownColumnError } from "./errors.js";
import type { FrozenRow, ReadonlyRow, TouchedRows } from "./row.js";
import { Row } from "./row.js";
import type { StateRules } from "./rules.js";
import { sortRows } from "./table-hash.js";
import type { TableInfo } from "./table-info.js";

/** How a write is checked. */
export interface WriteOptions {
  /** Sender of the transaction, to be on the writer list if there is one; without it nothing is checked. */
  readonly origin?: Address;
}

/** One entry of the undo log. Changes of rows are kept the way they are undone, which is not always exact: see undo. */
export type Change =
  | { readonly type: "insert"; readonly table: Table; readonly row: Row }
  | { readonly type: "update"; readonly table: Table; readonly cells: readonly CellChange[] }
  | { readonly type: "remove"; readonly table: Table; readonly rows: readonly Row[] };

interface CellChange {
  readonly row: Row;
  readonly column: ByteString;
  readonly before: ByteString;
}

interface DirtyRow {
  readonly key: ByteString;
  readonly row: Row;
}

const NO_ROWS: readonly Row[] = [];

/** A table opened in one block. Created by {@link BlockTables} only. */
export class Table {
  readonly info: TableInfo;
  readonly #committed: CommittedRows;
  readonly #rules: StateRules;
  readonly #log: Change[];
  /** Undefined: everybody may write. */
  readonly #writers: ReadonlySet<Address> | undefined;
  readonly #fresh = new Map<ByteString, Row[]>();
  readonly #dirty = new Map<number, DirtyRow>();
  readonly #dirtyByUpdate = new Map<ByteString, Set<number>>();
  #written = false;
  #touched: TouchedRows | undefined;

  constructor(options: {
    info: TableInfo;
    committed: CommittedRows;
    rules: StateRules;
    log: Change[];
    writers: ReadonlySet<Address> | undefined;
  }) {
    this.info = options.info;
    this.#committed = options.committed;
    this.#rules = options.rules;
    this.#log = options.log;
    this.#writers = options.writers;
  }

  /**
   * Rows of a key that fit the condition: committed ones in order of id, then new ones in order of insertion. Rows
   * this block has touched are the live objects; a committed row it has not touched is a fresh copy each time.
   */
  select(key: ByteString, condition?: Condition): Row[] {
    condition?.eq(this.info.keyField, key);
    const found: Row[] = [];
    // Only updated rows can fit now without having fitted as committed: for them it matters which ones were looked at.
    const updated = this.#rules.rechecksChangedRows ? this.#dirtyByUpdate.get(key) : undefined;
    const looked = updated === undefined ? undefined : new Set<number>();
    for (const row of this.#committed.rows(this.info.name, key)) {
      if (!this.#fits(row, key, condition)) continue;
      looked?.add(row.id);
      const selected = this.#presentForm(row, key, condition);
      if (selected !== undefined) found.push(selected === row ? Row.copyOf(row) : (selected as Row));
    }
    for (const id of [...(updated ?? [])].sort((a, b) => a - b)) {
      const row = this.#dirty.get(id)?.row;
      if (row !== undefined && looked?.has(id) === false && this.#fits(row, key, condition)) found.push(row);
    }
    for (const row of this.#fresh.get(key) ?? NO_ROWS) if (this.#fits(row, key, condition)) found.push(row);
    return condition === undefined ? found : condition.slice(found, this.#rules);
  }

  /** First row that a select without condition finds, to be read only: no copy is made. Undefined when there is none. */
  peek(key: ByteString): ReadonlyRow | undefined {
    for (const row of this.#committed.rows(this.info.name, key)) {
      const selected = this.#fits(row, key, undefined) ? this.#presentForm(row, key, undefined) : undefined;
      if (selected !== undefined) return selected;
    }
    if (this.#dirtyByUpdate.has(key)) return this.select(key)[0];
    return this.#fresh.get(key)?.find((row) => this.#fits(row, key, undefined));
  }

  /**
   * Appends a row under `key`, whatever rows the key has already; the row object itself enters the table.
   *
   * @returns 1, or {@link NO_PERMISSION}
   * @throws UnknownColumnError
   */
  insert(key: ByteString, row: Row, options: WriteOptions = {}): number {
    if (!this.#allows(options)) return NO_PERMISSION;
    this.#checkColumns(row.cells.keys());
    row.set(this.info.keyField, key);
    const rows = this.#fresh.get(key);
    if (rows === undefined) this.#fresh.set(key, [row]);
    else rows.push(row);
    this.#log.push({ type: "insert", table: this, row });
    this.#markWritten();
    return 1;
  }

  /**
   * Sets the columns of `patch`, except the key column, in every row that a select finds.
   *
   * @returns how many rows, or {@link NO_PERMISSION}
   * @throws UnknownColumnError
   */
  update(
    key: ByteString,
    patch: ReadonlyMap<ByteString, ByteString>,
    condition?: Condition,
    options: WriteOptions = {},
  ): number {
    if (!this.#allows(options)) return NO_PERMISSION;
    this.#checkColumns(patch.keys());
    const rows = this.select(key, condition);
    const cells: CellChange[] = [];
    for (const row of rows) {
      if (this.#keepDirty(key, row)) this.#noteUpdated(key, row.id);
      for (const [column, value] of patch) {
        if (column === "_id_" || column === this.info.keyField) continue;
        cells.push({ row, column, before: row.get(column) });
        row.set(column, value);
      }
    }
    this.#log.push({ type: "update", table: this, cells });
    this.#markWritten();
    return rows.length;
  }

  /**
   * Marks every row that a select finds as removed.
   *
   * @returns how many rows, or {@link NO_PERMISSION}
   */
  remove(key: ByteString, condition?: Condition, options: WriteOptions = {}): number {
    if (!this.#allows(options)) return NO_PERMISSION;
    const rows = this.select(key, condition);
    for (const row of rows) {
      row.status = 1;
      this.#keepDirty(key, row);
    }
    this.#log.push({ type: "remove", table: this, rows });
    this.#markWritten();
    return rows.length;
  }

  /** True when the table has no writer list, or `origin` is on it. The list is fixed when the table is opened. */
  mayWrite(origin: Address): boolean {
    return this.#writers === undefined || this.#writers.has(origin);
  }

  /** True after any write that the writer list allowed, even one that touched no row or was undone. */
  get written(): boolean {
    return this.#written;
  }

  /**
   * Takes one change back. What stays, because the state hash shows it: the table counts as written, committed rows
   * stay touched, a new column stays with an empty value, an inserted row stays as a dead one.
   */
  undo(change: Change): void {
    assert(change.table === this, "a change is undone by its own table");
    this.#touched = undefined;
    switch (change.type) {
      case "insert":
        change.row.deleted = true;
        return;
      case "update":
        for (const { row, column, before } of change.cells) this.#held(row)?.set(column, before);
        return;
      case "remove":
        for (const row of change.rows) {
          const held = this.#held(row);
          if (held !== undefined) held.status = 0;
        }
    }
  }

  /** Rows that enter the hash and the store: touched committed ones and new ones, without inserts that were undone. */
  touchedRows(): TouchedRows {
    if (this.#touched === undefined) {
      const dirty: Row[] = [];
      for (const { row } of this.#dirty.values()) if (!row.deleted) dirty.push(row);
      const fresh: Row[] = [];
      for (const rows of this.#fresh.values()) for (const row of rows) if (!row.deleted) fresh.push(row);
      this.#touched = { dirty: sortRows(dirty, this.info), fresh: sortRows(fresh, this.info) };
    }
    return this.#touched;
  }

  /** Key under which a touched committed row is stored, whatever its key column says by now. */
  keyOfDirty(id: number): ByteString {
    const entry = this.#dirty.get(id);
    assert(entry !== undefined, "only touched rows are asked for their key");
    return entry.key;
  }

  /** What a select gives for a committed row that fits: the row itself, its touched form, or nothing. */
  #presentForm(row: FrozenRow, key: ByteString, condition: Condition | undefined): ReadonlyRow | undefined {
    const dirty = this.#dirty.size === 0 ? undefined : this.#dirty.get(row.id)?.row;
    if (dirty === undefined) return row;
    return this.#rules.rechecksChangedRows && !this.#fits(dirty, key, condition) ? undefined : dirty;
  }

  #fits(row: ReadonlyRow, key: ByteString, condition: Condition | undefined): boolean {
    if (condition !== undefined) return condition.matches(row, this.#rules);
    return row.status === 0 && (row as Partial<Row>).deleted !== true && row.cells.get(this.info.keyField) === key;
  }

  #allows({ origin }: WriteOptions): boolean {
    return origin === undefined || this.mayWrite(origin);
  }

  #checkColumns(columns: Iterable<ByteString>): void {
    for (const column of columns) {
      if (!this.info.writable.has(column)) throw new UnknownColumnError(`no column ${column} in ${this.info.name}`);
    }
  }

  /** Keeps a selected committed row as touched; true when it was not before. */
  #keepDirty(key: ByteString, row: Row): boolean {
    if (row.id === 0 || this.#dirty.has(row.id)) return false;
    this.#dirty.set(row.id, { key, row });
    return true;
  }

  #noteUpdated(key: ByteString, id: number): void {
    const ids = this.#dirtyByUpdate.get(key);
    if (ids === undefined) this.#dirtyByUpdate.set(key, new Set([id]));
    else ids.add(id);
  }

  /** The object in which a change of `row` is undone: for rows with an id the one the table keeps under that id. */
  #held(row: Row): Row | undefined {
    return row.id === 0 ? row : this.#dirty.get(row.id)?.row;
  }

  #markWritten(): void {
    this.#written = true;
    this.#touched = undefined;
  }
}
