/**
 * A process that holds one compiler. It is told which by its arguments, `<file> <standard|sm>`, and then compiles what it is
 * sent, one input after the other; the compilers keep hundreds of megabytes, and some end the process on internal errors.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import {
  exchangeInJavaScript,
  exchangeInWebAssembly,
  isPlainJavaScript,
  PERMUTATION_NAME,
  sm3Permutation,
} from "./sm3-compiler.js";

/** What the compilers' JavaScript offers. */
interface Soljson {
  cwrap(name: string, result: "string", parameters: readonly string[]): (...values: unknown[]) => string;
  readonly [name: `_${string}`]: unknown;
}

/** What the process is sent. */
export interface CompileRequest {
  readonly id: number;
  /** The compiler's own JSON; empty to ask for its version. */
  readonly input: string;
}

/** What the process answers with. */
export interface CompileAnswer {
  readonly id: number;
  /** The compiler's own JSON, or its version. */
  readonly output?: string;
  readonly error?: string;
}

function load(file: string, hash: string): Soljson {
  return hash === "sm" ? loadForSm(file) : (createRequire(file)(file) as Soljson);
}

function loadForSm(file: string): Soljson {
  const require = createRequire(file);
  const permute = sm3Permutation();
  const source = readFileSync(file, "utf8");
  const exchanged = isPlainJavaScript(source) ? exchangeInJavaScript(source) : undefined;
  if (exchanged === undefined) {
    exchangeInWebAssembly(permute);
    return require(file) as Soljson;
  }
  const module: { exports: unknown } = { exports: {} };
  const names = ["module", "exports", "require", "__filename", "__dirname", PERMUTATION_NAME];
  // The compiler's program with one function exchanged: the text comes from the package, not from any input.
  const run = new Function(...names, exchanged) as (...values: unknown[]) => void;
  run(module, module.exports, require, file, dirname(file), permute);
  return module.exports as Soljson;
}

/** Imports were all resolved before: there is nothing to call back for. */
const NO_CALLBACK = 0;

function compileWith(soljson: Soljson): (input: string) => string {
  if (soljson["_solidity_compile"] !== undefined) {
    const compile = soljson.cwrap("solidity_compile", "string", ["string", "number", "number"]);
    return (input) => compile(input, NO_CALLBACK, NO_CALLBACK);
  }
  const compile = soljson.cwrap("compileStandard", "string", ["string", "number"]);
  return (input) => compile(input, NO_CALLBACK);
}

function versionOf(soljson: Soljson): string {
  const name = soljson["_solidity_version"] === undefined ? "version" : "solidity_version";
  return soljson.cwrap(name, "string", [])();
}

const [, , file = "", hash = ""] = process.argv;
let soljson: Soljson | undefined;
process.on("message", ({ id, input }: CompileRequest) => {
  let answer: CompileAnswer;
  try {
    soljson ??= load(file, hash);
    answer = { id, output: input === "" ? versionOf(soljson) : compileWith(soljson)(input) };
  } catch (error) {
    answer = { id, error: error instanceof Error ? error.message : String(error) };
  }
  process.send?.(answer);
});
// Whoever asked is gone.
process.on("disconnect", () => {
  process.exit(0);
});
