/** What the methods of one group read from. The group's thread provides it; only calls on past states wait. */
import type { Address, Hash, Result } from "@tsbcos/core/primitives";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import type { SupportedVersion, VerifiedTransaction } from "@tsbcos/core/protocol";
import type { Json } from "@tsbcos/core/protocol";
import type { PastCallFailure } from "./errors.js";
import type { Additions, StoredBlock } from "./objects.js";

/** The head of the chain, as far as RPC shows it. */
export interface HeadView {
  readonly number: number;
  readonly sealers: readonly string[];
  readonly observers: readonly string[];
  readonly totalTransactions: number;
  readonly failedTransactions: number;
}

/** What a call without a transaction gave. */
export interface CallOutcome {
  readonly status: number;
  readonly output: Uint8Array;
}

/** A call without a transaction. */
export interface CallRequest {
  readonly from: Address;
  readonly to: Address;
  readonly value: bigint;
  readonly data: Uint8Array;
}

/** One group, read-only. */
export interface GroupReader extends Additions {
  readonly suite: CryptoSuite;
  readonly version: SupportedVersion;
  /** `pbft`, `rpbft`, `raft` or `solo`. */
  readonly consensusType: string;
  /** True when this node is sealer or observer of the group. */
  isMember(): boolean;
  head(): HeadView;
  hashAt(height: number): Hash | undefined;
  /** Height of the block with that hash. */
  heightOf(hash: Hash): number | undefined;
  block(height: number): StoredBlock | undefined;
  locateTransaction(hash: Hash): { readonly height: number; readonly index: number } | undefined;
  /** Value in force for the block after `height`; undefined when never set. */
  systemConfig(key: string, height: number): string | undefined;
  code(address: Address): Uint8Array;
  pending(): readonly VerifiedTransaction[];
  pendingCount(): number;
  /** Node ids of those who decide the next block, ascending. */
  consensusNodes(): readonly string[];
  consensusStatus(): Json;
  /** Undefined for algorithms without views. */
  pbftView(): number | undefined;
  syncStatus(): Json;
  call(request: CallRequest): CallOutcome;
  /** The same on the state after an earlier block, without holding up the group. */
  callAfter(height: number, request: CallRequest): Promise<Result<CallOutcome, PastCallFailure>>;
}
