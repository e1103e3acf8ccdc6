/** Contracts that were compiled elsewhere: pairs of `.abi` and `.bin`, and which hash their compiler used. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { smSuite, standardSuite, type CryptoSuite } from "@tsbcos/core/crypto";
import { err, ok, type Result } from "@tsbcos/core/primitives";
import { selectorOf, type Abi } from "@tsbcos/sdk";
import { shown } from "./sources.js";
import type { CompiledContract, CompileFailure } from "./types.js";

/** The pair of a name, for a chain: `sm/Name.bin` comes first on SM chains; undefined when there is none. */
export function findArtifact(folder: string, name: string, hash: CryptoSuite["name"]): string | undefined {
  const candidates = [...(hash === "sm" ? [join(folder, "sm", `${name}.bin`)] : []), join(folder, `${name}.bin`)];
  return candidates.find((file) => existsSync(file));
}

/** Reads a pair, named by its `.bin`; the `.abi` lies beside it, or in the folder above `sm`. */
export function readArtifact(bin: string, chain: CryptoSuite["name"]): Result<CompiledContract, CompileFailure> {
  const bad = (message: string): Result<never, CompileFailure> => err({ code: "bad-artifact", message });
  const name = basename(bin, ".bin");
  const abiFile = [join(dirname(bin), `${name}.abi`), join(dirname(bin), "..", `${name}.abi`)].find((file) =>
    existsSync(file),
  );
  if (abiFile === undefined) return bad(`${shown(bin)} has no ${name}.abi beside it: the two belong together.`);
  let abi: Abi;
  try {
    abi = normaliseAbi(JSON.parse(readFileSync(abiFile, "utf8")));
  } catch (error) {
    return bad(`${shown(abiFile)} is no ABI: ${error instanceof Error ? error.message : String(error)}`);
  }
  const bytecode = readFileSync(bin, "utf8").trim().replace(/^0x/, "");
  if (!/^(?:[0-9a-fA-F]{2}|__.{38})*$/.test(bytecode)) {
    return bad(`${shown(bin)} is not the hexadecimal code of a contract.`);
  }
  const hash = hashOf(abi, bytecode) ?? chain;
  const libraries = [
    ...new Set([...bytecode.matchAll(/__.{38}/g)].map(([mark]) => mark.replace(/^__\$?|\$?_*$/g, ""))),
  ];
  return ok({ name, file: bin, abi, bytecode, runtimeBytecode: "", libraries, hash, compiler: "" });
}

/** An ABI in which every item says whether it changes anything: old compilers said it in other words. */
export function normaliseAbi(value: unknown): Abi {
  if (!Array.isArray(value)) throw new Error("it is no list");
  return value.map((item: Readonly<Record<string, unknown>>) => {
    if (typeof item !== "object" || item === null || typeof item["type"] !== "string")
      throw new Error("an item has no type");
    if (!["function", "constructor", "fallback"].includes(item["type"]) || item["stateMutability"] !== undefined)
      return item;
    const { constant, payable, ...rest } = item;
    return { ...rest, stateMutability: constant === true ? "view" : payable === true ? "payable" : "nonpayable" };
  }) as unknown as Abi;
}

/** The hash whose selectors stand in the code; undefined when none does. */
export function hashOf(abi: Abi, bytecode: string): CryptoSuite["name"] | undefined {
  const code = bytecode.toLowerCase();
  const functions = abi.filter((item) => item.type === "function");
  const count = (suite: CryptoSuite): number =>
    functions.filter((item) => code.includes(pushOf(selectorOf(item, suite)))).length;
  const [standard, sm] = [count(standardSuite), count(smSuite)];
  if (standard === sm) return undefined;
  return standard > sm ? "standard" : "sm";
}

/** The instruction that puts a selector on the stack: zeros in front are left out. */
function pushOf(selector: string): string {
  const digits = selector.slice(2).replace(/^(?:00)+/, "");
  return (0x5f + digits.length / 2).toString(16) + digits;
}

/** Refuses a contract whose selectors are cut from another hash than the chain's: nobody could call it. */
export function demandHash(
  contract: CompiledContract,
  chain: CryptoSuite["name"],
): Result<CompiledContract, CompileFailure> {
  if (contract.hash === chain) return ok(contract);
  const words = { standard: "Keccak-256", sm: "SM3" };
  return err({
    code: "wrong-hash",
    message: [
      `${contract.name} (${shown(contract.file)}) was compiled for chains of the other kind: its functions are found by ${words[contract.hash]},`,
      `and this chain's clients and built-in contracts use ${words[chain]}. No call would reach its functions.`,
      chain === "sm"
        ? `Compile its source here, or put the code made by a gm compiler to sm/${contract.name}.bin.`
        : "Compile its source here, or use the code that an ordinary compiler made.",
    ].join("\n"),
  });
}
