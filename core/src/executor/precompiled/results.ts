/** Results that many contracts share. */
import type { SupportedVersion } from "../../protocol/index.js";
import { V2_0_0_RC3 } from "../../protocol/index.js";
import { encodeValues, int } from "../abi/index.js";
import type { PrecompiledContext } from "./contract.js";

/** A count or code as one word, two's complement. */
export function encodeNumber(value: number): Uint8Array {
  return encodeValues(int(value));
}

/** A code as one word, in the way of the chain's version: release candidate 2 gave it with the other sign. */
export function encodeCode(version: SupportedVersion, code: number): Uint8Array {
  return encodeNumber(version < V2_0_0_RC3 && !(code > 0 && code < 128) ? -code : code);
}

/** Number of the block that is being executed, from which on changes of configuration and of lists take effect. */
export function executedNumber(context: PrecompiledContext): number {
  return context.blockNumber + 1;
}
