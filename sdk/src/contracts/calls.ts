/** Calls and deployments as programs write them: with a `const` ABI the compiler knows names, arguments and results. */
import type { CryptoSuite } from "@tsbcos/core/crypto";
import type { Abi, ContractConstructorArgs, ContractFunctionArgs, ContractFunctionName } from "viem";
import type { Hex } from "../hex.js";
import type { DecodedEvent } from "./abi.js";
import type { Receipt } from "./receipt.js";

/** Functions that change nothing. */
export type Reading = "pure" | "view";
/** Functions that may change something. */
export type Writing = "nonpayable" | "payable";
/** Functions of any kind. */
export type Any = Reading | Writing;

/** A call of a contract's function. With a `const` ABI the name and the arguments are checked by the compiler. */
export type ContractCall<
  abi extends Abi | readonly unknown[],
  mutability extends Any,
  name extends ContractFunctionName<abi, mutability>,
  args extends ContractFunctionArgs<abi, mutability, name>,
> = {
  readonly abi: abi;
  /** The contract, with or without `0x`. */
  readonly address: string;
  readonly functionName: name | ContractFunctionName<abi, mutability>;
} & ArgsOf<args, ContractFunctionArgs<abi, mutability, name>> &
  SelectorOptions;

/** Arguments may be left out where there are none. */
type ArgsOf<args, allowed> = readonly [] extends allowed ? { readonly args?: args } : { readonly args: args };

/** Which compiler made the contract. */
export interface SelectorOptions {
  /**
   * The hash that function selectors and topics are cut from, by suite name: the chain's own by default. `standard`
   * for a contract on an SM chain that was compiled by a compiler which knows Keccak-256 only.
   */
  readonly selectors?: CryptoSuite["name"];
}

/** Which state is read. */
export interface StateOptions {
  /** The state after this block; the latest by default. The node must keep past states. */
  readonly blockNumber?: number;
}

/** A contract to deploy. */
export type Deployment<abi extends Abi | readonly unknown[]> = {
  readonly abi: abi;
  /** Code that creates it, hexadecimal. */
  readonly bytecode: string;
} & ArgsOf<ContractConstructorArgs<abi>, ContractConstructorArgs<abi>> &
  SelectorOptions;

/** A deployed contract. */
export interface Deployed {
  readonly address: Hex;
  readonly receipt: Receipt;
  /** What the constructor logged. */
  readonly events: readonly DecodedEvent[];
}

/** What a call in a transaction did. */
export interface Written<result> {
  /** What the function returned. */
  readonly result: result;
  readonly receipt: Receipt;
  /** Its logs as far as the ABI explains them. */
  readonly events: readonly DecodedEvent[];
}
