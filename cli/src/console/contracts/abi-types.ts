/** Parts of an ABI by name. */
import type { Abi } from "@tsbcos/sdk";

/** A function of an ABI. */
export type AbiFunction = Extract<Abi[number], { readonly type: "function" }>;
/** A parameter, or a member of a struct. */
export type AbiParameter = AbiFunction["inputs"][number];
