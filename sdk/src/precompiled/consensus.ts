/** Who makes blocks, and who only follows. */
import { parseAbi } from "viem";
import { parseHex } from "../hex.js";
import { PrecompiledContract, type Caller, type PrecompiledOutcome } from "./contract.js";

const ABI = parseAbi([
  "function addSealer(string nodeId) returns (int256)",
  "function addObserver(string nodeId) returns (int256)",
  "function remove(string nodeId) returns (int256)",
]);

/** The group's node lists. Changes count from the next block on. */
export class ConsensusService {
  readonly #contract: PrecompiledContract<typeof ABI>;

  constructor(caller: Caller) {
    this.#contract = new PrecompiledContract(caller, 0x1003, ABI);
  }

  /** Makes a node a sealer, whatever it was before. */
  async addSealer(nodeId: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("addSealer", [plain(nodeId)]);
  }

  /** Makes a node an observer, whatever it was before. */
  async addObserver(nodeId: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("addObserver", [plain(nodeId)]);
  }

  /** Takes a node out of the group; code 0 when it was not in. */
  async remove(nodeId: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("remove", [plain(nodeId)]);
  }
}

const plain = (nodeId: string): string => parseHex(nodeId, 64, "A node id").slice(2);
