/** What a block hands over to be stored. */
import type { ByteString } from "../primitives/index.js";
import type { FrozenRow } from "./row.js";

/** Rows of one table that a block adds or changes. */
export interface TableChanges {
  readonly name: ByteString;
  /** Rows in order of id, each with the key it is stored under. */
  readonly rows: readonly { readonly key: ByteString; readonly row: FrozenRow }[];
}

/** Everything a block changes in the tables, with the ids of new rows assigned. */
export interface StateChanges {
  /** Number of the block. */
  readonly number: number;
  /** Highest row id before the block: the changes fit only on top of that state. */
  readonly rowIdBefore: number;
  /** Highest row id after the block. */
  readonly rowIdAfter: number;
  /** In order of table names. */
  readonly tables: readonly TableChanges[];
}
