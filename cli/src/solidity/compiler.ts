/** Names and files in, contracts out. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { err, ok, type Result } from "@tsbcos/core/primitives";
import semver from "semver";
import { demandHash, findArtifact, readArtifact } from "./artifacts.js";
import { OutputCache } from "./cache.js";
import { CompilerHost } from "./compiler-host.js";
import { inputOf, readOutput } from "./compiler-json.js";
import { collectSources, shown, type SourceSet } from "./sources.js";
import type { Compilation, CompiledContract, CompileFailure, CompilerSettings, SolidityCompiler } from "./types.js";
import { alternativesTo, chooseVersion, compilerOf, evmVersionFor } from "./versions.js";

/** A compiler that was decided on. */
interface Chosen {
  readonly file: string;
  readonly version: string;
  /** What tells it from all others. */
  readonly identity: string;
}

const failure = (code: CompileFailure["code"], message: string): Result<never, CompileFailure> =>
  err({ code, message });

/** Turns what the file system has against a file into a failure. */
async function readable<T>(run: () => Promise<Result<T, CompileFailure>>): Promise<Result<T, CompileFailure>> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Error) || !("syscall" in error)) throw error;
    return failure("no-such-contract", `A file cannot be read: ${error.message}`);
  }
}

class Compiler implements SolidityCompiler {
  readonly #settings: CompilerSettings;
  readonly #host = new CompilerHost();
  readonly #cache: OutputCache;

  constructor(settings: CompilerSettings) {
    this.#settings = settings;
    this.#cache = new OutputCache(settings.cacheFolder);
  }

  compile(file: string): Promise<Result<Compilation, CompileFailure>> {
    return readable(() => this.#compile(file));
  }

  async #compile(file: string): Promise<Result<Compilation, CompileFailure>> {
    const { contractsFolder, hash, evmVersion = "istanbul", optimizerRuns = 200 } = this.#settings;
    if (!existsSync(file) || !statSync(file).isFile())
      return failure("no-such-contract", `There is no file ${shown(file)}.`);
    const sources = collectSources(file, contractsFolder);
    if (!sources.ok) return sources;
    const chosen = await this.#choose(sources.value);
    if (!chosen.ok) return chosen;
    const { version, identity } = chosen.value;
    const input = inputOf(sources.value, { version, evmVersion: evmVersionFor(version, evmVersion), optimizerRuns });
    const key = OutputCache.key(identity, hash, input);
    const cached = this.#cache.get(key);
    const output: Result<string, CompileFailure> =
      cached === undefined ? await this.#host.run({ file: chosen.value.file, hash }, input) : ok(cached);
    if (!output.ok) return output;
    const read = readOutput(output.value, sources.value, `solc ${identity}`);
    if (!read.ok)
      return read.error.code === "compile-errors" ? this.#withHint(read.error, version, sources.value) : read;
    if (cached === undefined) this.#cache.set(key, output.value);
    return ok({ ...read.value, version });
  }

  async #choose(sources: SourceSet): Promise<Result<Chosen, CompileFailure>> {
    const { version, solc, hash } = this.#settings;
    if (solc !== undefined) {
      if (!existsSync(solc)) return failure("no-such-version", `There is no compiler ${solc}.`);
      const asked = await this.#host.run({ file: resolve(solc), hash }, "");
      if (!asked.ok) return asked;
      const known = semver.coerce(asked.value)?.version;
      if (known === undefined) return failure("compiler-failed", `${solc} does not say which version it is.`);
      const identity = `${asked.value} ${resolve(solc)} ${statSync(solc).mtimeMs}`;
      return ok({ file: resolve(solc), version: known, identity });
    }
    const bundled = version === undefined ? chooseVersion(sources.requirements) : compilerOf(version);
    if (!bundled.ok) return bundled;
    return ok({ file: bundled.value.file(), version: bundled.value.version, identity: bundled.value.version });
  }

  /** A file that allows several lines may mean an older one. */
  #withHint(error: CompileFailure, version: string, sources: SourceSet): Result<never, CompileFailure> {
    const { version: forced, solc } = this.#settings;
    const others = forced === undefined && solc === undefined ? alternativesTo(version, sources.requirements) : [];
    if (others.length === 0) return err(error);
    const hint = `Compiled with Solidity ${version}; the pragmas also allow ${others.join(", ")}.`;
    return err({ ...error, message: `${error.message}\n\n${hint}` });
  }

  async contract(nameOrPath: string): Promise<Result<CompiledContract, CompileFailure>> {
    const found = await readable(() => this.#contract(nameOrPath));
    return found.ok ? demandHash(found.value, this.#settings.hash) : found;
  }

  async #contract(nameOrPath: string): Promise<Result<CompiledContract, CompileFailure>> {
    const { contractsFolder, hash } = this.#settings;
    const [, path, wanted] = /^(.*\.sol)(?::([\w$]+))?$/.exec(nameOrPath) ?? [];
    const existing = (candidates: readonly string[]): string | undefined => candidates.find((file) => existsSync(file));
    if (path !== undefined) {
      const file = existing([resolve(path), resolve(contractsFolder, path)]) ?? resolve(path);
      return this.#contractOf(file, wanted);
    }
    if (nameOrPath.endsWith(".bin")) {
      const file = existing([resolve(nameOrPath), resolve(contractsFolder, nameOrPath)]);
      return file === undefined
        ? failure("no-such-contract", `There is no file ${nameOrPath}.`)
        : readArtifact(file, hash);
    }
    const source = resolve(contractsFolder, `${nameOrPath}.sol`);
    if (existsSync(source)) return this.#contractOf(source, basename(nameOrPath));
    const artifact = findArtifact(contractsFolder, nameOrPath, hash);
    if (artifact !== undefined) return readArtifact(artifact, hash);
    const names = contractNames(contractsFolder);
    return failure(
      "no-such-contract",
      [
        `There is no contract ${nameOrPath}: neither ${nameOrPath}.sol nor ${nameOrPath}.bin lies in ${shown(resolve(contractsFolder))}.`,
        names.length === 0 ? "The folder has no contracts." : `It has ${names.join(", ")}.`,
      ].join("\n"),
    );
  }

  async #contractOf(file: string, wanted: string | undefined): Promise<Result<CompiledContract, CompileFailure>> {
    const compiled = await this.compile(file);
    if (!compiled.ok) return compiled;
    const inFile = compiled.value.contracts.filter((one) => one.file === file);
    const named = inFile.find(({ name }) => name === (wanted ?? basename(file, ".sol")));
    const deployable = inFile.filter(({ bytecode }) => bytecode !== "");
    const [only] = deployable;
    const found = named ?? (deployable.length === 1 ? only : undefined);
    if (found !== undefined) return ok(found);
    const names = inFile.map(({ name }) => name).join(", ");
    return failure(
      "no-such-contract",
      names === ""
        ? `${shown(file)} has no contract.`
        : `${shown(file)} has no contract ${wanted ?? basename(file, ".sol")}, only ${names}: say which, as ${basename(file)}:Name.`,
    );
  }

  close(): Promise<void> {
    return this.#host.close();
  }
}

/** Compilers with these settings; no process is started before something is compiled. */
export function createCompiler(settings: CompilerSettings): SolidityCompiler {
  return new Compiler(settings);
}

/** Names that {@link SolidityCompiler.contract} finds in a folder, in order. */
export function contractNames(contractsFolder: string): readonly string[] {
  const list = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);
  const files = [...list(contractsFolder), ...list(join(contractsFolder, "sm"))];
  const names = files.filter((file) => /\.(?:sol|bin)$/.test(file)).map((file) => file.replace(/\.\w+$/, ""));
  return [...new Set(names)].sort();
}
