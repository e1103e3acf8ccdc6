/** What the executor is given and what it gives back. */
import type { CryptoSuite } from "../crypto/index.js";
import type { Address, Failure, Hash } from "../primitives/index.js";
import type { BlockHeader, Receipt, SupportedVersion, VerifiedTransaction } from "../protocol/index.js";
import type { CommittedRows, StateChanges } from "../state/index.js";

/** What stays the same from block to block of one group. */
export interface ExecutorOptions {
  /** Committed state; the executor only reads it. */
  readonly rows: CommittedRows;
  readonly suite: CryptoSuite;
  readonly version: SupportedVersion;
  readonly chainId: bigint;
  readonly groupId: number;
  /** Chain with cheap storage operations (`evm.enable_free_storage`). */
  readonly freeStorage: boolean;
  /** Hash of a block of the chain, for BLOCKHASH. */
  blockHashAt(number: number): Hash | undefined;
}

/** A block to be executed on top of the committed state. */
export interface BlockInput {
  /** Its roots are ignored and recomputed, except transactionsRoot. */
  readonly header: BlockHeader;
  readonly transactions: readonly VerifiedTransaction[];
  /** Given for a block that others have executed already: the executed header must hash to it. */
  readonly expectedHash?: Hash | undefined;
  /** True when transactions are paid with charged gas (`enable_charge_mgr`, as it holds for this block). */
  readonly chargeGas: boolean;
}

/** A block after execution, ready to be agreed on and stored. */
export interface BlockResult {
  /** With all roots. */
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly transactions: readonly VerifiedTransaction[];
  readonly receipts: readonly Receipt[];
  /** The receipts encoded, as their root was taken of them. */
  readonly encodedReceipts: readonly Uint8Array[];
  readonly changes: StateChanges;
}

/** Why a block has no result: others have executed it to another one. */
export interface ExecutionFailure extends Failure {
  readonly code: "block-hash-mismatch";
  readonly expected: Hash;
  readonly computed: Hash;
  /** The header as computed here, to find out which root differs. */
  readonly header: BlockHeader;
}

/** A read-only call on top of the latest block. */
export interface CallInput {
  readonly from: Address;
  readonly to: Address;
  readonly data: Uint8Array;
  readonly value?: bigint;
  /** The latest block. */
  readonly head: { readonly header: BlockHeader; readonly hash: Hash };
  readonly chargeGas?: boolean;
}

/** What a read-only call answered. */
export interface CallResult {
  readonly status: number;
  readonly output: Uint8Array;
  readonly gasUsed: bigint;
}
