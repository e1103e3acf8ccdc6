/** What the interpreter asks of whoever runs it. Everything is synchronous. */
import type { Address } from "../primitives/index.js";
import type { StoreChange } from "./rules.js";

/** Storage of one contract. Words are eight limbs, see `words.ts`. */
export interface ContractStorage {
  /** Replaces the slot number at `words[at]` by the value of the slot. */
  load(words: Uint32Array, at: number): void;
  /** Writes the value at `words[value]` to the slot whose number is at `words[slot]`, and says what that changed. */
  store(words: Uint32Array, slot: number, value: number): StoreChange;
}

/** The transaction and block that a frame runs in: what the environment instructions show. */
export interface Environment {
  readonly origin: Address;
  readonly gasPrice: bigint;
  readonly coinbase: Address;
  readonly number: bigint;
  readonly timestamp: bigint;
  readonly difficulty: bigint;
  readonly gasLimit: bigint;
  readonly chainId: bigint;
}

/** State other than the storage of the running contract. */
export interface Host {
  readonly environment: Environment;
  /** Hash of the SHA3 instruction, 32 bytes. */
  hash(data: Uint8Array): Uint8Array;
  balance(address: Address): bigint;
  /** True unless the account does not exist or is empty. */
  accountExists(address: Address): boolean;
  codeSize(address: Address): number;
  /** Code of an account; empty when there is none. Not changed by the interpreter. */
  code(address: Address): Uint8Array;
  /** 32 bytes as EXTCODEHASH shows them; undefined shows as zero. */
  codeHash(address: Address): Uint8Array | undefined;
  /** 32 bytes; `number` is one of the 256 blocks before the current one. */
  blockHash(number: number): Uint8Array | undefined;
  /** `contract` destroys itself. It is destroyed when its transaction is over; its balance is the host's business now. */
  selfDestruct(contract: Address, beneficiary: Address): void;
}
