/** Gas that accounts are given, on chains that charge for it. */
import { parseAbi } from "viem";
import { PrecompiledError } from "../errors.js";
import { parseAddress, type Hex } from "../hex.js";
import { precompiledText } from "./codes.js";
import { PrecompiledContract, type Caller, type PrecompiledOutcome } from "./contract.js";

const ABI = parseAbi([
  "function charge(address account, uint256 gas) returns (int256, uint256)",
  "function deduct(address account, uint256 gas) returns (int256, uint256)",
  "function queryRemainGas(address account) view returns (int256, uint256)",
  "function grantCharger(address account) returns (int256)",
  "function revokeCharger(address account) returns (int256)",
  "function listChargers() view returns (address[])",
]);

/** What a charge or a deduction left. */
export interface GasOutcome extends PrecompiledOutcome {
  readonly remaining: bigint;
}

/** Gas of accounts, and who may give it. */
export class GasService {
  readonly #contract: PrecompiledContract<typeof ABI>;

  constructor(caller: Caller) {
    this.#contract = new PrecompiledContract(caller, 0x1009, ABI);
  }

  /** Gives gas to an account. */
  async charge(account: string, gas: bigint | number): Promise<GasOutcome> {
    return withRemaining(await this.#contract.write("charge", [parseAddress(account), BigInt(gas)]));
  }

  /** Takes gas from an account. */
  async deduct(account: string, gas: bigint | number): Promise<GasOutcome> {
    return withRemaining(await this.#contract.write("deduct", [parseAddress(account), BigInt(gas)]));
  }

  /** Gas that an account has left. @throws PrecompiledError when there is no such account */
  async remaining(account: string): Promise<bigint> {
    const [code, remaining] = await this.#contract.read("queryRemainGas", [parseAddress(account)]);
    if (code === 0n) return remaining;
    throw new PrecompiledError({ returnCode: Number(code), text: precompiledText(Number(code)), receipt: undefined });
  }

  /** Lets an account give gas; for members of the committee. */
  async grantCharger(account: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("grantCharger", [parseAddress(account)]);
  }

  /** Takes that back. */
  async revokeCharger(account: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("revokeCharger", [parseAddress(account)]);
  }

  /** Who may give gas. */
  async chargers(): Promise<readonly Hex[]> {
    return this.#contract.read("listChargers", []);
  }
}

function withRemaining(outcome: PrecompiledOutcome): GasOutcome {
  return { ...outcome, remaining: BigInt(`0x${outcome.receipt.output.slice(66, 130)}`) };
}
