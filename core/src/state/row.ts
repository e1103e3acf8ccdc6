/** Rows: committed ones, which nobody changes, and the live ones of a block. */
import type { ByteString } from "../primitives/index.js";
import { EMPTY_BYTE_STRING } from "../primitives/index.js";

/** 0: the row is there. 1: it was removed; it stays stored so that the order of the others holds. */
export type RowStatus = 0 | 1;

/** What can be read of any row. */
export interface ReadonlyRow {
  /** Position among the rows of its table, from 1; 0 until committed. */
  readonly id: number;
  /** Block of the last write. */
  readonly num: number;
  readonly status: RowStatus;
  /** Values by column, the key column included. */
  readonly cells: ReadonlyMap<ByteString, ByteString>;
}

/** A committed row: shared by the cache and everybody who reads, never changed. */
export interface FrozenRow extends ReadonlyRow {
  readonly frozen: true;
}

/**
 * A live row of one block: a new row, a committed row touched in this block, or the private copy that a select hands
 * out. A change to a row that its table holds is a change to the state, recorded or not.
 */
export class Row implements ReadonlyRow {
  id = 0;
  num = 0;
  status: RowStatus = 0;
  /** True for an insert that was undone: the row takes part in nothing any more. */
  deleted = false;
  #cells: Map<ByteString, ByteString>;
  #shared = false;

  /** A row that is not in any table yet. */
  constructor(cells: Iterable<readonly [ByteString, ByteString]> = []) {
    this.#cells = new Map(cells);
  }

  /** A private copy of a committed row. Its columns are copied only when one is written. */
  static copyOf(source: FrozenRow): Row {
    const row = new Row();
    row.id = source.id;
    row.num = source.num;
    row.status = source.status;
    // Writes go through set(), which copies a shared map first: the cast never leads to a write into the source.
    row.#cells = source.cells as Map<ByteString, ByteString>;
    row.#shared = true;
    return row;
  }

  get cells(): ReadonlyMap<ByteString, ByteString> {
    return this.#cells;
  }

  /** Value of a column, empty when the row lacks it. */
  get(column: ByteString): ByteString {
    return this.#cells.get(column) ?? EMPTY_BYTE_STRING;
  }

  /** True when the row has the column, even with an empty value. */
  has(column: ByteString): boolean {
    return this.#cells.has(column);
  }

  /** Sets a column, without record and without permission check. */
  set(column: ByteString, value: ByteString): this {
    if (this.#shared) {
      this.#cells = new Map(this.#cells);
      this.#shared = false;
    }
    this.#cells.set(column, value);
    return this;
  }

  /** Bytes of all column names and values: what gas for memory is charged on. */
  capacity(): number {
    return capacityOf(this);
  }

  /** The row as it is now, as committed under `id` in block `num`. Later writes to this object do not reach it. */
  freeze(id: number, num: number): FrozenRow {
    this.#shared = true;
    return { id, num, status: this.status, cells: this.#cells, frozen: true };
  }
}

/** Rows of a table that this block touched, in the order in which they are hashed and numbered. */
export interface TouchedRows {
  /** Committed rows touched in this block. */
  readonly dirty: readonly Row[];
  /** Rows inserted in this block. */
  readonly fresh: readonly Row[];
}

/** Bytes of all column names and values of a row. */
export function capacityOf(row: ReadonlyRow): number {
  let bytes = 0;
  for (const [column, value] of row.cells) bytes += column.length + value.length;
  return bytes;
}
