/** A row in the hands of a contract: made by `newEntry()`, or found by a select and then live. */
import type { ByteString } from "../../primitives/index.js";
import { EMPTY_BYTES, ascii, byteStringToBytes } from "../../primitives/index.js";
import { V2_0_0_RC2 } from "../../protocol/index.js";
import type { Row } from "../../state/index.js";
import { addressValue, decimal, encodeValues, int, parseCellNumber, string } from "../abi/index.js";
import { parseAddress } from "./address-text.js";
import type { PrecompiledCall, PrecompiledContext, PrecompiledResult, TemporaryObject } from "./contract.js";
import type { Invocation, Method } from "./dispatch.js";
import { Dispatcher } from "./dispatch.js";
import { failGenerically, orFail } from "./failures.js";
import type { Operation } from "./gas.js";

/** The numbers of cells that are read. The operation is charged after the value has been understood. */
function getNumber({ args, gas }: Invocation, row: Row): Uint8Array {
  const value = orFail(parseCellNumber(row.get(args.string())), "the field holds no number");
  gas.record("GetInt");
  return encodeValues(int(value));
}

function getAddress({ args, gas }: Invocation, row: Row): Uint8Array {
  const value = orFail(parseAddress(row.get(args.string())), "the field holds no address");
  gas.record("GetAddress");
  return encodeValues(addressValue(value));
}

function getBytes(operation: Operation, length: number): Method<Row> {
  return ({ args, gas }, row) => {
    const bytes = new Uint8Array(length);
    bytes.set(byteStringToBytes(row.get(args.string())).subarray(0, length));
    gas.record(operation);
    return bytes;
  };
}

function getString({ args, gas }: Invocation, row: Row): Uint8Array {
  const value = row.get(args.string());
  gas.record("GetString");
  return encodeValues(string(value));
}

function setter(read: (invocation: Invocation) => ByteString): Method<Row> {
  return (invocation, row) => {
    const field = invocation.args.string();
    row.set(field, read(invocation));
    invocation.gas.record("Set");
    return EMPTY_BYTES;
  };
}

/** The functions of an entry. */
export const entryDispatcher = new Dispatcher<Row>({
  chargesInput: true,
  methods: {
    "getInt(string)": getNumber,
    "getUInt(string)": getNumber,
    "getAddress(string)": getAddress,
    "getBytes64(string)": getBytes("GetByte64", 64),
    "getBytes32(string)": getBytes("GetByte32", 32),
    "getString(string)": getString,
    "set(string,int256)": setter(({ args, context }) =>
      decimal(context.version <= V2_0_0_RC2 ? args.uint() : args.int()),
    ),
    "set(string,uint256)": setter(({ args }) => decimal(args.uint())),
    "set(string,address)": setter(({ args }) => ascii(args.address())),
    "set(string,string)": setter(({ args }) => args.string()),
  },
});

/** The temporary object around a row. Two objects may hold the same row. */
export class EntryObject implements TemporaryObject {
  readonly row: Row;

  constructor(row: Row) {
    this.row = row;
  }

  call(context: PrecompiledContext, call: PrecompiledCall): PrecompiledResult {
    return entryDispatcher.run(context, call, this.row);
  }

  /** The row of the entry at the address that the next argument names. */
  static rowIn({ args, context }: Invocation): Row {
    const object = context.temporary.find(args.address());
    return object instanceof EntryObject ? object.row : failGenerically("the address is no entry");
  }
}
