/** Bytes and order of rows in the state hash: docs/protocol/state.md#state-hash. */
import type { ByteString } from "../primitives/index.js";
import { assert, compareByteStrings } from "../primitives/index.js";
import type { ReadonlyRow, Row, TouchedRows } from "./row.js";
import type { StateRules } from "./rules.js";
import { STATUS_COLUMN, isHashedColumn } from "./rules.js";
import type { TableInfo } from "./table-info.js";

/** Sorts rows in place into hash order: by id, then key, then number of columns, then columns pairwise. */
export function sortRows(rows: Row[], info: TableInfo): Row[] {
  if (rows.length < 2) return rows;
  return rows.sort((a, b) => {
    if (a.id !== b.id) return a.id - b.id;
    const byKey = compareByteStrings(a.get(info.keyField), b.get(info.keyField));
    return byKey !== 0 ? byKey : compareCells(a, b);
  });
}

function compareCells(a: ReadonlyRow, b: ReadonlyRow): number {
  if (a.cells.size !== b.cells.size) return a.cells.size - b.cells.size;
  const left = sortedColumns(a);
  const right = sortedColumns(b);
  for (let i = 0; i < left.length; i++) {
    const leftColumn = left[i] as ByteString;
    const byName = compareByteStrings(leftColumn, right[i] as ByteString);
    if (byName !== 0) return byName;
    const byValue = compareByteStrings(a.cells.get(leftColumn) as ByteString, b.cells.get(leftColumn) as ByteString);
    if (byValue !== 0) return byValue;
  }
  return 0;
}

function sortedColumns(row: ReadonlyRow): ByteString[] {
  return [...row.cells.keys()].sort();
}

/** Columns of a row that are hashed, in byte order; nearly always those of the schema, which come sorted. */
function hashedColumnsOf(row: ReadonlyRow, info: TableInfo): readonly ByteString[] {
  const { hashedColumns } = info;
  if (row.cells.size === hashedColumns.length && hashedColumns.every((column) => row.cells.has(column))) {
    return hashedColumns;
  }
  return sortedColumns(row).filter(isHashedColumn);
}

/** Collects the bytes that are hashed. One buffer serves all tables of a process, growing to the largest. */
class ByteSink {
  #bytes = new Uint8Array(64 * 1024);
  #length = 0;

  clear(): void {
    this.#length = 0;
  }

  text(text: ByteString): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** What was collected; valid until the next clear. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.view());
    this.#bytes = grown;
  }
}

const sink = new ByteSink();

/** The bytes of a table's rows that are hashed, in a buffer that the next call overwrites. */
export function tableBytes(touched: TouchedRows, info: TableInfo, rules: StateRules): Uint8Array {
  sink.clear();
  if (rules.rowOrder === "apart") {
    for (const row of touched.dirty) putRow(row, info, rules);
    for (const row of touched.fresh) putRow(row, info, rules);
  } else {
    for (const row of sortRows([...touched.dirty, ...touched.fresh], info)) putRow(row, info, rules);
  }
  return sink.view();
}

function putRow(row: Row, info: TableInfo, rules: StateRules): void {
  const columns = hashedColumnsOf(row, info);
  if (rules.statusForm === "byte") {
    for (const column of columns) putCell(column, row.get(column));
    sink.byte(row.status);
    return;
  }
  const status = String(row.status) as ByteString;
  for (const column of [...columns, STATUS_COLUMN].sort()) {
    putCell(column, column === STATUS_COLUMN ? status : row.get(column));
  }
}

function putCell(column: ByteString, value: ByteString): void {
  sink.text(column);
  sink.text(value);
}

/** Asserts that a hash has its 32 bytes, so that concatenated hashes cannot shift. */
export function checkedHash(hash: Uint8Array): Uint8Array {
  assert(hash.length === 32, "a table hash has 32 bytes");
  return hash;
}
