/** Solidity, compiled in place. */
export type {
  Compilation,
  CompiledContract,
  CompileFailure,
  CompilerSettings,
  EvmVersion,
  SolidityCompiler,
} from "./types.js";
