/** Values agreed on the chain. */
import { parseAbi } from "viem";
import { PrecompiledContract, type Caller, type PrecompiledOutcome } from "./contract.js";

const ABI = parseAbi(["function setValueByKey(string key, string value) returns (int256)"]);

/** Keys that chains know. */
export type SystemConfigKey =
  | "tx_count_limit"
  | "tx_gas_limit"
  | "consensus_timeout"
  | "rpbft_epoch_sealer_num"
  | "rpbft_epoch_block_num"
  | "enable_charge_mgr";

/** The system configuration. */
export class ConfigService {
  readonly #contract: PrecompiledContract<typeof ABI>;
  readonly #read: (key: string) => Promise<string>;

  constructor(caller: Caller & { readonly rpc: { getSystemConfigByKey(key: string): Promise<string> } }) {
    this.#contract = new PrecompiledContract(caller, 0x1000, ABI);
    this.#read = (key) => caller.rpc.getSystemConfigByKey(key);
  }

  /** The value for the next block; `""` when it was never set. */
  async get(key: SystemConfigKey): Promise<string> {
    return this.#read(key);
  }

  /** Sets a value, from the next block on. */
  async set(key: SystemConfigKey, value: string | number): Promise<PrecompiledOutcome> {
    return this.#contract.write("setValueByKey", [key, String(value)]);
  }
}
