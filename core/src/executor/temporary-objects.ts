/** Addresses of the objects that contracts create while a block is executed. */
import type { Address } from "../primitives/index.js";
import type { TemporaryObject, TemporaryObjects } from "./precompiled/contract.js";

/** The first object gets the address after this one. */
const BEFORE_FIRST = 0x10000;

/** Objects of one block, by address. They live until the block is done; reverts do not remove them. */
export class BlockObjects implements TemporaryObjects {
  readonly #objects = new Map<Address, TemporaryObject>();

  add(object: TemporaryObject): Address {
    const number = BEFORE_FIRST + this.#objects.size + 1;
    const address = number.toString(16).padStart(40, "0") as Address;
    this.#objects.set(address, object);
    return address;
  }

  find(address: Address): TemporaryObject | undefined {
    return this.#objects.get(address);
  }
}
