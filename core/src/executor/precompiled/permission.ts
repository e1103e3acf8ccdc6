/** Contract 0x1005: who may write which table. */
import type { Address, ByteString } from "../../primitives/index.js";
import { V2_3_0, V2_5_0, V2_6_0 } from "../../protocol/index.js";
import { Condition, Row, SYS_CNS, SYS_CONFIG, SYS_CONSENSUS, SYS_TABLES, SYS_TABLE_ACCESS } from "../../state/index.js";
import { decimal, encodeValues, string } from "../abi/index.js";
import { parseAddress, toLowerAscii } from "./address-text.js";
import { FixedContract } from "./contract-class.js";
import type { PrecompiledContext } from "./contract.js";
import type { Invocation } from "./dispatch.js";
import { writeFastJson } from "./json-writer.js";
import { ACCESS, hasPermission, isCommitteeMember, isManager, prefixed, systemTable } from "./permissions.js";
import { ResultCode } from "./result-codes.js";
import { encodeCode, encodeNumber, executedNumber } from "./results.js";
import { LEGACY_TABLE_NAME_BYTES_MAX, contractTableName, systemOrUserTableName } from "./table-names.js";

/** A row of the table of permissions that counts from the next block on. */
export function permissionRow(context: PrecompiledContext, tableName: ByteString, address: ByteString): Row {
  return new Row([
    [ACCESS.TableName, tableName],
    [ACCESS.Address, address],
    [ACCESS.EnableNumber, decimal(executedNumber(context))],
  ]);
}

/** Table name and address as the two text functions take them. */
function readPair({ args, context }: Invocation): { readonly table: ByteString; readonly address: ByteString } {
  const table = args.string();
  const address = args.string();
  return { table, address: context.version >= V2_5_0 ? toLowerAscii(address) : address };
}

function insert(invocation: Invocation): Uint8Array {
  const { context, call } = invocation;
  const { table: given, address } = readPair(invocation);
  const access = systemTable(context, SYS_TABLE_ACCESS);
  const result = (code: number): Uint8Array => encodeCode(context.version, code);
  if (context.version >= V2_5_0) {
    if (given === SYS_TABLE_ACCESS) return result(ResultCode.CommitteePermission);
    if ((given === SYS_TABLES || given === SYS_CNS) && isCommitteeMember(context, address)) {
      // 2.5 answered with the code of the opposite case.
      const isLater = context.version >= V2_6_0;
      return result(isLater ? ResultCode.MemberCannotBeOperator : ResultCode.OperatorCannotBeMember);
    }
  }
  const name = systemOrUserTableName(context.version, given);
  if (hasPermission(context, name, address)) return result(ResultCode.PermissionExists);
  if (name.length > LEGACY_TABLE_NAME_BYTES_MAX) return result(ResultCode.TableNameTooLong);
  if (parseAddress(address) === undefined) return result(ResultCode.AddressInvalid);
  return result(access.insert(name, permissionRow(context, name, address), { origin: call.origin }));
}

function remove(invocation: Invocation): Uint8Array {
  const { context, call } = invocation;
  const { table: given, address } = readPair(invocation);
  const access = systemTable(context, SYS_TABLE_ACCESS);
  const result = (code: number): Uint8Array => encodeCode(context.version, code);
  if (context.version >= V2_5_0 && given === SYS_TABLE_ACCESS) return result(ResultCode.CommitteePermission);
  const isCommitteeTable = given === SYS_CONSENSUS || given === SYS_CONFIG;
  if (context.version >= V2_6_0 && isCommitteeTable && isCommitteeMember(context, address)) {
    return result(ResultCode.NoPermission);
  }
  const name = systemOrUserTableName(context.version, given);
  if (!hasPermission(context, name, address)) return result(ResultCode.PermissionMissing);
  return result(access.remove(name, new Condition().eq(ACCESS.Address, address), { origin: call.origin }));
}

function query(context: PrecompiledContext, tableName: ByteString): Uint8Array {
  const rows = systemTable(context, SYS_TABLE_ACCESS).select(tableName);
  const list = rows.map((row) => ({
    table_name: tableName,
    address: row.get(ACCESS.Address),
    enable_num: row.get(ACCESS.EnableNumber),
  }));
  return encodeValues(string(writeFastJson(list)));
}

function queryByName({ args, context }: Invocation): Uint8Array {
  return query(context, systemOrUserTableName(context.version, args.string()));
}

/** What the write permission of a contract is checked against: its managers, from 2.5.0 on. */
function mayManage(context: PrecompiledContext, tableName: ByteString, origin: Address): boolean {
  return context.version < V2_5_0 || isManager(context, tableName, origin);
}

function grantWrite({ args, call, context }: Invocation): Uint8Array {
  const name = contractTableName(args.address());
  const user = prefixed(args.address());
  const access = systemTable(context, SYS_TABLE_ACCESS);
  const result = (code: number): Uint8Array => encodeCode(context.version, code);
  if (hasPermission(context, name, user)) return result(ResultCode.PermissionExists);
  if (context.tables.openTable(name) === undefined) return result(ResultCode.ContractMissing);
  if (!mayManage(context, name, call.origin)) return result(ResultCode.NoPermission);
  const options = context.version >= V2_6_0 ? {} : { origin: call.origin };
  return result(access.insert(name, permissionRow(context, name, user), options));
}

function revokeWrite({ args, call, context }: Invocation): Uint8Array {
  const name = contractTableName(args.address());
  const user = prefixed(args.address());
  const access = systemTable(context, SYS_TABLE_ACCESS);
  if (!hasPermission(context, name, user)) return encodeNumber(ResultCode.PermissionMissing);
  if (!mayManage(context, name, call.origin)) return encodeNumber(ResultCode.NoPermission);
  const options = context.version >= V2_6_0 ? {} : { origin: call.origin };
  return encodeNumber(access.remove(name, new Condition().eq(ACCESS.Address, user), options));
}

/** The contract of table permissions. */
export const permission = new FixedContract(
  { number: 0x1005 },
  {
    chargesInput: false,
    methods: {
      "insert(string,string)": insert,
      "remove(string,string)": remove,
      "queryByName(string)": queryByName,
    },
    laterMethods: [
      {
        since: V2_3_0,
        isZeroBefore: true,
        methods: {
          "grantWrite(address,address)": grantWrite,
          "revokeWrite(address,address)": revokeWrite,
          "queryPermission(address)": ({ args, context }) => query(context, contractTableName(args.address())),
        },
      },
    ],
  },
);
