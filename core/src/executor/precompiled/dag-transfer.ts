/** Contract 0x5002: balances by user name, for measuring how fast a chain is. */
import type { ByteString } from "../../primitives/index.js";
import { EMPTY_BYTE_STRING, ascii } from "../../primitives/index.js";
import { V2_2_0 } from "../../protocol/index.js";
import type { Table } from "../../state/index.js";
import { NO_PERMISSION, Row } from "../../state/index.js";
import { decimal, encodeValues, int, parseBigNumber } from "../abi/index.js";
import { FixedContract } from "./contract-class.js";
import type { PrecompiledCall, PrecompiledContext } from "./contract.js";
import type { Invocation, Method } from "./dispatch.js";
import { orFail } from "./failures.js";
import { ResultCode } from "./result-codes.js";
import { encodeNumber } from "./results.js";
import { userTableName } from "./table-names.js";

const NAME = ascii("user_name");
const BALANCE = ascii("user_balance");
const UINT256_MAX = (1n << 256n) - 1n;

/** The table, made by the first call that needs it, without permission check. */
function openOrCreate(context: PrecompiledContext): Table {
  const isLegacy = context.version < V2_2_0;
  const name = isLegacy ? ascii("_dag_transfer_") : userTableName(context.version, ascii("dag_transfer"));
  const table = context.tables.openTable(name);
  if (table !== undefined) return table;
  context.tables.createTable(name, NAME, BALANCE);
  return orFail(context.tables.openTable(name), "the table was just created");
}

/** Balance of a user; undefined without one. Users of the table factory may have put other text into the cell. */
function balanceOf(table: Table, user: ByteString): bigint | undefined {
  const row = table.peek(user);
  if (row === undefined) return undefined;
  const text = row.cells.get(BALANCE) ?? EMPTY_BYTE_STRING;
  return BigInt.asUintN(256, orFail(parseBigNumber(text), "the balance is no number"));
}

/** Writes one balance; the result is a code. */
function write(
  { origin }: PrecompiledCall,
  table: Table,
  change: { readonly user: ByteString; readonly balance: bigint; readonly isNew: boolean },
): number {
  const cells = new Map([
    [NAME, change.user],
    [BALANCE, decimal(change.balance)],
  ]);
  const count = change.isNew
    ? table.insert(change.user, new Row(cells), { origin })
    : table.update(change.user, cells, undefined, { origin });
  return count === NO_PERMISSION ? ResultCode.NoPermission : ResultCode.Success;
}

/** A function of a user and an amount that gives a code. */
function ofUser(
  zeroAllowed: boolean,
  run: (invocation: Invocation, table: Table, user: ByteString, amount: bigint) => number,
): Method {
  return (invocation) => {
    const user = invocation.args.string();
    const amount = invocation.args.uint();
    if (user.length === 0) return encodeNumber(ResultCode.UserNameInvalid);
    if (amount === 0n && !zeroAllowed) return encodeNumber(ResultCode.AmountInvalid);
    return encodeNumber(run(invocation, openOrCreate(invocation.context), user, amount));
  };
}

function userAdd({ call }: Invocation, table: Table, user: ByteString, amount: bigint): number {
  if (table.peek(user) !== undefined) return ResultCode.UserExists;
  return write(call, table, { user, balance: amount, isNew: true });
}

function userSave({ call }: Invocation, table: Table, user: ByteString, amount: bigint): number {
  const balance = balanceOf(table, user);
  if (balance === undefined) return write(call, table, { user, balance: amount, isNew: true });
  if (balance + amount > UINT256_MAX) return ResultCode.BalanceOverflow;
  return write(call, table, { user, balance: balance + amount, isNew: false });
}

function userDraw({ call }: Invocation, table: Table, user: ByteString, amount: bigint): number {
  const balance = balanceOf(table, user);
  if (balance === undefined) return ResultCode.UserMissing;
  if (balance < amount) return ResultCode.BalanceInsufficient;
  return write(call, table, { user, balance: balance - amount, isNew: false });
}

function userTransfer({ args, call, context }: Invocation): Uint8Array {
  const from = args.string();
  const to = args.string();
  const amount = args.uint();
  if (from.length === 0 || to.length === 0) return encodeNumber(ResultCode.UserNameInvalid);
  if (amount === 0n) return encodeNumber(ResultCode.AmountInvalid);
  if (from === to) return encodeNumber(ResultCode.Success);
  return encodeNumber(transfer(call, openOrCreate(context), { from, to, amount }));
}

function transfer(
  call: PrecompiledCall,
  table: Table,
  { from, to, amount }: { readonly from: ByteString; readonly to: ByteString; readonly amount: bigint },
): number {
  const fromBalance = balanceOf(table, from);
  if (fromBalance === undefined) return ResultCode.UserMissing;
  if (fromBalance < amount) return ResultCode.BalanceInsufficient;
  const toBalance = balanceOf(table, to);
  if (toBalance === undefined) {
    const code = write(call, table, { user: to, balance: 0n, isNew: true });
    if (code !== ResultCode.Success) return code;
  }
  const received = (toBalance ?? 0n) + amount;
  // The recipient that was just added stays, although nothing is transferred.
  if (received > UINT256_MAX) return ResultCode.BalanceOverflow;
  const code = write(call, table, { user: from, balance: fromBalance - amount, isNew: false });
  if (code !== ResultCode.Success) return code;
  return write(call, table, { user: to, balance: received, isNew: false });
}

function userBalance({ args, context }: Invocation): Uint8Array {
  const user = args.string();
  const answer = (code: number, balance: bigint): Uint8Array => encodeValues(int(code), int(balance));
  if (user.length === 0) return answer(ResultCode.UserNameInvalid, 0n);
  const balance = balanceOf(openOrCreate(context), user);
  return balance === undefined ? answer(ResultCode.UserMissing, 0n) : answer(ResultCode.Success, balance);
}

/** The contract of balances. */
export const dagTransfer = new FixedContract(
  { number: 0x5002 },
  {
    chargesInput: false,
    methods: {
      "userAdd(string,uint256)": ofUser(true, userAdd),
      "userSave(string,uint256)": ofUser(false, userSave),
      "userDraw(string,uint256)": ofUser(false, userDraw),
      "userTransfer(string,string,uint256)": userTransfer,
      "userBalance(string)": userBalance,
    },
  },
);
