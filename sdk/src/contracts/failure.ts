/** Why a call failed, from what it left as output. */
import { smSuite, standardSuite, type CryptoSuite } from "@tsbcos/core/crypto";
import { decodeAbiParameters, type Abi, type AbiParameter } from "viem";
import type { Hex } from "../hex.js";
import { selectorOf } from "./abi.js";

const TEXT: readonly AbiParameter[] = [{ type: "string", name: "reason" }];
const NUMBER: readonly AbiParameter[] = [{ type: "uint256", name: "code" }];
/** Compilers that know nothing of SM3 cut selectors from Keccak on any chain, so that both are looked for. */
const SUITES: readonly CryptoSuite[] = [standardSuite, smSuite];

const PANICS: ReadonlyMap<bigint, string> = new Map([
  [0x01n, "an assertion failed"],
  [0x11n, "arithmetic overflow or underflow"],
  [0x12n, "division by zero"],
  [0x21n, "conversion to an enum that has no such value"],
  [0x31n, "pop of an empty array"],
  [0x32n, "array index out of range"],
  [0x41n, "too much memory"],
  [0x51n, "call of a function that was never set"],
]);

/**
 * The reason in a failed call's output: the text of `require` and `revert`, the meaning of a panic, or an error of the
 * ABI with its arguments. Undefined when there is none.
 */
export function revertReason(output: string, abi: Abi = []): string | undefined {
  const selector = output.slice(0, 10);
  const data: Hex = `0x${output.slice(10)}`;
  for (const suite of SUITES) {
    if (selector === selectorOf({ name: "Error", inputs: TEXT }, suite)) return decoded(TEXT, data)?.[0] as string;
    if (selector === selectorOf({ name: "Panic", inputs: NUMBER }, suite)) {
      const code = decoded(NUMBER, data)?.[0] as bigint | undefined;
      return code === undefined ? undefined : (PANICS.get(code) ?? `panic ${code}`);
    }
    const error = abi.find(
      (item): item is Extract<Abi[number], { type: "error" }> =>
        item.type === "error" && selectorOf(item, suite) === selector,
    );
    if (error !== undefined) return `${error.name}(${decoded(error.inputs, data)?.map(String).join(", ") ?? ""})`;
  }
  return undefined;
}

function decoded(parameters: readonly AbiParameter[], data: Hex): readonly unknown[] | undefined {
  try {
    return decodeAbiParameters(parameters, data);
  } catch {
    // Anybody may write anything behind a selector.
    return undefined;
  }
}
