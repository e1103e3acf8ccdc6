/** The compilers' own JSON: what they are asked, and what their answers mean. */
import { smSuite, standardSuite, type CryptoSuite } from "@tsbcos/core/crypto";
import { err, ok, type Result } from "@tsbcos/core/primitives";
import { selectorOf } from "@tsbcos/sdk";
import { normaliseAbi } from "./artifacts.js";
import { formatDiagnostic, type Diagnostic } from "./diagnostics.js";
import { textsFor, type SourceSet } from "./sources.js";
import type { CompiledContract, CompileFailure, EvmVersion } from "./types.js";

/** A contract that every compilation carries along: its selector tells which hash the compiler uses. */
const PROBE = {
  unit: "tsbcos/hash-probe.sol",
  name: "HashProbe",
  text: "interface HashProbe { function get() external; }",
};
const PROBE_SIGNATURE = "get()";
const PROBE_FUNCTION = { name: "get", inputs: [] };

/** Settings that change what comes out. */
export interface InputSettings {
  readonly version: string;
  readonly evmVersion: EvmVersion;
  readonly optimizerRuns: number | false;
}

/** What a compiler is asked. */
export function inputOf(sources: SourceSet, { version, evmVersion, optimizerRuns }: InputSettings): string {
  const texts = { ...textsFor(sources, version), [PROBE.unit]: PROBE.text };
  return JSON.stringify({
    language: "Solidity",
    sources: Object.fromEntries(Object.entries(texts).map(([unit, content]) => [unit, { content }])),
    settings: {
      remappings: sources.remappings,
      evmVersion,
      optimizer: { enabled: optimizerRuns !== false, runs: optimizerRuns === false ? 200 : optimizerRuns },
      outputSelection: {
        "*": {
          "*": [
            "abi",
            "evm.bytecode.object",
            "evm.bytecode.linkReferences",
            "evm.deployedBytecode.object",
            "evm.methodIdentifiers",
          ],
        },
      },
    },
  });
}

interface Output {
  readonly errors?: readonly Diagnostic[];
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, ContractOutput>>>>;
}

interface ContractOutput {
  readonly abi: unknown;
  readonly evm: {
    readonly bytecode: {
      readonly object: string;
      readonly linkReferences?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
    readonly deployedBytecode?: { readonly object: string };
    readonly methodIdentifiers: Readonly<Record<string, string>>;
  };
}

/** An answer, understood. */
export interface ReadOutput {
  readonly contracts: readonly CompiledContract[];
  readonly warnings: readonly string[];
}

/** What a compiler's answer means. */
export function readOutput(text: string, sources: SourceSet, compiler: string): Result<ReadOutput, CompileFailure> {
  let output: Output;
  try {
    output = JSON.parse(text) as Output;
  } catch {
    return err({ code: "compiler-failed", message: `The compiler's answer is no JSON: ${text.slice(0, 200)}` });
  }
  const find = (unit: string): { file: string; text: string } | undefined =>
    sources.units.find((source) => source.unit === unit);
  const told = (output.errors ?? []).filter(({ sourceLocation }) => sourceLocation?.file !== PROBE.unit);
  const errors = told.filter(({ severity }) => severity === "error");
  const format = (one: Diagnostic): string => formatDiagnostic(one, find);
  if (errors.length > 0) return err({ code: "compile-errors", message: errors.map(format).join("\n\n") });
  const probe = output.contracts?.[PROBE.unit]?.[PROBE.name]?.evm.methodIdentifiers[PROBE_SIGNATURE];
  const hash = [standardSuite, smSuite].find((suite) => selectorOf(PROBE_FUNCTION, suite) === `0x${probe ?? ""}`)?.name;
  if (hash === undefined) {
    return err({ code: "compiler-failed", message: `${compiler} answers with selectors of no hash that chains use.` });
  }
  const contracts = sources.units
    .filter(({ isInterface }) => !isInterface)
    .flatMap(({ unit, file }) =>
      Object.entries(output.contracts?.[unit] ?? {}).map(([name, one]) =>
        contractOf(name, file, one, { hash, compiler }),
      ),
    );
  return ok({ contracts, warnings: told.filter(({ severity }) => severity === "warning").map(format) });
}

function contractOf(
  name: string,
  file: string,
  { abi, evm }: ContractOutput,
  made: { readonly hash: CryptoSuite["name"]; readonly compiler: string },
): CompiledContract {
  const libraries = Object.entries(evm.bytecode.linkReferences ?? {}).flatMap(([unit, names]) =>
    Object.keys(names).map((library) => `${unit}:${library}`),
  );
  return {
    name,
    file,
    abi: normaliseAbi(abi),
    bytecode: evm.bytecode.object,
    runtimeBytecode: evm.deployedBytecode?.object ?? "",
    libraries,
    ...made,
  };
}
