/** Contracts with a fixed address, made from what they answer to. */
import type { Address } from "../../primitives/index.js";
import { address } from "../../primitives/index.js";
import type { SupportedVersion } from "../../protocol/index.js";
import { V2_0_0_RC2 } from "../../protocol/index.js";
import type { PrecompiledCall, PrecompiledContext, PrecompiledContract, PrecompiledResult } from "./contract.js";
import type { Interface } from "./dispatch.js";
import { Dispatcher } from "./dispatch.js";

/** A contract at a fixed address. It has no state. */
export class FixedContract implements PrecompiledContract {
  readonly address: Address;
  readonly since: SupportedVersion;
  private readonly dispatcher: Dispatcher;

  /**
   * @param place.number address as a number
   * @param place.since first version that has it; without it every version has
   */
  constructor(place: { readonly number: number; readonly since?: SupportedVersion }, contract: Interface) {
    this.address = address(place.number.toString(16).padStart(40, "0"));
    this.since = place.since ?? V2_0_0_RC2;
    this.dispatcher = new Dispatcher(contract);
  }

  /** Signature texts of every function, of all versions. */
  get signatures(): readonly string[] {
    return this.dispatcher.signatures;
  }

  call(context: PrecompiledContext, call: PrecompiledCall): PrecompiledResult {
    return this.dispatcher.run(context, call, undefined);
  }
}
