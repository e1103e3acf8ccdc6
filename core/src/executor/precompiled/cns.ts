/** Contract 0x1004: names and versions of contracts. */
import type { ByteString } from "../../primitives/index.js";
import { ZERO_ADDRESS, ascii } from "../../primitives/index.js";
import { V2_2_0, V2_7_0 } from "../../protocol/index.js";
import type { Table } from "../../state/index.js";
import { Condition, Row, SYS_CNS } from "../../state/index.js";
import { addressValue, encodeValues, string } from "../abi/index.js";
import { parseAddress } from "./address-text.js";
import { FixedContract } from "./contract-class.js";
import type { PrecompiledContext } from "./contract.js";
import type { Invocation } from "./dispatch.js";
import { checkLength, orFail, rowAt } from "./failures.js";
import type { JsonOutput } from "./json-writer.js";
import { writeFastJson } from "./json-writer.js";
import { systemTable } from "./permissions.js";
import { ResultCode } from "./result-codes.js";
import { encodeCode } from "./results.js";
import { VALUE_BYTES_MAX, contractTableName } from "./table-names.js";

const NAME = ascii("name");
const VERSION = ascii("version");
const ADDRESS = ascii("address");
const ABI = ascii("abi");

const VERSION_BYTES_MAX = 128;
const NAME_BYTES_MAX = 128;

interface Registration {
  readonly name: ByteString;
  readonly version: ByteString;
  readonly address: ByteString;
  readonly abi: ByteString;
}

function open({ context, gas }: Invocation): Table {
  const table = systemTable(context, SYS_CNS);
  gas.record("OpenTable");
  return table;
}

/** False when the address text is unusable. Any other address will do, also of no contract. */
function isUsable(context: PrecompiledContext, { name, address, abi }: Registration): boolean {
  const contract = context.version >= V2_2_0 ? parseAddress(address) : ZERO_ADDRESS;
  if (contract === undefined) return false;
  // Its status is only looked at for a log line, but looking opens the table, which old versions show in the hash.
  context.tables.openTable(contractTableName(contract));
  if (context.version >= V2_7_0) {
    checkLength(name, NAME_BYTES_MAX);
    checkLength(abi, VALUE_BYTES_MAX);
  }
  return true;
}

function insert(invocation: Invocation): Uint8Array {
  const { args, call, context, gas } = invocation;
  const given = { name: args.string(), version: args.string(), address: args.string(), abi: args.string() };
  const table = open(invocation);
  const usable = isUsable(context, given);
  const named = table.select(given.name);
  gas.record("Select", named.length);
  const result = (code: number): Uint8Array => encodeCode(context.version, code);
  if (given.version.length > VERSION_BYTES_MAX) return result(ResultCode.CnsVersionTooLong);
  if (named.some((row) => row.get(VERSION) === given.version)) return result(ResultCode.CnsVersionExists);
  if (!usable) return result(ResultCode.AddressInvalid);
  const row = new Row([
    [NAME, given.name],
    [VERSION, given.version],
    [ADDRESS, given.address],
    [ABI, given.abi],
  ]);
  const count = table.insert(given.name, row, { origin: call.origin });
  if (count > 0) {
    // The number of columns, where other contracts note their bytes.
    gas.raiseMemory(row.cells.size * count);
    gas.record("Insert", count);
  }
  return result(count);
}

function describe(name: ByteString, rows: readonly Row[]): Uint8Array {
  const list: JsonOutput = rows.map((row) => ({
    name,
    version: row.get(VERSION),
    address: row.get(ADDRESS),
    abi: row.get(ABI),
  }));
  return encodeValues(string(writeFastJson(list)));
}

function selectByName(invocation: Invocation): Uint8Array {
  const name = invocation.args.string();
  const rows = open(invocation).select(name);
  invocation.gas.record("Set", rows.length);
  return describe(name, rows);
}

function selectVersion(invocation: Invocation, name: ByteString): readonly Row[] {
  const condition = new Condition().eq(VERSION, invocation.args.string());
  const rows = open(invocation).select(name, condition);
  invocation.gas.record("Select", rows.length);
  return rows;
}

function selectByNameAndVersion(invocation: Invocation): Uint8Array {
  const name = invocation.args.string();
  const rows = selectVersion(invocation, name);
  invocation.gas.record("EQ");
  return describe(name, rows.slice(0, 1));
}

function getContractAddress(invocation: Invocation): Uint8Array {
  const row = rowAt(selectVersion(invocation, invocation.args.string()), 0);
  return encodeValues(addressValue(orFail(parseAddress(row.get(ADDRESS)), "the row holds no address")));
}

/** The contract of names. */
export const cns = new FixedContract(
  { number: 0x1004 },
  {
    chargesInput: true,
    methods: {
      "insert(string,string,string,string)": insert,
      "selectByName(string)": selectByName,
      "selectByNameAndVersion(string,string)": selectByNameAndVersion,
      "getContractAddress(string,string)": getContractAddress,
    },
  },
);
