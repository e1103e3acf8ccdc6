/** An opened key-value table in the hands of a contract: one row a key, by intention. */
import { ZERO_ADDRESS } from "../../primitives/index.js";
import type { Table } from "../../state/index.js";
import { NO_PERMISSION, Row } from "../../state/index.js";
import { addressValue, bool, encodeValues } from "../abi/index.js";
import type { PrecompiledCall, PrecompiledContext, PrecompiledResult, TemporaryObject } from "./contract.js";
import type { Invocation } from "./dispatch.js";
import { Dispatcher } from "./dispatch.js";
import { EntryObject } from "./entry-object.js";
import { fail, tooLong } from "./failures.js";
import { checkCallerWritable } from "./permissions.js";
import { encodeNumber } from "./results.js";
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from "./table-names.js";
import { capacityOfAll } from "./table-object.js";

function get({ args, context, gas }: Invocation, table: Table): Uint8Array {
  const rows = table.select(args.string());
  gas.raiseMemory(capacityOfAll(rows));
  gas.record("Select", rows.length);
  const [row] = rows;
  if (row === undefined) return encodeValues(bool(false), addressValue(ZERO_ADDRESS));
  return encodeValues(bool(true), addressValue(context.temporary.add(new EntryObject(row))));
}

function set(invocation: Invocation, table: Table): Uint8Array {
  const { args, call, context, gas } = invocation;
  checkCallerWritable(context, call);
  const key = args.string();
  const row = EntryObject.rowIn(invocation);
  if (key.length > KEY_BYTES_MAX) fail(tooLong(KEY_BYTES_MAX));
  for (const value of row.cells.values()) if (value.length > VALUE_BYTES_MAX) fail(tooLong(VALUE_BYTES_MAX));
  const rows = table.select(key);
  gas.raiseMemory(capacityOfAll(rows));
  gas.record("Select", rows.length);
  const isNew = rows.length === 0;
  const options = { origin: call.origin };
  const count = isNew ? table.insert(key, row, options) : table.update(key, row.cells, undefined, options);
  if (count === NO_PERMISSION) fail(`Permission denied. ${call.origin} can't write ${table.info.name}`);
  if (count > 0) {
    gas.setMemory(row.capacity() * count);
    gas.record(isNew ? "Insert" : "Update", count);
  }
  return encodeNumber(count);
}

/** The functions of a key-value table. */
export const kvTableDispatcher = new Dispatcher<Table>({
  chargesInput: true,
  methods: {
    "get(string)": get,
    "set(string,address)": set,
    "newEntry()": ({ context }) => encodeValues(addressValue(context.temporary.add(new EntryObject(new Row())))),
  },
});

/** The temporary object around a key-value table. */
export class KvTableObject implements TemporaryObject {
  private readonly table: Table;

  constructor(table: Table) {
    this.table = table;
  }

  call(context: PrecompiledContext, call: PrecompiledCall): PrecompiledResult {
    return kvTableDispatcher.run(context, call, this.table);
  }
}
