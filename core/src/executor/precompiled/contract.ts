/**
 * What a contract built into the node sees and gives back: the seam between the executor, which runs transactions,
 * and the contracts themselves, one file each beside this one.
 *
 * A contract object holds no state of its own: everything lives in the tables of the block, and everything that
 * differs between chains arrives in the {@link PrecompiledContext}. The one exception is a temporary object (an opened
 * table, an entry, a condition), which lives as long as its block.
 */
import type { Address, ByteString, Hash } from "../../primitives/index.js";
import type { CryptoSuite } from "../../crypto/index.js";
import type { SupportedVersion } from "../../protocol/index.js";
import type { BlockTables, CommittedRows, Table } from "../../state/index.js";

/** Account tables (`c_<address>`) as contracts of the chain may see and change them. */
export interface AccountAccess {
  /** Name of the table of an account, by supported_version. */
  tableName(address: Address): ByteString;
  /** The table of an account, opened; undefined when there is none. */
  table(address: Address): Table | undefined;
  /** True when the account has a table. It stays true for the rest of a block even after the creation was undone. */
  exists(address: Address): boolean;
  /** True when the account has code that can be run. */
  hasCode(address: Address): boolean;
  /** True when the account or contract is frozen. */
  isFrozen(address: Address): boolean;
  /** Charged gas that remains; 0 without table or row. Remembered for the block from its first read or write on. */
  remainGas(address: Address): bigint;
  /** Writes the remaining charged gas without permission check; an account that does not exist is created with nonce 0. */
  writeRemainGas(address: Address, remain: bigint): void;
}

/** Objects that contracts create while a block is executed (opened tables, entries, conditions), by address. */
export interface TemporaryObjects {
  /** Registers an object under the next address, 0x10001 being the first of a block, and returns that address. */
  add(object: TemporaryObject): Address;
  /** The object at an address, undefined when there is none. Reverts do not unregister. */
  find(address: Address): TemporaryObject | undefined;
}

/** Surroundings of every contract call of one block. */
export interface PrecompiledContext {
  /** Tables of the block being executed. */
  readonly tables: BlockTables;
  /** Committed rows below it, for what is read from the state before the block. */
  readonly committedRows: CommittedRows;
  /** Hash and signatures of the chain. */
  readonly suite: CryptoSuite;
  /** The chain's supported_version. */
  readonly version: SupportedVersion;
  readonly chainId: bigint;
  readonly groupId: number;
  /** Number of the PARENT block, which contracts take as the block number. */
  readonly blockNumber: number;
  /** Hash of the parent block. */
  readonly parentHash: Hash;
  /** True when the chain runs with cheap storage operations (`evm.enable_free_storage`). */
  readonly freeStorage: boolean;
  readonly account: AccountAccess;
  readonly temporary: TemporaryObjects;
}

/** One call of a contract. */
export interface PrecompiledCall {
  /** Whole calldata, selector included; may be shorter than a selector. */
  readonly input: Uint8Array;
  /** Sender of the transaction. */
  readonly origin: Address;
  /** Who calls: the origin, or the contract whose code calls. */
  readonly caller: Address;
  /** Address that was called. */
  readonly self: Address;
}

/** What a call gives back when it does not throw. */
export interface PrecompiledResult {
  readonly output: Uint8Array;
  /** Gas of the recorded operations and memory. */
  readonly gasCost: bigint;
}

/**
 * Ends a contract call with status 21: its changes are undone and the message becomes the `Error(string)` output.
 * A {@link StorageError} thrown by the tables is turned into one by the executor.
 */
export class PrecompiledError extends Error {
  override readonly name = "PrecompiledError";
}

/** Anything that answers a call at an address without EVM code. */
export interface TemporaryObject {
  /** @throws PrecompiledError when the call fails with a message; StorageError when a table refuses a value */
  call(context: PrecompiledContext, call: PrecompiledCall): PrecompiledResult;
}

/** A contract with a fixed address. */
export interface PrecompiledContract extends TemporaryObject {
  readonly address: Address;
  /** First supported_version in which the address answers. */
  readonly since: SupportedVersion;
}
