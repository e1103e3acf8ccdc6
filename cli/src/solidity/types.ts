/** What the compiler room takes and gives. */
import type { Abi } from "@tsbcos/sdk";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import type { Failure, Result } from "@tsbcos/core/primitives";

/** Rules of the EVM that code is made for; chains from 2.6.0 on run Istanbul, older ones Constantinople. */
export type EvmVersion = "byzantium" | "constantinople" | "istanbul";

/** How to compile. */
export interface CompilerSettings {
  /** The chain's hash: selectors, topics and hashes of constants are cut from it. */
  readonly hash: CryptoSuite["name"];
  /** Where contracts are looked for by name, and imports that no file beside the importing one satisfies. */
  readonly contractsFolder: string;
  /** A line (`0.6`) or an exact version to use whatever the sources ask for; chosen by their pragmas by default. */
  readonly version?: string | undefined;
  /** A native compiler to run in place of those that come along, such as a gm build of solc. */
  readonly solc?: string | undefined;
  /** Istanbul by default; what a compiler does not know is lowered to what it does. */
  readonly evmVersion?: EvmVersion | undefined;
  /** Runs that the optimizer reckons with, 200 by default; `false` switches it off. */
  readonly optimizerRuns?: number | false | undefined;
  /** Where results are kept between sessions; nowhere by default. */
  readonly cacheFolder?: string | undefined;
}

/** A contract, ready to be deployed unless libraries must be linked. */
export interface CompiledContract {
  readonly name: string;
  /** The file that it comes from. */
  readonly file: string;
  readonly abi: Abi;
  /** Code that creates it, hexadecimal without `0x`; empty for interfaces and abstract contracts. */
  readonly bytecode: string;
  /** Its code on the chain, in the same form. */
  readonly runtimeBytecode: string;
  /** Libraries whose addresses are missing, as `file:Name`. */
  readonly libraries: readonly string[];
  /** The hash that its selectors and topics are cut from. */
  readonly hash: CryptoSuite["name"];
  /** The compiler's own words about itself; empty for contracts that were read from `.abi` and `.bin`. */
  readonly compiler: string;
}

/** What one run of the compiler gave. */
export interface Compilation {
  /** Every contract of every file that took part. */
  readonly contracts: readonly CompiledContract[];
  /** Version that was used, such as `0.6.10`. */
  readonly version: string;
  /** Warnings, each with its place, for people; empty when there is none. */
  readonly warnings: readonly string[];
}

/** Why there is no result. */
export interface CompileFailure extends Failure {
  readonly code:
    | "no-such-contract"
    | "missing-import"
    | "bad-pragma"
    | "no-such-version"
    | "compile-errors"
    | "compiler-failed"
    | "bad-artifact"
    | "wrong-hash";
  /** The whole story, of several lines, for people. */
  readonly message: string;
}

/** Compilers behind one door. They run in a process of their own, started when first needed and ended when idle. */
export interface SolidityCompiler {
  /** Compiles a file and all that it imports. */
  compile(file: string): Promise<Result<Compilation, CompileFailure>>;
  /**
   * One contract. By name: `Name.sol` in the folder of contracts, or the pair `Name.abi` and `Name.bin` (`sm/Name.bin` on SM
   * chains). By path: `dir/File.sol`, whose contract is named as the file or the only one, `dir/File.sol:Name`, or `dir/Name.bin`.
   */
  contract(nameOrPath: string): Promise<Result<CompiledContract, CompileFailure>>;
  /** Ends the process, if any. */
  close(): Promise<void>;
}
