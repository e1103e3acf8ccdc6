/** Names for contracts. */
import { parseAbi } from "viem";
import { parseAddress, type Hex } from "../hex.js";
import { PrecompiledContract, type Caller, type PrecompiledOutcome } from "./contract.js";

const ABI = parseAbi([
  "function insert(string name, string version, string addr, string abi) returns (int256)",
  "function selectByName(string name) view returns (string)",
  "function selectByNameAndVersion(string name, string version) view returns (string)",
]);

/** A named contract. */
export interface CnsEntry {
  readonly name: string;
  readonly version: string;
  /** As it was registered. */
  readonly address: string;
  /** JSON text. */
  readonly abi: string;
}

/** The contract name service. */
export class CnsService {
  readonly #contract: PrecompiledContract<typeof ABI>;

  constructor(caller: Caller) {
    this.#contract = new PrecompiledContract(caller, 0x1004, ABI);
  }

  /** Names a contract; a name with its version can be given once. */
  async register(entry: {
    readonly name: string;
    readonly version: string;
    readonly address: string;
    /** An ABI or its JSON text. */
    readonly abi: string | readonly unknown[];
  }): Promise<PrecompiledOutcome> {
    const abi = typeof entry.abi === "string" ? entry.abi : JSON.stringify(entry.abi);
    return this.#contract.write("insert", [entry.name, entry.version, parseAddress(entry.address), abi]);
  }

  /** Everything of that name, or of that name and version, in the order of registration. */
  async find(name: string, version?: string): Promise<readonly CnsEntry[]> {
    const text =
      version === undefined
        ? await this.#contract.read("selectByName", [name])
        : await this.#contract.read("selectByNameAndVersion", [name, version]);
    return JSON.parse(text) as readonly CnsEntry[];
  }

  /** Where the contract of that name is, the latest version registered unless one is named; undefined when nobody registered it. */
  async resolve(name: string, version?: string): Promise<Hex | undefined> {
    const address = (await this.find(name, version)).at(-1)?.address;
    return address === undefined ? undefined : parseAddress(address);
  }
}
