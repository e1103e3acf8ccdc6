/** An opened table in the hands of a contract. */
import type { ByteString } from "../../primitives/index.js";
import { V2_3_0 } from "../../protocol/index.js";
import type { Table } from "../../state/index.js";
import { Row, capacityOf } from "../../state/index.js";
import { addressValue, encodeValues } from "../abi/index.js";
import { ConditionObject } from "./condition-object.js";
import type { PrecompiledCall, PrecompiledContext, PrecompiledResult, TemporaryObject } from "./contract.js";
import type { Invocation } from "./dispatch.js";
import { Dispatcher } from "./dispatch.js";
import { EntriesObject } from "./entries-object.js";
import { EntryObject } from "./entry-object.js";
import { checkLength } from "./failures.js";
import { checkCallerWritable } from "./permissions.js";
import { encodeNumber } from "./results.js";
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from "./table-names.js";

function add(context: PrecompiledContext, object: TemporaryObject): Uint8Array {
  return encodeValues(addressValue(context.temporary.add(object)));
}

/** Bytes of a list of rows. */
export function capacityOfAll(rows: readonly Row[]): number {
  return rows.reduce((bytes, row) => bytes + capacityOf(row), 0);
}

/** Fails when a value is longer than a cell may be. */
export function checkValues(values: Iterable<ByteString>): void {
  for (const value of values) checkLength(value, VALUE_BYTES_MAX);
}

function checkCaller({ context, call }: Invocation): void {
  if (context.version >= V2_3_0) checkCallerWritable(context, call);
}

function select(invocation: Invocation, table: Table): Uint8Array {
  const { args, context, gas } = invocation;
  const key = args.string();
  const rows = table.select(key, ConditionObject.conditionIn(invocation));
  gas.raiseMemory(capacityOfAll(rows));
  gas.record("Select", rows.length);
  return add(context, new EntriesObject(rows));
}

function insert(invocation: Invocation, table: Table): Uint8Array {
  checkCaller(invocation);
  const { args, call, gas } = invocation;
  const key = args.string();
  const row = EntryObject.rowIn(invocation);
  checkLength(key, KEY_BYTES_MAX);
  checkValues(row.cells.values());
  const count = table.insert(key, row, { origin: call.origin });
  if (count > 0) {
    gas.raiseMemory(row.capacity() * count);
    gas.record("Insert", count);
  }
  return encodeNumber(count);
}

function update(invocation: Invocation, table: Table): Uint8Array {
  checkCaller(invocation);
  const { args, call, gas } = invocation;
  const key = args.string();
  const row = EntryObject.rowIn(invocation);
  const condition = ConditionObject.conditionIn(invocation);
  checkValues(row.cells.values());
  const count = table.update(key, row.cells, condition, { origin: call.origin });
  if (count > 0) {
    gas.setMemory(row.capacity() * count);
    gas.record("Update", count);
  }
  return encodeNumber(count);
}

function remove(invocation: Invocation, table: Table): Uint8Array {
  checkCaller(invocation);
  const { args, call, gas } = invocation;
  const key = args.string();
  const count = table.remove(key, ConditionObject.conditionIn(invocation), { origin: call.origin });
  if (count > 0) gas.record("Remove", count);
  return encodeNumber(count);
}

/** The functions of a table. */
export const tableDispatcher = new Dispatcher<Table>({
  chargesInput: true,
  methods: {
    "select(string,address)": select,
    "insert(string,address)": insert,
    "update(string,address,address)": update,
    "remove(string,address)": remove,
    "newCondition()": ({ context }) => add(context, new ConditionObject()),
    "newEntry()": ({ context }) => add(context, new EntryObject(new Row())),
  },
});

/** The temporary object around a table. */
export class TableObject implements TemporaryObject {
  private readonly table: Table;

  constructor(table: Table) {
    this.table = table;
  }

  call(context: PrecompiledContext, call: PrecompiledCall): PrecompiledResult {
    return tableDispatcher.run(context, call, this.table);
  }
}
