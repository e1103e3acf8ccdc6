/** Why a call failed, from what it left as output, with the errors of its ABI. */
import { smSuite, standardSuite, type CryptoSuite } from "@tsbcos/core/crypto";
import { hexToBytes } from "@tsbcos/core/primitives";
import { revertReason as commonReason } from "@tsbcos/core/protocol";
import { decodeAbiParameters, type Abi, type AbiParameter } from "viem";
import type { Hex } from "../hex.js";
import { selectorOf } from "./abi.js";

/** Compilers that know nothing of SM3 cut selectors from Keccak on any chain, so that both are looked for. */
const SUITES: readonly CryptoSuite[] = [standardSuite, smSuite];

/**
 * The reason in a failed call's output: the text of `require` and `revert`, the meaning of a panic, or an error of the
 * ABI with its arguments. Undefined when there is none.
 */
export function revertReason(output: string, abi: Abi = []): string | undefined {
  // It comes from a node, which may write anything.
  if (!/^0x(?:[0-9a-f]{2})*$/i.test(output)) return undefined;
  const common = commonReason(hexToBytes(output));
  if (common !== undefined) return common;
  const selector = output.slice(0, 10);
  const data: Hex = `0x${output.slice(10)}`;
  for (const suite of SUITES) {
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
