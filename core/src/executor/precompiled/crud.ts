/** Contract 0x1002: reads and writes tables of users with JSON in place of objects. */
import type { ByteString } from "../../primitives/index.js";
import { EMPTY_BYTE_STRING, ascii } from "../../primitives/index.js";
import { V2_7_0 } from "../../protocol/index.js";
import type { Table } from "../../state/index.js";
import { Condition, Row, SYS_TABLES, isHashedColumn } from "../../state/index.js";
import { encodeValues, parseInt32, string } from "../abi/index.js";
import { compare } from "./condition-object.js";
import { FixedContract } from "./contract-class.js";
import type { Invocation } from "./dispatch.js";
import { checkLength, failGenerically, orFail } from "./failures.js";
import type { GasMeter } from "./gas.js";
import type { JsonNode } from "./json-reader.js";
import { readJson } from "./json-reader.js";
import { writeStyledRows } from "./json-writer.js";
import { systemTable } from "./permissions.js";
import { ResultCode } from "./result-codes.js";
import { encodeNumber } from "./results.js";
import { KEY_BYTES_MAX, userTableName } from "./table-names.js";
import { checkValues } from "./table-object.js";

/** Comparisons by the name they have in a condition text. */
const COMPARISONS = new Map([
  ["eq", "EQ"],
  ["ne", "NE"],
  ["gt", "GT"],
  ["ge", "GE"],
  ["lt", "LT"],
  ["le", "LE"],
] as const satisfies [string, string][]);

type ComparisonName = Parameters<(typeof COMPARISONS)["get"]>[0];

/** Members of an object in byte order; null counts as an empty object. */
function membersOf(node: JsonNode): [ByteString, JsonNode][] {
  if (node.type === "null") return [];
  if (node.type !== "object") failGenerically("the JSON value is no object");
  return [...node.members].sort(([a], [b]) => (a < b ? -1 : 1));
}

function textOf(node: JsonNode): ByteString {
  if (node.type === "null") return EMPTY_BYTE_STRING;
  return node.type === "scalar" ? node.text : failGenerically("the JSON value is no scalar");
}

/** The value of a JSON text, undefined when it is malformed. */
function parse(text: ByteString): JsonNode | undefined {
  const outcome = readJson(text);
  if (outcome.type === "too-deep") failGenerically("the JSON text is nested too deep");
  return outcome.type === "value" ? outcome.value : undefined;
}

function parseEntry(text: ByteString): Row | undefined {
  const node = parse(text);
  if (node === undefined) return undefined;
  return new Row(membersOf(node).map(([field, value]) => [field, textOf(value)]));
}

/** The condition in a JSON text, or the code that says why there is none. Operators are charged as they are read. */
function parseCondition(text: ByteString, gas: GasMeter): Condition | number {
  const node = parse(text);
  if (node === undefined) return ResultCode.ConditionUnparsable;
  const condition = new Condition();
  for (const [field, operators] of membersOf(node)) {
    if (!isHashedColumn(field)) continue;
    for (const [operator, operand] of membersOf(operators)) {
      const comparison = COMPARISONS.get(operator as string as ComparisonName);
      if (comparison !== undefined) {
        compare(condition, comparison, field, textOf(operand));
        gas.record(comparison);
      } else if (operator === "limit") {
        limit(condition, textOf(operand));
        gas.record("Limit");
      } else {
        return ResultCode.OperatorUndefined;
      }
    }
  }
  return condition;
}

/** A limit is written `offset,count`; what stands behind a second comma is not looked at. */
function limit(condition: Condition, text: ByteString): void {
  const [offset, count] = text.split(",", 2).map((part) => parseInt32(part as ByteString));
  condition.limit(orFail(offset, "the offset is no number"), orFail(count, "the count is no number"));
}

/** Opens a table of users and runs `use` on it; the opening is charged whether it succeeds or not. */
function withTable(
  { context, gas }: Invocation,
  name: ByteString,
  use: (table: Table) => number | Uint8Array,
): Uint8Array {
  const table = context.tables.openTable(name);
  gas.record("OpenTable");
  const result = table === undefined ? ResultCode.TableMissing : use(table);
  return typeof result === "number" ? encodeNumber(result) : result;
}

function insert(invocation: Invocation): Uint8Array {
  const { args, call, context, gas } = invocation;
  const name = userTableName(context.version, args.string());
  const key = args.string();
  checkLength(key, KEY_BYTES_MAX);
  return withTable(invocation, name, (table) => {
    const row = parseEntry(args.string());
    if (row === undefined) return ResultCode.EntryUnparsable;
    checkValues(row.cells.values());
    const count = table.insert(key, row, { origin: call.origin });
    if (count > 0) {
      gas.record("Insert", count);
      gas.raiseMemory(row.capacity() * count);
    }
    return count;
  });
}

function update(invocation: Invocation): Uint8Array {
  const { args, call, context, gas } = invocation;
  const name = userTableName(context.version, args.string());
  const key = args.string();
  return withTable(invocation, name, (table) => {
    const row = parseEntry(args.string());
    if (row === undefined) return ResultCode.EntryUnparsable;
    if (context.version >= V2_7_0 && row.has(table.info.keyField)) return ResultCode.KeyUpdateForbidden;
    const condition = parseCondition(args.string(), gas);
    if (typeof condition === "number") return condition;
    checkValues(row.cells.values());
    const count = table.update(key, row.cells, condition, { origin: call.origin });
    if (count > 0) {
      gas.raiseMemory(row.capacity() * count);
      gas.record("Update", count);
    }
    return count;
  });
}

function remove(invocation: Invocation): Uint8Array {
  const { args, call, context, gas } = invocation;
  const name = userTableName(context.version, args.string());
  const key = args.string();
  return withTable(invocation, name, (table) => {
    const condition = parseCondition(args.string(), gas);
    if (typeof condition === "number") return condition;
    const count = table.remove(key, condition, { origin: call.origin });
    if (count > 0) gas.record("Remove", count);
    return count;
  });
}

function select(invocation: Invocation): Uint8Array {
  const { args, context, gas } = invocation;
  const given = args.string();
  const name = given === SYS_TABLES ? given : userTableName(context.version, given);
  const key = args.string();
  return withTable(invocation, name, (table) => {
    const condition = parseCondition(args.string(), gas);
    if (typeof condition === "number") return condition;
    const rows = table.select(key, condition);
    gas.record("Select", rows.length);
    return encodeValues(string(writeStyledRows(rows.map((row) => row.cells))));
  });
}

function desc({ args, context, gas }: Invocation): Uint8Array {
  const name = userTableName(context.version, args.string());
  const rows = systemTable(context, SYS_TABLES).select(name);
  gas.record("OpenTable");
  gas.record("Select", rows.length);
  const field = (column: string): ByteString => rows[0]?.get(ascii(column)) ?? EMPTY_BYTE_STRING;
  return encodeValues(string(field("key_field")), string(field("value_field")));
}

/** The contract of tables by JSON. */
export const crud = new FixedContract(
  { number: 0x1002 },
  {
    chargesInput: true,
    methods: {
      "insert(string,string,string,string)": insert,
      "update(string,string,string,string,string)": update,
      "remove(string,string,string,string)": remove,
      "select(string,string,string,string)": select,
      "desc(string)": desc,
    },
    unknown: () => encodeNumber(ResultCode.UnknownFunction),
  },
);
