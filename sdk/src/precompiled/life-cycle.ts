/** Contracts that can be frozen, and who may do it. */
import { parseAbi } from "viem";
import { PrecompiledError } from "../errors.js";
import { parseAddress, type Hex } from "../hex.js";
import { precompiledText } from "./codes.js";
import { PrecompiledContract, type Caller, type PrecompiledOutcome } from "./contract.js";

const ABI = parseAbi([
  "function freeze(address contractAddress) returns (int256)",
  "function unfreeze(address contractAddress) returns (int256)",
  "function grantManager(address contractAddress, address user) returns (int256)",
  "function revokeManager(address contractAddress, address user) returns (int256)",
  "function getStatus(address contractAddress) view returns (int256, string)",
  "function listManager(address contractAddress) view returns (int256, address[])",
]);

/** States and managers of contracts. */
export class LifeCycleService {
  readonly #contract: PrecompiledContract<typeof ABI>;

  constructor(caller: Caller) {
    this.#contract = new PrecompiledContract(caller, 0x1007, ABI);
  }

  /** Keeps a contract from being called. */
  async freeze(contract: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("freeze", [parseAddress(contract)]);
  }

  /** Takes that back. */
  async unfreeze(contract: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("unfreeze", [parseAddress(contract)]);
  }

  /** Lets an account freeze and unfreeze a contract. */
  async grantManager(contract: string, account: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("grantManager", [parseAddress(contract), parseAddress(account)]);
  }

  /** Takes that back. */
  async revokeManager(contract: string, account: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("revokeManager", [parseAddress(contract), parseAddress(account)]);
  }

  /** State of a contract, in the node's words. */
  async status(contract: string): Promise<string> {
    const [code, text] = await this.#contract.read("getStatus", [parseAddress(contract)]);
    demandNoError(code);
    return text;
  }

  /** Who may freeze a contract: at first whoever deployed it. */
  async managers(contract: string): Promise<readonly Hex[]> {
    const [code, managers] = await this.#contract.read("listManager", [parseAddress(contract)]);
    demandNoError(code);
    return managers;
  }
}

function demandNoError(code: bigint): void {
  if (code >= 0n) return;
  throw new PrecompiledError({ returnCode: Number(code), text: precompiledText(Number(code)), receipt: undefined });
}
