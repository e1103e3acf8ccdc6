/** Runs statements on the tables of a chain, and says in fixed words what they did. */
import { CodedError, err, ok, utf8ToBytes, type Result } from "@tsbcos/core/primitives";
import {
  PrecompiledError,
  precompiledText,
  RpcError,
  statusText,
  TransactionFailedError,
  type RowFilter,
  type TableDescription,
  type TableRow,
  type TableService,
} from "@tsbcos/sdk";
import { parseStatement } from "./parser.js";
import type { SqlFailure, SqlOutcome, Statement, Term } from "./types.js";

type Outcome = Result<SqlOutcome, SqlFailure>;
type Of<T extends Statement["type"]> = Extract<Statement, { type: T }>;

/** What statements need of a chain: {@link TableService}. */
export type Tables = Pick<TableService, "create" | "describe" | "insert" | "select" | "update" | "remove">;

/** Bounds of the chain, in bytes, and the codes that say they are passed. */
const BOUNDS = { table: 48, field: 64, fields: 1024, key: 255, value: 16 * 1024 * 1024 - 1 } as const;
const CODES = { table: -50002, field: -50003, fields: -50004, key: -50005, value: -50006 } as const;
const DUPLICATED = -50007;
const NO_TABLE = -50100;

/** Understands a statement and runs it. */
export async function runStatement(tables: Tables, text: string): Promise<Outcome> {
  const parsed = parseStatement(text);
  if (!parsed.ok) return parsed;
  const statement = parsed.value;
  try {
    return await run(tables, statement);
  } catch (error) {
    return failedCall(statement.type, error);
  }
}

async function run(tables: Tables, statement: Statement): Promise<Outcome> {
  if (statement.type === "create") return create(tables, statement);
  const table = await tables.describe(statement.table);
  if (table === undefined) return refused(statement.type, NO_TABLE);
  switch (statement.type) {
    case "insert":
      return insert(tables, table, statement);
    case "select":
      return select(tables, table, statement);
    case "update":
      return update(tables, table, statement);
    case "delete":
      return remove(tables, table, statement);
    case "desc": {
      const value = { key: [table.key], valueFields: [table.fields.join(",")] };
      return ok({ text: JSON.stringify(value), value });
    }
  }
}

async function create(tables: Tables, { table, columns, key }: Of<"create">): Promise<Outcome> {
  const fields = columns.filter((column) => column !== key);
  if (columns.some((column, index) => columns.indexOf(column) !== index)) return refused("create", DUPLICATED);
  const passed = passedBound([
    ["table", table],
    ...columns.map((column) => ["field", column] as const),
    ["fields", fields.join(",")],
  ]);
  if (passed !== undefined) return refused("create", passed);
  const bad = columns.find((column) => column.includes(","));
  if (bad !== undefined) return refuse(`A column's name has no comma: ${bad}`);
  if (fields.length === 0) return refuse("A table needs a column besides its primary key.");
  const { code } = await tables.create({ name: table, key, fields });
  return ok({ text: `Create '${table}' Ok.`, value: { code } });
}

async function insert(tables: Tables, table: TableDescription, statement: Of<"insert">): Promise<Outcome> {
  const columns = statement.columns ?? columnsOf(table);
  const { values } = statement;
  if (columns.length !== values.length) {
    return refuse(`${table.name} has ${columns.length} columns (${columns.join(", ")}), not ${values.length}.`);
  }
  const unknown = unknownColumn(table, columns);
  if (unknown !== undefined) return unknown;
  const key = values[columns.indexOf(table.key)];
  if (key === undefined) return refuse(`A row needs a value of the primary key ${table.key}.`);
  const cells = columns.map((column, index): [string, string] => [column, values[index] ?? ""]);
  const passed = passedBound([["key", key], ...values.map((value) => ["value", value] as const)]);
  if (passed !== undefined) return refused("insert", passed);
  const row: TableRow = Object.fromEntries(cells.filter(([column]) => column !== table.key));
  const { code } = await tables.insert(table.name, key, row);
  return ok({ text: `Insert OK:\n${code} row affected.`, value: { code } });
}

async function select(tables: Tables, table: TableDescription, statement: Of<"select">): Promise<Outcome> {
  const columns = statement.columns ?? columnsOf(table);
  const unknown = unknownColumn(table, columns);
  if (unknown !== undefined) return unknown;
  const meant = meantRows(table, statement);
  if (!meant.ok) return meant;
  const found = await tables.select(table.name, meant.value.key, meant.value.filter);
  const rows: TableRow[] = found.map((row) => Object.fromEntries(columns.map((column) => [column, row[column] ?? ""])));
  const lines = rows.map((row) => `{${columns.map((column) => `${column}=${row[column] ?? ""}`).join(", ")}}`);
  const count = rows.length === 0 ? "Empty set." : `${rows.length} ${rows.length === 1 ? "row" : "rows"} in set.`;
  return ok({ text: [...lines, count].join("\n"), value: rows });
}

async function update(tables: Tables, table: TableDescription, statement: Of<"update">): Promise<Outcome> {
  const { changes } = statement;
  if (Object.hasOwn(changes, table.key)) return refuse(`The primary key ${table.key} cannot be changed.`);
  const unknown = unknownColumn(table, Object.keys(changes));
  if (unknown !== undefined) return unknown;
  const passed = passedBound(Object.values(changes).map((value) => ["value", value] as const));
  if (passed !== undefined) return refused("update", passed);
  const meant = meantRows(table, statement);
  if (!meant.ok) return meant;
  const { code } = await tables.update(table.name, meant.value.key, changes, meant.value.filter);
  return ok({ text: `${code} row affected.`, value: { code } });
}

async function remove(tables: Tables, table: TableDescription, statement: Of<"delete">): Promise<Outcome> {
  const meant = meantRows(table, statement);
  if (!meant.ok) return meant;
  const { code } = await tables.remove(table.name, meant.value.key, meant.value.filter);
  return ok({ text: `Remove OK, ${code} row affected.`, value: { code } });
}

const columnsOf = ({ key, fields }: TableDescription): readonly string[] => [key, ...fields];

function unknownColumn(table: TableDescription, columns: readonly string[]): Result<never, SqlFailure> | undefined {
  const known = columnsOf(table);
  const unknown = columns.find((column) => !known.includes(column));
  return unknown === undefined
    ? undefined
    : refuse(`${table.name} has no column ${unknown}, only ${known.join(", ")}.`);
}

/** The key and the other conditions in a `where`. */
function meantRows(
  table: TableDescription,
  { where, limit }: { readonly where: readonly Term[]; readonly limit: Of<"select">["limit"] },
): Result<{ readonly key: string; readonly filter: RowFilter }, SqlFailure> {
  const unknown = unknownColumn(
    table,
    where.map(({ column }) => column),
  );
  if (unknown !== undefined) return unknown;
  const keys = where.filter(({ column, comparison }) => column === table.key && comparison === "eq");
  const [key] = keys;
  if (key === undefined || keys.length > 1) {
    return refuse(`The where clause has to say once which key is meant: ${table.key} = ...`);
  }
  const conditions = new Map<string, Map<string, string>>();
  for (const { column, comparison, value } of where.filter((term) => term !== key)) {
    if (comparison !== "eq" && comparison !== "ne" && !/^[+-]?\d+$/.test(value)) {
      return refuse(
        `Greater and less compare whole numbers: ${column} cannot be compared with ${JSON.stringify(value)}.`,
      );
    }
    const comparisons = conditions.get(column) ?? new Map<string, string>();
    // The chain reads conditions as a JSON object, in which a name stands once.
    if (comparisons.has(comparison)) return refuse(`${column} is compared twice in the same way.`);
    conditions.set(column, comparisons.set(comparison, value));
  }
  const terms = Object.fromEntries([...conditions].map(([column, terms_]) => [column, Object.fromEntries(terms_)]));
  return ok({ key: key.value, filter: { where: terms, ...(limit === undefined ? {} : { limit }) } });
}

/** The code for the first text that is too long. */
function passedBound(texts: readonly (readonly [keyof typeof BOUNDS, string])[]): number | undefined {
  const passed = texts.find(([kind, text]) => utf8ToBytes(text).length > BOUNDS[kind]);
  return passed === undefined ? undefined : CODES[passed[0]];
}

function refuse(message: string): Result<never, SqlFailure> {
  return err({ code: "bad-statement", message });
}

function refused(command: Statement["type"], code: number): Result<never, SqlFailure> {
  return failed(command, code, precompiledText(code));
}

function failed(command: Statement["type"], code: number | string, message: string): Result<never, SqlFailure> {
  return err({ code: "failed", message: `call ${command} failed!\n* code: ${code}\n* message: ${message}` });
}

function failedCall(command: Statement["type"], error: unknown): Result<never, SqlFailure> {
  if (error instanceof PrecompiledError) return refused(command, error.returnCode);
  if (error instanceof TransactionFailedError) {
    return failed(command, error.status, error.reason ?? statusText(error.status));
  }
  if (error instanceof RpcError) return failed(command, error.rpcCode, error.rpcMessage);
  if (error instanceof CodedError) return failed(command, error.code, error.message);
  return failed(command, "unexpected", error instanceof Error ? error.message : String(error));
}
