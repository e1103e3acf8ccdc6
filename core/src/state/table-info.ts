/** Schemas: of system tables, which are fixed, and of the others, which `_sys_tables_` describes. */
import type { ByteString } from "../primitives/index.js";
import { ascii } from "../primitives/index.js";
import { STATUS_COLUMN, isHashedColumn } from "./rules.js";

/** What is known of a table besides its rows. */
export interface TableInfo {
  readonly name: ByteString;
  /** Column whose value is the key of a row. */
  readonly keyField: ByteString;
  /** The other columns, in the order they were declared. */
  readonly valueFields: readonly ByteString[];
  /** Columns that a write may name. */
  readonly writable: ReadonlySet<ByteString>;
  /** Columns that enter the hash, in byte order. */
  readonly hashedColumns: readonly ByteString[];
}

/** Table of tables: key and value columns by table name. */
export const SYS_TABLES = ascii("_sys_tables_");
/** Sealers and observers, all under the key `node`. */
export const SYS_CONSENSUS = ascii("_sys_consensus_");
/** Writer lists by table name; the committee stands under the name of this table itself. */
export const SYS_TABLE_ACCESS = ascii("_sys_table_access_");
/** Contract names. */
export const SYS_CNS = ascii("_sys_cns_");
/** System configuration. */
export const SYS_CONFIG = ascii("_sys_config_");

/** Columns that exist beside the declared ones and may be written as if they had been declared. */
const IMPLICIT_COLUMNS = [STATUS_COLUMN, ascii("_num_"), ascii("_id_")];

function describe(name: ByteString, keyField: ByteString, valueFields: readonly ByteString[]): TableInfo {
  const columns = [...new Set([keyField, ...valueFields])];
  return {
    name,
    keyField,
    valueFields,
    writable: new Set([...columns, ...IMPLICIT_COLUMNS]),
    hashedColumns: columns.filter(isHashedColumn).sort(),
  };
}

/** The description of a table whose value columns stand in one text, separated by commas. */
export function tableInfoOf(name: ByteString, keyField: ByteString, valueFields: ByteString): TableInfo {
  // Every account table has the same columns: only the name differs, and a block opens many of them.
  if (keyField === "key" && valueFields === "value") return { ...KEY_VALUE, name };
  return describe(name, keyField, valueFields.split(",") as ByteString[]);
}

const KEY_VALUE = describe(ascii(""), ascii("key"), [ascii("value")]);

const SYSTEM_TABLES: ReadonlyMap<string, TableInfo> = new Map(
  (
    [
      [SYS_TABLES, "table_name", ["key_field", "value_field"]],
      [SYS_CONSENSUS, "name", ["type", "node_id", "enable_num"]],
      [SYS_TABLE_ACCESS, "table_name", ["address", "enable_num"]],
      [SYS_CNS, "name", ["version", "address", "abi"]],
      [SYS_CONFIG, "key", ["value", "enable_num"]],
    ] as const
  ).map(([name, keyField, valueFields]) => [name, describe(name, ascii(keyField), valueFields.map(ascii))]),
);

/** The description of a system table, undefined for every other name. */
export function systemTableInfo(name: ByteString): TableInfo | undefined {
  return SYSTEM_TABLES.get(name);
}
