/** Execution of transactions and blocks: see README.md. */
export { BlockExecutor } from "./block-executor.js";
export { ethereumContracts } from "./ethereum/index.js";
export type { EthereumContract } from "./ethereum/index.js";
export { describeContracts } from "./precompiled/catalogue.js";
export type { ContractDescription } from "./precompiled/catalogue.js";
export { committedSystemConfig } from "./system-config.js";
export type { BlockInput, BlockResult, CallInput, CallResult, ExecutionFailure, ExecutorOptions } from "./types.js";
