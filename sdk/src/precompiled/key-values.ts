/** Tables with one row a key. */
import { parseAbi } from "viem";
import { PrecompiledContract, type Caller, type PrecompiledOutcome } from "./contract.js";
import { TableService, type TableDescription, type TableRow } from "./tables.js";

const FACTORY = parseAbi(["function createTable(string name, string key, string fields) returns (int256)"]);

/**
 * Key-value tables. Contracts read and write the same tables through `KVTableFactory`.
 *
 * Outside a contract, setting a new key is two transactions: two clients that set the same new key at the same moment
 * may leave two rows, of which the first is read.
 */
export class KeyValueService {
  readonly #factory: PrecompiledContract<typeof FACTORY>;
  readonly #tables: TableService;

  constructor(caller: Caller) {
    this.#factory = new PrecompiledContract(caller, 0x1010, FACTORY);
    this.#tables = new TableService(caller);
  }

  /** Makes a table. */
  async create({ name, key, fields }: TableDescription): Promise<PrecompiledOutcome> {
    return this.#factory.write("createTable", [name, key, fields.join(",")]);
  }

  /** The row of a key; undefined when there is none. */
  async get(name: string, key: string): Promise<TableRow | undefined> {
    const [row] = await this.#tables.select(name, key, { limit: { count: 1 } });
    return row;
  }

  /** Sets values of a key. */
  async set(name: string, key: string, row: TableRow): Promise<PrecompiledOutcome> {
    const updated = await this.#tables.update(name, key, row);
    return updated.code > 0 ? updated : this.#tables.insert(name, key, row);
  }
}
