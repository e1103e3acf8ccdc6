/**
 * The plug between a group and its consensus algorithm: what goes in, what comes out, and what a block that arrives
 * by synchronisation is checked against. An algorithm is one machine behind {@link Consensus}.
 */
import type { Failure, Hash, Instant, Machine, NodeId, Random, Result, Tracer } from "../primitives/index.js";
import type { KeyPair } from "../crypto/index.js";
import type { BlockHeader, BlockSignature, VerifiedTransaction } from "../protocol/index.js";
import type { ChainHead, ChainRules, ExecutedBlock, GenesisConfig } from "../ledger/index.js";

/** A JSON value, as the status methods of the RPC return it. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** Waiting transactions, as the consensus sees them: the pool of the group, by structure. */
export interface TransactionSource {
  /** At most `limit` transactions in pool order whose hashes are not in `avoid`; adds the chosen ones to `avoid`. */
  select(limit: number, avoid: Set<Hash>, now: Instant): readonly VerifiedTransaction[];
  /** The waiting transaction with that hash. */
  find(hash: Hash): VerifiedTransaction | undefined;
  /**
   * Whether the next block may hold the transaction: nonce not used on chain, block limit in range (a limit equal to
   * the head's number still is, because a leader may choose one block ahead), ids of this chain and group. Asked for
   * each transaction of a received proposal; a source without it is not asked.
   */
  isIncludable?(transaction: VerifiedTransaction): boolean;
  /** How many transactions wait. */
  readonly size: number;
}

/** What block synchronisation knows, read at each step. */
export interface SyncView {
  /** True while blocks are being fetched. */
  readonly downloading: boolean;
  /** Highest block number that any peer has reported; 0 when none has. */
  readonly knownHighest: number;
}

/** Local options of a group that concern consensus: section `[consensus]` of `group.N.ini`. They may differ between nodes. */
export interface ConsensusOptions {
  /** Hops a message may make when forwarding by time-to-live, 1 to 5; read only without `enableTtlOptimization`. */
  readonly ttl: number;
  /** Shortest time between two blocks that are not full, in milliseconds; below 1000. */
  readonly minBlockGenerationTimeMs: number;
  /** Shrink proposals after time-outs and let them grow again. */
  readonly enableDynamicBlockSize: boolean;
  /** How fast proposals grow again; any value but 0 means doubling. */
  readonly blockSizeIncreaseRatio: number;
  /** Name the unreachable sealers in each packet, so that receivers forward to exactly those. */
  readonly enableTtlOptimization: boolean;
  /** Propose transaction hashes instead of whole transactions. */
  readonly enablePrepareWithTransactionHashes: boolean;
  /** Send proposals along a tree (rPBFT only). */
  readonly broadcastPrepareByTree: boolean;
  /** Share of the working sealers that hear about a received proposal, 25 to 100 (rPBFT only). */
  readonly prepareStatusBroadcastPercent: number;
  /** Wait before missing transactions are asked for, 5 to 1000 ms (rPBFT only). */
  readonly maxRequestMissedTransactionsWaitMs: number;
  /** Wait before a missing proposal is asked for, 10 to 1000 ms (rPBFT only). */
  readonly maxRequestPrepareWaitMs: number;
}

/** Everything a consensus machine may look at besides its inputs. All of it is answered at once, without I/O. */
export interface ConsensusEnvironment {
  readonly rules: ChainRules;
  /** Key of this node: signs votes. */
  readonly key: KeyPair;
  /** Public key of {@link key}, as text. */
  readonly nodeId: NodeId;
  readonly genesis: GenesisConfig;
  readonly options: ConsensusOptions;
  readonly pool: TransactionSource;
  readonly sync: SyncView;
  /** Hash of a stored block. */
  hashAt(height: number): Hash | undefined;
  /** Median clock difference to the peers, in milliseconds: added to our wall clock for block timestamps. */
  timeOffsetMs(): number;
  readonly random: Random;
  readonly trace: Tracer;
  /** Group members with a live session to us. */
  peers(): ReadonlySet<NodeId>;
}

/** Everything that may happen to a consensus machine. */
export type ConsensusInput =
  /** First input, exactly once. `backedUpPrepare` is what the last `persist-prepare` of a former run wrote. */
  | { readonly type: "started"; readonly head: ChainHead; readonly backedUpPrepare: Uint8Array | undefined }
  /** A frame of our module from a session; nothing in it is checked yet. */
  | {
      readonly type: "message-received";
      readonly from: NodeId;
      readonly packetType: number;
      readonly body: Uint8Array;
    }
  | { readonly type: "peer-disconnected"; readonly nodeId: NodeId }
  /** The pool went from empty to not empty, or grew; saying it too often is harmless. */
  | { readonly type: "transactions-available" }
  /** Answer to `verify-transactions`, same order; undefined for what is malformed or badly signed. */
  | {
      readonly type: "transactions-verified";
      readonly token: number;
      readonly transactions: readonly (VerifiedTransaction | undefined)[];
    }
  /** Answer to `persist-prepare`: the bytes survive a crash from now on. */
  | { readonly type: "prepare-persisted"; readonly token: number }
  /** Answer to `execute-block`. */
  | {
      readonly type: "block-executed";
      readonly token: number;
      readonly outcome: Result<ExecutedBlock, Failure>;
    }
  /** A block became the head of the chain, whoever stored it: consensus or synchronisation. */
  | { readonly type: "block-committed"; readonly head: ChainHead; readonly transactions: readonly Hash[] }
  | { readonly type: "tick" };

/** Everything a consensus machine may ask of its host, to be started in order. */
export type ConsensusEffect =
  /** One frame of our module to each of these nodes; at least one. */
  | {
      readonly type: "send";
      readonly to: readonly NodeId[];
      readonly packetType: number;
      readonly body: Uint8Array;
    }
  /** Decode and recover these transactions; answered by `transactions-verified`. */
  | { readonly type: "verify-transactions"; readonly token: number; readonly raws: readonly Uint8Array[] }
  /** Execute on top of the head, store nothing; answered by `block-executed`, with an error when it cannot be done. */
  | {
      readonly type: "execute-block";
      readonly token: number;
      readonly header: BlockHeader;
      readonly transactions: readonly VerifiedTransaction[];
    }
  /** Make these bytes survive a crash, replacing the former ones; answered by `prepare-persisted`. */
  | { readonly type: "persist-prepare"; readonly token: number; readonly bytes: Uint8Array }
  /** Store the agreed block; answered by `block-committed`. */
  | {
      readonly type: "store-block";
      readonly block: ExecutedBlock;
      readonly signatures: readonly BlockSignature[];
    }
  /** We are about to produce this height: synchronisation need not download it. A height not above the head takes that back. */
  | { readonly type: "sealing"; readonly height: number };

/** A block that came by synchronisation, before its execution. */
export interface SyncedBlock {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly signatures: readonly BlockSignature[];
  readonly transactionCount: number;
}

/** A consensus algorithm: one machine a group. */
export interface Consensus extends Machine<ConsensusInput, ConsensusEffect> {
  /** P2P module whose frames are this algorithm's; 0 when it has none. */
  readonly moduleId: number;
  /** True when `block` may follow `head`: agreed by enough distinct sealers, and with the header fields this algorithm fixes. */
  checkSyncedBlock(block: SyncedBlock, head: ChainHead): Result<void, Failure>;
  /** The node ids that the header of the block after `head` carries. */
  consensusNodes(head: ChainHead): readonly NodeId[];
  /** What `getConsensusStatus` answers. */
  status(): JsonValue;
  /** What `getPbftView` answers; undefined for algorithms without views. */
  view(): number | undefined;
  /**
   * Asserts what must hold after each step. For simulations and tests; costs a walk over the caches.
   *
   * @throws InvariantError when the machine is broken
   */
  invariants(): void;
}

/**
 * Deliberate faults for tests of the tests: a simulator must find what these break. Production never passes one.
 */
export interface PlantedBugs {
  /** Votes that count as enough, by number of sealers, in place of the real quorum. */
  readonly quorum?: (sealerCount: number) => number;
}

/** Why a group cannot run: there is no machine for its consensus type. */
export interface ConsensusUnavailable extends Failure {
  readonly code: "consensus-type-unknown";
  readonly consensusType: string;
  /** What is wrong and what to do, for the operator. */
  readonly message: string;
}

/** Makes the machine of one consensus type. */
export type ConsensusFactory = (
  environment: ConsensusEnvironment,
  plantedBugs?: PlantedBugs,
) => Result<Consensus, ConsensusUnavailable>;
