/** All tables of one block: opening, creating, undoing, hashing, handing over for the store. */
import type { Address, ByteString, Hash } from "../primitives/index.js";
import { ZERO_HASH, ascii, assert, bytesToHex, concatBytes, isHex } from "../primitives/index.js";
import type { StateChanges, TableChanges } from "./changes.js";
import type { CommittedRows } from "./committed-rows.js";
import { Row } from "./row.js";
import type { StateRules } from "./rules.js";
import { checkedHash, tableBytes } from "./table-hash.js";
import type { TableInfo } from "./table-info.js";
import { SYS_TABLES, SYS_TABLE_ACCESS, systemTableInfo, tableInfoOf } from "./table-info.js";
import type { Change } from "./table.js";
import { Table } from "./table.js";
import { NO_PERMISSION } from "./errors.js";

/** What one table contributed to the state hash. */
export interface TableHash {
  readonly name: ByteString;
  readonly hash: Hash;
  /** The bytes that were hashed; empty for a table that contributes zeros because nothing was written. */
  readonly bytes: Uint8Array;
}

/** How a table is opened. */
export interface OpenOptions {
  /** False: without writer list for the rest of the block, if it is not open already. Default: as the block says. */
  readonly authority?: boolean;
}

/**
 * The tables of one block, over the committed rows below it. Cheap to create; used for one block (or one read-only
 * call) and then dropped, with or without {@link BlockTables.commit}.
 */
export class BlockTables {
  readonly #committed: CommittedRows;
  readonly #rules: StateRules;
  readonly #parentNumber: number;
  readonly #checkAuthority: boolean;
  readonly #open = new Map<ByteString, Table>();
  readonly #log: Change[] = [];

  constructor(options: {
    readonly rows: CommittedRows;
    readonly rules: StateRules;
    /** Number of the parent block; −1 when the genesis block is made. */
    readonly parentNumber: number;
    /** Whether tables are opened with their writer lists. */
    readonly checkAuthority: boolean;
  }) {
    this.#committed = options.rows;
    this.#rules = options.rules;
    this.#parentNumber = options.parentNumber;
    this.#checkAuthority = options.checkAuthority;
  }

  /**
   * The table of that name, undefined when there is none. A table stays open until the block is done, also when the
   * frame that created it is undone. Below supported_version 2.5.0 opening alone shows in the state hash.
   */
  openTable(name: ByteString, options: OpenOptions = {}): Table | undefined {
    const open = this.#open.get(name);
    if (open !== undefined) return open;
    const info = this.#describe(name);
    if (info === undefined) return undefined;
    const authority = options.authority ?? this.#checkAuthority;
    let table = this.#tableOf(info, undefined);
    if (authority) {
      // The list of writer lists is not open yet when it asks for its own list.
      const access = name === SYS_TABLE_ACCESS ? table : this.#openSystemTable(SYS_TABLE_ACCESS);
      const writers = this.#writersOf(name, access);
      if (writers !== undefined) table = this.#tableOf(info, writers);
    }
    this.#open.set(name, table);
    return table;
  }

  /**
   * Describes a new table in `_sys_tables_` and opens it.
   *
   * @param valueFields names of the value columns, separated by commas
   * @param options `origin` given: checked against the writer list of `_sys_tables_`, and the new table is opened with
   *   its own; without it neither happens
   */
  createTable(
    name: ByteString,
    keyField: ByteString,
    valueFields: ByteString,
    options: { readonly origin?: Address } = {},
  ): "created" | "exists" | "no-permission" {
    const authority = options.origin !== undefined && this.#checkAuthority;
    const tables = this.#openSystemTable(SYS_TABLES, { authority });
    if (tables.peek(name) !== undefined) return "exists";
    const row = new Row([
      [ascii("key_field"), keyField],
      [ascii("value_field"), valueFields],
    ]);
    if (tables.insert(name, row, authority ? options : {}) === NO_PERMISSION) return "no-permission";
    this.openTable(name, { authority });
    return "created";
  }

  /** Mark in the undo log, for {@link rollbackTo}. */
  savepoint(): number {
    return this.#log.length;
  }

  /** Undoes everything since the savepoint, the latest first. What cannot be seen by a select may remain, see {@link Table.undo}. */
  rollbackTo(savepoint: number): void {
    assert(savepoint <= this.#log.length, "a savepoint is not ahead of the undo log");
    while (this.#log.length > savepoint) {
      const change = this.#log.pop() as Change;
      change.table.undo(change);
    }
  }

  /** Forgets the undo log, after each transaction: earlier savepoints become invalid. */
  clearUndo(): void {
    this.#log.length = 0;
  }

  /** Hash of everything written so far; it becomes stateRoot and dbHash of the header. 32 zero bytes when no table counts. */
  stateHash(): Hash {
    const hashes = this.#hashedTables().map((table) => this.#hashOf(table));
    if (hashes.length === 0) return ZERO_HASH;
    return bytesToHex(this.#rules.hash(concatBytes(...hashes))) as Hash;
  }

  /** What entered {@link stateHash}, in its order: to find out where two nodes differ. */
  tableHashes(): TableHash[] {
    return this.#hashedTables().map((table) => ({
      name: table.info.name,
      hash: bytesToHex(this.#hashOf(table)) as Hash,
      bytes: table.written ? tableBytes(table.touchedRows(), table.info, this.#rules).slice() : new Uint8Array(0),
    }));
  }

  /**
   * The changes of the block. New rows get the ids after the highest one, table by table in order of names and within
   * a table in hash order; undone inserts get none.
   */
  commit(): StateChanges {
    const number = this.#parentNumber + 1;
    const rowIdBefore = this.#committed.lastRowId;
    let lastId = rowIdBefore;
    const tables: TableChanges[] = [];
    for (const table of this.#inOrder()) {
      if (!table.written) continue;
      const { dirty, fresh } = table.touchedRows();
      const rows = dirty.map((row) => ({ key: table.keyOfDirty(row.id), row: row.freeze(row.id, number) }));
      for (const row of fresh) rows.push({ key: row.get(table.info.keyField), row: row.freeze(++lastId, number) });
      if (rows.length > 0) tables.push({ name: table.info.name, rows });
    }
    return { number, rowIdBefore, rowIdAfter: lastId, tables };
  }

  #describe(name: ByteString): TableInfo | undefined {
    const system = systemTableInfo(name);
    if (system !== undefined) return system;
    const row = this.#openSystemTable(SYS_TABLES).peek(name);
    if (row === undefined) return undefined;
    return tableInfoOf(
      name,
      row.cells.get(ascii("key_field")) ?? ascii(""),
      row.cells.get(ascii("value_field")) ?? ascii(""),
    );
  }

  #openSystemTable(name: ByteString, options: OpenOptions = {}): Table {
    const table = this.openTable(name, options);
    assert(table !== undefined, "system tables always exist");
    return table;
  }

  #tableOf(info: TableInfo, writers: ReadonlySet<Address> | undefined): Table {
    return new Table({ info, committed: this.#committed, rules: this.#rules, log: this.#log, writers });
  }

  /** Addresses on the writer list of a table that hold for this block; undefined when there is none. */
  #writersOf(name: ByteString, access: Table): ReadonlySet<Address> | undefined {
    if (access.peek(name) === undefined) return undefined;
    const writers = new Set<Address>();
    for (const row of access.select(name)) {
      if (Number.parseInt(row.get(ascii("enable_num")), 10) <= this.#parentNumber) {
        writers.add(writerAddress(row.get(ascii("address"))));
      }
    }
    return writers.size === 0 ? undefined : writers;
  }

  #inOrder(): Table[] {
    return [...this.#open.values()].sort((a, b) => (a.info.name < b.info.name ? -1 : 1));
  }

  #hashedTables(): Table[] {
    const tables = this.#inOrder();
    return this.#rules.hashedTables === "opened" ? tables : tables.filter((table) => table.written);
  }

  #hashOf(table: Table): Uint8Array {
    if (!table.written) return new Uint8Array(32);
    return checkedHash(this.#rules.hash(tableBytes(table.touchedRows(), table.info, this.#rules)));
  }
}

/** Address text of a writer list: 40 hexadecimal digits, with or without 0x; any other text means the zero address. */
function writerAddress(text: ByteString): Address {
  const digits = /^0[xX]/.test(text) ? text.slice(2) : text;
  return (digits.length === 40 && isHex(digits) ? digits.toLowerCase() : "0".repeat(40)) as Address;
}
