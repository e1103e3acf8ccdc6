/** Contracts built into the node. */
export { PrecompiledError } from "./contract.js";
export type {
  AccountAccess,
  PrecompiledCall,
  PrecompiledContext,
  PrecompiledContract,
  PrecompiledResult,
  TemporaryObject,
  TemporaryObjects,
} from "./contract.js";
export { CONTRACTS, findFixedContract, findPrecompiled } from "./registry.js";
export { ResultCode } from "./result-codes.js";
