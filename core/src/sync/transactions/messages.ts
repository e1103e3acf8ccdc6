/** What goes into transaction synchronisation, what comes out, and what it may look at. */
import type { Failure, Hash, Instant, NodeId, Random, Result, Tracer } from "../../primitives/index.js";
import type { SyncPacket, VerifiedTransaction } from "../../protocol/index.js";
import type { ChainHead, ChainRules } from "../../ledger/index.js";
import type { Marks } from "./marks.js";

/** Packets that transaction synchronisation takes. */
export type TransactionSyncPacket = Extract<
  SyncPacket,
  { readonly type: "transactions" | "transactions-status" | "request-transactions" }
>;

/** Everything that may happen to transaction synchronisation. */
export type TransactionSyncInput =
  /** First input, exactly once. */
  | { readonly type: "started"; readonly head: ChainHead }
  /** A decoded packet of module 9 with the frame it came in; nothing else in it is checked yet. */
  | {
      readonly type: "message-received";
      readonly from: NodeId;
      /** P2P packet type: 1 for transactions that are to be relayed. */
      readonly packetType: number;
      /** Sequence number of the frame, kept when it is relayed. */
      readonly seq: number;
      /** Body of the frame, decompressed: what is relayed. */
      readonly body: Uint8Array;
      readonly packet: TransactionSyncPacket;
    }
  /** Answer to `verify-transactions`, same order; undefined for what is malformed or badly signed. */
  | {
      readonly type: "transactions-verified";
      readonly token: number;
      readonly transactions: readonly (VerifiedTransaction | undefined)[];
    }
  /** Transactions of clients went into the pool; saying it too often is harmless. */
  | { readonly type: "transactions-available" }
  /** A block became the head of the chain. */
  | { readonly type: "block-committed"; readonly head: ChainHead }
  /** Sessions came or went, after block synchronisation has heard of it. */
  | { readonly type: "peers-changed" }
  | { readonly type: "tick" };

/** Everything transaction synchronisation may ask of its host, to be started in order. */
export type TransactionSyncEffect =
  /** One frame of module 9 to each of these nodes; at least one. `seq` 0 means: assign a fresh one. */
  | {
      readonly type: "send";
      readonly to: readonly NodeId[];
      readonly packetType: number;
      readonly seq: number;
      readonly body: Uint8Array;
    }
  /** Decode, hash and recover these transactions, at least one; answered by `transactions-verified`. */
  | { readonly type: "verify-transactions"; readonly token: number; readonly raws: readonly Uint8Array[] }
  /** The pool grew by that many transactions of peers: consensus may want to know. */
  | { readonly type: "transactions-imported"; readonly count: number };

/** Local options of a group that concern transaction synchronisation: section `[sync]` of `group.N.ini`. */
export interface TransactionSyncOptions {
  /** Push transactions along a tree instead of to every consensus node. All nodes must agree. Always off in raft groups. */
  readonly sendTransactionsByTree: boolean;
  /** Peers at most that are told the hash of a received transaction; 0 turns announcements off. */
  readonly transactionGossipPeersMax: number;
  /** Longest time that a new transaction waits for others to be pushed with it, in milliseconds; more than 20 means 20. */
  readonly idleWaitMs: number;
}

/** A waiting transaction. Its marks, who is known to have it, are written by transaction synchronisation alone. */
export interface SyncedTransaction extends Marks {
  readonly transaction: VerifiedTransaction;
  /** A client handed it to this node: we are the one to push it. */
  readonly fromClient: boolean;
}

/** The pool of the group, as transaction synchronisation sees it. */
export interface SyncedPool {
  readonly size: number;
  /** Transactions it may hold. */
  readonly limit: number;
  /** True while {@link takeUnsent} has something to give. */
  readonly hasUnsent: boolean;
  has(hash: Hash): boolean;
  pendingTransaction(hash: Hash): SyncedTransaction | undefined;
  import(transaction: VerifiedTransaction, source: "peer", now: Instant): Result<Hash, Failure>;
  /** The oldest transactions that were never given out here, at most `limit`. */
  takeUnsent(limit: number): readonly SyncedTransaction[];
  /** Everything waiting counts as never given out again. */
  markAllUnsent(): void;
  /** Calls `visit` for every waiting transaction, oldest first. */
  forEachPending(visit: (pending: SyncedTransaction) => void): void;
}

/** Everything transaction synchronisation may look at besides its inputs. All of it is answered at once. */
export interface TransactionSyncEnvironment {
  readonly rules: ChainRules;
  readonly nodeId: NodeId;
  readonly options: TransactionSyncOptions;
  readonly pool: SyncedPool;
  /** Peers that block synchronisation keeps in its table: the only ones that may send transactions. */
  syncPeers(): ReadonlySet<NodeId>;
  /** Node ids that the header of the block after `head` carries: those who are to have transactions. */
  consensusNodes(head: ChainHead): readonly NodeId[];
  readonly random: Random;
  readonly trace: Tracer;
}
