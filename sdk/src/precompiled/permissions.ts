/** Who may write what. */
import { parseAbi } from "viem";
import { parseAddress } from "../hex.js";
import { PrecompiledContract, type Caller, type PrecompiledOutcome } from "./contract.js";

const ABI = parseAbi([
  "function insert(string table, string addr) returns (int256)",
  "function remove(string table, string addr) returns (int256)",
  "function queryByName(string table) view returns (string)",
  "function grantWrite(address contractAddress, address user) returns (int256)",
  "function revokeWrite(address contractAddress, address user) returns (int256)",
  "function queryPermission(address contractAddress) view returns (string)",
]);

/** Tables of the chain itself, by what writing them means. */
export const SYSTEM_TABLES = {
  /** Deploying contracts and creating tables. */
  deployAndCreate: "_sys_tables_",
  /** Sealers and observers. */
  nodes: "_sys_consensus_",
  /** Names of contracts. */
  cns: "_sys_cns_",
  /** The system configuration. */
  config: "_sys_config_",
} as const;

/** A right that was given. */
export interface Permission {
  readonly address: string;
  /** First block for which it counts, decimal. */
  readonly enable_num: string;
}

/** Writers of tables and of contracts. A table without any may be written by everybody. */
export class PermissionService {
  readonly #contract: PrecompiledContract<typeof ABI>;

  constructor(caller: Caller) {
    this.#contract = new PrecompiledContract(caller, 0x1005, ABI);
  }

  /** Lets an account write a table: a user's, or one of {@link SYSTEM_TABLES}. */
  async grant(table: string, account: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("insert", [table, parseAddress(account)]);
  }

  /** Takes that back. */
  async revoke(table: string, account: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("remove", [table, parseAddress(account)]);
  }

  /** Who may write a table; empty means everybody. */
  async list(table: string): Promise<readonly Permission[]> {
    return JSON.parse(await this.#contract.read("queryByName", [table])) as readonly Permission[];
  }

  /** Lets an account call functions of a contract that change something. */
  async grantWrite(contract: string, account: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("grantWrite", [parseAddress(contract), parseAddress(account)]);
  }

  /** Takes that back. */
  async revokeWrite(contract: string, account: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("revokeWrite", [parseAddress(contract), parseAddress(account)]);
  }

  /** Who may change a contract; empty means everybody. */
  async listWriters(contract: string): Promise<readonly Permission[]> {
    return JSON.parse(await this.#contract.read("queryPermission", [parseAddress(contract)])) as readonly Permission[];
  }
}
