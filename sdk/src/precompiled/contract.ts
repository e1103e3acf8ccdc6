/** A contract built into the nodes: calls with codes that are read, and errors in words. */
import type { CryptoSuite } from "@tsbcos/core/crypto";
import type { Abi, ContractFunctionArgs, ContractFunctionName, ContractFunctionReturnType } from "viem";
import { decodeResult, encodeCall, functionOf } from "../contracts/abi.js";
import { revertReason } from "../contracts/failure.js";
import type { Receipt } from "../contracts/receipt.js";
import { PrecompiledError, TransactionFailedError } from "../errors.js";
import { toHex, type Hex } from "../hex.js";
import { codeOfOutput, precompiledText } from "./codes.js";

/** Who calls: what these contracts need of a client. */
export interface Caller {
  readonly chain: { readonly suite: CryptoSuite };
  /** Sends a transaction and waits for its receipt. */
  execute(draft: { readonly to: string; readonly data: Uint8Array }): Promise<Receipt>;
  /** Calls without a transaction; throws when that fails. */
  call(to: string, data: Uint8Array): Promise<Hex>;
}

/** What a transaction to such a contract did. */
export interface PrecompiledOutcome {
  /** What it answered: often the number of rows changed, 0 or 1 elsewhere; never negative. */
  readonly code: number;
  readonly receipt: Receipt;
}

/** The contract at one of the fixed addresses. */
export class PrecompiledContract<const abi extends Abi> {
  readonly address: Hex;
  readonly abi: abi;
  readonly #caller: Caller;

  constructor(caller: Caller, address: number, abi: abi) {
    this.#caller = caller;
    this.address = toHex(Uint8Array.of(...new Uint8Array(18), address >> 8, address & 0xff));
    this.abi = abi;
  }

  /**
   * Calls a function in a transaction.
   *
   * @throws PrecompiledError when it answers with an error code
   * @throws TransactionFailedError when it fails altogether
   */
  async write<name extends ContractFunctionName<abi, "nonpayable">>(
    functionName: name,
    args: ContractFunctionArgs<abi, "nonpayable", name>,
  ): Promise<PrecompiledOutcome> {
    const data = encodeCall(
      { abi: this.abi, functionName, args: args as readonly unknown[] },
      this.#caller.chain.suite,
    );
    const receipt = await this.#caller.execute({ to: this.address, data });
    const { status, output } = receipt;
    if (status !== 0) throw new TransactionFailedError({ status, reason: revertReason(output), receipt });
    const code = output === "0x" ? 0 : codeOfOutput(output);
    if (code < 0) throw new PrecompiledError({ returnCode: code, text: precompiledText(code), receipt });
    return { code, receipt };
  }

  /**
   * Calls a function without a transaction.
   *
   * @throws PrecompiledError when it answers with an error code in place of what was asked for
   * @throws TransactionFailedError when it fails altogether
   */
  async read<name extends ContractFunctionName<abi, "view">, args extends ContractFunctionArgs<abi, "view", name>>(
    functionName: name,
    args: args,
  ): Promise<ContractFunctionReturnType<abi, "view", name, args>> {
    const values = args as readonly unknown[];
    const item = functionOf(this.abi, functionName, values);
    const output = await this.#caller.call(
      this.address,
      encodeCall({ abi: this.abi, functionName, args: values }, this.#caller.chain.suite),
    );
    // A lone word where texts and lists were asked for is a code.
    if (output.length === 66 && item.outputs.some(({ type }) => type === "string" || type.endsWith("[]"))) {
      const code = codeOfOutput(output);
      throw new PrecompiledError({ returnCode: code, text: precompiledText(code), receipt: undefined });
    }
    return decodeResult(item, output) as ContractFunctionReturnType<abi, "view", name, args>;
  }
}
