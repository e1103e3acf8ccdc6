/** Tables without a contract: rows found by a key, each with named texts. */
import { parseAbi } from "viem";
import { PrecompiledContract, type Caller, type PrecompiledOutcome } from "./contract.js";

const FACTORY = parseAbi(["function createTable(string name, string key, string fields) returns (int256)"]);
const CRUD = parseAbi([
  "function desc(string name) view returns (string key, string fields)",
  "function insert(string name, string key, string entry, string optional) returns (int256)",
  "function update(string name, string key, string entry, string condition, string optional) returns (int256)",
  "function remove(string name, string key, string condition, string optional) returns (int256)",
  "function select(string name, string key, string condition, string optional) view returns (string)",
]);

/** A row, all its values texts. */
export type TableRow = Readonly<Record<string, string>>;

/** How a value is compared. Greater and less compare whole numbers. */
export type Comparison = "eq" | "ne" | "gt" | "ge" | "lt" | "le";

/** Which rows of a key are meant; without any condition, all. */
export interface RowFilter {
  /** By field: what its value must be compared with. */
  readonly where?: Readonly<Record<string, Readonly<Partial<Record<Comparison, string | number>>>>>;
  /** Skips `offset` rows and takes at most `count`. */
  readonly limit?: { readonly offset?: number; readonly count: number };
}

/** What a table is made of. */
export interface TableDescription {
  readonly name: string;
  /** The field that rows are found by. */
  readonly key: string;
  readonly fields: readonly string[];
}

/** Tables. */
export class TableService {
  readonly #factory: PrecompiledContract<typeof FACTORY>;
  readonly #rows: PrecompiledContract<typeof CRUD>;

  constructor(caller: Caller) {
    this.#factory = new PrecompiledContract(caller, 0x1001, FACTORY);
    this.#rows = new PrecompiledContract(caller, 0x1002, CRUD);
  }

  /** Makes a table. */
  async create({ name, key, fields }: TableDescription): Promise<PrecompiledOutcome> {
    return this.#factory.write("createTable", [name, key, fields.join(",")]);
  }

  /** What a table is made of; undefined when there is none of that name. */
  async describe(name: string): Promise<TableDescription | undefined> {
    const [key, fields] = await this.#rows.read("desc", [name]);
    return key === "" ? undefined : { name, key, fields: fields.split(",") };
  }

  /** Adds a row under a key. */
  async insert(name: string, key: string, row: TableRow): Promise<PrecompiledOutcome> {
    return this.#rows.write("insert", [name, key, JSON.stringify(row), ""]);
  }

  /** Rows of a key. */
  async select(name: string, key: string, filter: RowFilter = {}): Promise<readonly TableRow[]> {
    const text = await this.#rows.read("select", [name, key, conditionOf(filter), ""]);
    return JSON.parse(text) as readonly TableRow[];
  }

  /** Changes values in rows of a key; the code is how many. */
  async update(name: string, key: string, changes: TableRow, filter: RowFilter = {}): Promise<PrecompiledOutcome> {
    return this.#rows.write("update", [name, key, JSON.stringify(changes), conditionOf(filter), ""]);
  }

  /** Removes rows of a key; the code is how many. */
  async remove(name: string, key: string, filter: RowFilter = {}): Promise<PrecompiledOutcome> {
    return this.#rows.write("remove", [name, key, conditionOf(filter), ""]);
  }
}

function conditionOf({ where = {}, limit }: RowFilter): string {
  const conditions: Record<string, Readonly<Record<string, string>>> = Object.fromEntries(
    Object.entries(where).map(([field, comparisons]) => [
      field,
      Object.fromEntries(Object.entries(comparisons).map(([comparison, value]) => [comparison, String(value)])),
    ]),
  );
  if (limit !== undefined) {
    // A limit stands under a field's name too; which one does not matter, and a field may be called limit itself.
    conditions["limit"] = { ...conditions["limit"], limit: `${limit.offset ?? 0},${limit.count}` };
  }
  return JSON.stringify(conditions);
}
