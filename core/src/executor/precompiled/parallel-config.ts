/**
 * Contract 0x1006: where contracts say which of their calls conflict. Transactions are executed one after the other
 * here, so the entries are only stored; they must be, because they are part of the state.
 */
import type { Address, ByteString } from "../../primitives/index.js";
import { ascii, bigIntToBytes, bytesToByteString } from "../../primitives/index.js";
import { V2_0_0_RC3, V2_2_0 } from "../../protocol/index.js";
import type { Table } from "../../state/index.js";
import { Condition, Row } from "../../state/index.js";
import { decimal, selectorOf } from "../abi/index.js";
import { FixedContract } from "./contract-class.js";
import type { PrecompiledContext } from "./contract.js";
import type { Invocation } from "./dispatch.js";
import { orFail } from "./failures.js";
import { ResultCode } from "./result-codes.js";
import { encodeNumber } from "./results.js";

const KEY = ascii("parallel");
const SELECTOR = ascii("selector");
const FUNCTION_NAME = ascii("functionName");
const CRITICAL_SIZE = ascii("criticalSize");
const COLUMNS = ascii("selector,functionName,criticalSize");

function tableName(context: PrecompiledContext, contract: Address): ByteString {
  return ascii(context.version < V2_2_0 ? `_contract_parafunc_${contract}_` : `cp_${contract}`);
}

/** Opens the table of a contract, as far as there is one. It never has a writer list. */
export function openDeclaredConflicts(context: PrecompiledContext, contract: Address): Table | undefined {
  return context.tables.openTable(tableName(context, contract), { authority: false });
}

/** The table of a contract, made when it is missing. */
function openOrCreate(context: PrecompiledContext, contract: Address): Table {
  const table = openDeclaredConflicts(context, contract);
  if (table !== undefined) return table;
  context.tables.createTable(tableName(context, contract), KEY, COLUMNS);
  return orFail(openDeclaredConflicts(context, contract), "the table was just created");
}

function selectorText(context: PrecompiledContext, functionName: ByteString): ByteString {
  return decimal(selectorOf(context.suite, functionName));
}

function register({ args, context }: Invocation): Uint8Array {
  const contract = args.address();
  const functionName = args.string();
  const criticalSize = args.uint();
  const selector = selectorText(context, functionName);
  const table = openOrCreate(context, contract);
  const isReleased = context.version > V2_0_0_RC3;
  const row = new Row([
    [SELECTOR, selector],
    [FUNCTION_NAME, functionName],
    [CRITICAL_SIZE, isReleased ? decimal(criticalSize) : bytesToByteString(bigIntToBytes(criticalSize, 32))],
  ]);
  const condition = new Condition().eq(SELECTOR, selector);
  if (table.select(KEY, condition).length === 0) table.insert(KEY, row);
  else table.update(KEY, row.cells, condition);
  return encodeNumber(ResultCode.Success);
}

function unregister({ args, context }: Invocation): Uint8Array {
  const contract = args.address();
  const selector = selectorText(context, args.string());
  openOrCreate(context, contract).remove(KEY, new Condition().eq(SELECTOR, selector));
  return encodeNumber(ResultCode.Success);
}

/** The contract of declared conflicts. */
export const parallelConfig = new FixedContract(
  { number: 0x1006 },
  {
    chargesInput: false,
    methods: {
      "registerParallelFunctionInternal(address,string,uint256)": register,
      "unregisterParallelFunctionInternal(address,string)": unregister,
    },
  },
);
