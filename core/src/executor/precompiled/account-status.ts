/** Whether an address is an account, a contract, frozen or nothing, as the contracts that freeze see it. */
import type { ByteString } from "../../primitives/index.js";
import { ZERO_HASH, ascii, byteStringToBytes, bytesToHex } from "../../primitives/index.js";
import { emptyHashOf } from "../../crypto/index.js";
import { V2_5_0 } from "../../protocol/index.js";
import type { Table } from "../../state/index.js";
import { Row } from "../../state/index.js";
import type { PrecompiledContext } from "./contract.js";
import { rowAt } from "./failures.js";
import { VALUE } from "./permissions.js";

const CODE_HASH = ascii("codeHash");
const FROZEN = ascii("frozen");
const TRUE = ascii("true");
const FALSE = ascii("false");

/** Of a contract: `other` is an account without code. Of an account: `other` is a contract. */
export type Status = "available" | "frozen" | "nonexistent" | "other";

/** Status of an address taken for a contract. */
export function contractStatus(context: PrecompiledContext, tableName: ByteString): Status {
  return statusOf(context, tableName, (hasCode) => hasCode);
}

/** Status of an address taken for an account. */
export function accountStatus(context: PrecompiledContext, tableName: ByteString): Status {
  return statusOf(context, tableName, (hasCode) => !hasCode);
}

function statusOf(context: PrecompiledContext, tableName: ByteString, fits: (hasCode: boolean) => boolean): Status {
  const table = context.tables.openTable(tableName);
  if (table === undefined) return "nonexistent";
  // The row is missing where the creation of the account was undone: reading it then fails as in the storage layer.
  const codeHash = rowAt(table.select(CODE_HASH), 0).get(VALUE);
  if (!fits(hashText(context, codeHash) !== emptyHashOf(context.suite))) return "other";
  return table.select(FROZEN)[0]?.get(VALUE) === TRUE ? "frozen" : "available";
}

/** A hash cell as digits: raw bytes from 2.5.0 on, text before. What has not the length of a hash reads as zero. */
function hashText(context: PrecompiledContext, cell: ByteString): string {
  const text = context.version >= V2_5_0 ? bytesToHex(byteStringToBytes(cell)) : cell.toLowerCase();
  return text.length === ZERO_HASH.length ? text : ZERO_HASH;
}

/** Writes whether the owner of an account table is frozen, without permission check; returns the number of rows. */
export function writeFrozen(table: Table, frozen: boolean): number {
  const row = new Row([[VALUE, frozen ? TRUE : FALSE]]);
  if (table.select(FROZEN).length === 0) return table.insert(FROZEN, row);
  return table.update(FROZEN, row.cells);
}
