/** Contracts by name: compiled when they are needed, explained when that fails. */
import { basename, join } from "node:path";
import { CodedError } from "@tsbcos/core/primitives";
import { V2_6_0, type SupportedVersion } from "@tsbcos/core/protocol";
import type { SuiteName } from "@tsbcos/sdk";
import { contractNames, createCompiler, type CompiledContract, type SolidityCompiler } from "../../solidity/index.js";
import type { Home } from "../home.js";

/** What contracts are compiled for. */
export interface Target {
  readonly hash: SuiteName;
  readonly supportedVersion: SupportedVersion;
  /** A compiler to use in place of those that come along. */
  readonly solc?: string | undefined;
}

/** The contracts of one console folder. */
export class Catalogue {
  readonly #home: Home;
  readonly #target: () => Target;
  #compiler: SolidityCompiler | undefined;

  /** @param target asked for when something is compiled */
  constructor(home: Home, target: () => Target) {
    this.#home = home;
    this.#target = target;
  }

  /** Names that contracts in the folder go by. */
  names(): readonly string[] {
    return contractNames(this.#home.contractFolder);
  }

  /** The name that a contract goes by in logs: of `dir/File.sol:Name` it is `Name`. */
  nameOf(nameOrPath: string): string {
    const [, path = nameOrPath, name] = /^(.*\.sol):([^:/]+)$/.exec(nameOrPath) ?? [];
    return name ?? basename(path).replace(/\.(sol|abi|bin)$/, "");
  }

  /** A compiled contract. @throws CodedError with the compiler's story */
  async contract(nameOrPath: string): Promise<CompiledContract> {
    const result = await this.#compilerOf().contract(nameOrPath);
    if (result.ok) return result.value;
    throw new CodedError(result.error.code, result.error.message);
  }

  /** Ends the compiler's process. */
  async close(): Promise<void> {
    await this.#compiler?.close();
  }

  #compilerOf(): SolidityCompiler {
    if (this.#compiler !== undefined) return this.#compiler;
    const { hash, supportedVersion, solc } = this.#target();
    this.#compiler = createCompiler({
      hash,
      contractsFolder: this.#home.contractFolder,
      solc,
      evmVersion: supportedVersion < V2_6_0 ? "constantinople" : "istanbul",
      cacheFolder: join(this.#home.compiledFolder, "cache"),
    });
    return this.#compiler;
  }
}
