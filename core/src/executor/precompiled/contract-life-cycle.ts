/** Contract 0x1007: freezes contracts and names those who may do so. */
import type { Address, ByteString } from "../../primitives/index.js";
import { ascii } from "../../primitives/index.js";
import { V2_3_0, V2_5_0, V2_7_0 } from "../../protocol/index.js";
import type { Table } from "../../state/index.js";
import { Condition, Row } from "../../state/index.js";
import { encodeValues, int, string } from "../abi/index.js";
import { contractStatus, writeFrozen } from "./account-status.js";
import type { Status } from "./account-status.js";
import { parseExactAddress } from "./address-text.js";
import { FixedContract } from "./contract-class.js";
import type { PrecompiledContext } from "./contract.js";
import type { Invocation, Method } from "./dispatch.js";
import { orFail } from "./failures.js";
import { AUTHORITY, VALUE, isCommitteeMember, isManager, prefixed } from "./permissions.js";
import { ResultCode } from "./result-codes.js";
import { encodeCode } from "./results.js";
import { contractTableName } from "./table-names.js";

const KEY = ascii("key");

const STATUS_TEXTS: Readonly<Record<Status, ByteString>> = {
  available: ascii("The contract is available."),
  frozen: ascii("The contract has been frozen. You can invoke this contract after unfreezing it."),
  nonexistent: ascii("The address is nonexistent."),
  other: ascii("This is not a contract address."),
};

function mayManage(context: PrecompiledContext, tableName: ByteString, origin: Address): boolean {
  if (isManager(context, tableName, origin)) return true;
  return context.version >= V2_5_0 && isCommitteeMember(context, prefixed(origin));
}

/** Why an address is no contract; undefined when it is one. */
function missingCode(status: Status): number | undefined {
  if (status === "nonexistent") return ResultCode.ContractTableMissing;
  return status === "other" ? ResultCode.NotAContract : undefined;
}

/** A function that changes a contract: existence, then permission, then whatever `change` asks for. */
function managing(change: (invocation: Invocation, table: Table, status: Status) => number): Method {
  return (invocation) => {
    const { args, call, context } = invocation;
    const tableName = contractTableName(args.address());
    const status = contractStatus(context, tableName);
    const run = (): number => {
      const missing = missingCode(status);
      if (missing !== undefined) return missing;
      if (!mayManage(context, tableName, call.origin)) return ResultCode.NotAuthorized;
      return change(invocation, orFail(context.tables.openTable(tableName), "the contract has a table"), status);
    };
    return encodeCode(context.version, run());
  };
}

function freeze(_: Invocation, table: Table, status: Status): number {
  return status === "frozen" ? ResultCode.ContractFrozen : writeFrozen(table, true);
}

function unfreeze(_: Invocation, table: Table, status: Status): number {
  return status === "available" ? ResultCode.ContractAvailable : writeFrozen(table, false);
}

function grantManager({ args }: Invocation, table: Table): number {
  const user = ascii(args.address());
  if (table.select(AUTHORITY, new Condition().eq(VALUE, user)).length > 0) return ResultCode.ManagerExists;
  const row = new Row([
    [KEY, AUTHORITY],
    [VALUE, user],
  ]);
  return table.insert(AUTHORITY, row);
}

function revokeManager({ args }: Invocation, table: Table): number {
  const user = ascii(args.address());
  if (table.select(AUTHORITY).length === 1) return ResultCode.LastManager;
  const condition = new Condition().eq(VALUE, user);
  if (table.select(AUTHORITY, condition).length === 0) return ResultCode.ManagerMissing;
  return table.remove(AUTHORITY, condition);
}

function getStatus({ args, context }: Invocation): Uint8Array {
  const status = contractStatus(context, contractTableName(args.address()));
  return encodeValues(int(ResultCode.Success), string(STATUS_TEXTS[status]));
}

function listManager({ args, context }: Invocation): Uint8Array {
  const tableName = contractTableName(args.address());
  const missing = missingCode(contractStatus(context, tableName));
  const rows = missing === undefined ? (context.tables.openTable(tableName)?.select(AUTHORITY) ?? []) : [];
  const managers = rows.map((row) => orFail(parseExactAddress(row.get(VALUE)), "a manager is no address"));
  return encodeValues(int(missing ?? ResultCode.Success), { type: "address[]", value: managers });
}

/** The contract of contract states. */
export const contractLifeCycle = new FixedContract(
  { number: 0x1007, since: V2_3_0 },
  {
    chargesInput: false,
    methods: {
      "freeze(address)": managing(freeze),
      "unfreeze(address)": managing(unfreeze),
      "grantManager(address,address)": managing(grantManager),
      "getStatus(address)": getStatus,
      "listManager(address)": listManager,
    },
    laterMethods: [{ since: V2_7_0, methods: { "revokeManager(address,address)": managing(revokeManager) } }],
  },
);
