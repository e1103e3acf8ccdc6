/** Solidity, compiled in place. */
export { contractNames, createCompiler } from "./compiler.js";
export { link } from "./link.js";
export type {
  Compilation,
  CompiledContract,
  CompileFailure,
  CompilerSettings,
  EvmVersion,
  SolidityCompiler,
} from "./types.js";
