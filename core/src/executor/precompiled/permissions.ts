/** Questions about permissions that several contracts ask. */
import type { Address, ByteString } from "../../primitives/index.js";
import { ascii } from "../../primitives/index.js";
import type { Table } from "../../state/index.js";
import { Condition, SYS_TABLE_ACCESS } from "../../state/index.js";
import type { PrecompiledCall, PrecompiledContext } from "./contract.js";
import { callRefusal, fail, orFail } from "./failures.js";
import { contractTableName } from "./table-names.js";

/** Columns of the table of permissions. */
export const ACCESS = {
  TableName: ascii("table_name"),
  Address: ascii("address"),
  EnableNumber: ascii("enable_num"),
} as const;

/** Key of the rows that name the managers of a contract. */
export const AUTHORITY = ascii("authority");
/** Column of values in account tables. */
export const VALUE = ascii("value");

/** Ends the call when the writer list of the calling contract exists and lacks the sender of the transaction. */
export function checkCallerWritable(context: PrecompiledContext, call: PrecompiledCall): void {
  const table = context.tables.openTable(contractTableName(call.caller));
  if (table !== undefined && !table.mayWrite(call.origin)) fail(callRefusal(call.origin, call.caller));
}

/** A system table. */
export function systemTable(context: PrecompiledContext, name: ByteString): Table {
  return orFail(context.tables.openTable(name), `no ${name}`);
}

/** Text of an address in committee, operator and voting rows. */
export function prefixed(address: Address): ByteString {
  return `0x${address}` as ByteString;
}

/** True when the table of permissions has a row for this address text under this key. */
export function hasPermission(context: PrecompiledContext, key: ByteString, address: ByteString): boolean {
  const condition = new Condition().eq(ACCESS.Address, address);
  return systemTable(context, SYS_TABLE_ACCESS).select(key, condition).length > 0;
}

/** True when the address is in the committee, as the block's own tables have it. */
export function isCommitteeMember(context: PrecompiledContext, address: ByteString): boolean {
  return hasPermission(context, SYS_TABLE_ACCESS, address);
}

/** True when an account table names `origin` as a manager; false without the table. */
export function isManager(context: PrecompiledContext, tableName: ByteString, origin: Address): boolean {
  const rows = context.tables.openTable(tableName)?.select(AUTHORITY) ?? [];
  return rows.some((row) => row.get(VALUE) === (origin as string));
}
