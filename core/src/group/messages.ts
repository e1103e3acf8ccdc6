/** What goes into a group and what comes out: the whole surface between the deciding code of one ledger and its host. */
import type { Failure, Hash, Instant, NodeId, Result } from "../primitives/index.js";
import type { BlockHeader, BlockSignature, VerifiedTransaction } from "../protocol/index.js";
import type { ChainHead, ExecutedBlock } from "../ledger/index.js";
import type { AbandonedTransaction, AdmissionFailure } from "../txpool/index.js";

/** Everything that may happen to a group. */
export type GroupInput =
  /** First input, exactly once. `backedUpPrepare` is what the last `persist-prepare` of a former run wrote. */
  | { readonly type: "started"; readonly backedUpPrepare: Uint8Array | undefined }
  /** A frame of this group from an authenticated session, decompressed; nothing else in it is checked yet. */
  | {
      readonly type: "frame-received";
      readonly from: NodeId;
      readonly moduleId: number;
      readonly packetType: number;
      readonly seq: number;
      readonly body: Uint8Array;
    }
  /** All live sessions of the node, whether the peers belong to this group or not. */
  | { readonly type: "peers-changed"; readonly peers: readonly NodeId[] }
  /** A client hands in an encoded transaction; answered by one `submission-result` with the same `requestId`. */
  | { readonly type: "transaction-submitted"; readonly requestId: number; readonly raw: Uint8Array }
  /** Answer to `verify-transactions`, same order; undefined for what is malformed or badly signed. */
  | {
      readonly type: "transactions-verified";
      readonly token: number;
      readonly transactions: readonly (VerifiedTransaction | undefined)[];
    }
  /** Answer to `execute-block`. */
  | {
      readonly type: "block-executed";
      readonly token: number;
      readonly outcome: Result<ExecutedBlock, Failure>;
    }
  /** Answer to `store-block`: the block survives a crash from now on, and `head` is its chain head. */
  | { readonly type: "block-stored"; readonly token: number; readonly head: ChainHead }
  /** Answer to `persist-prepare`: the bytes survive a crash from now on. */
  | { readonly type: "prepare-persisted"; readonly token: number }
  /** Answer to `ask-bandwidth`: the first so many of those blocks may leave now, at least one. */
  | { readonly type: "bandwidth-granted"; readonly token: number; readonly blocks: number }
  /** Time has passed: given at or after {@link GroupPorts.wakeAt}. */
  | { readonly type: "tick" };

/** Everything a group may ask of its host, to be started in order. */
export type GroupEffect =
  /** One frame to each of these nodes. `seq` 0 means: assign a fresh sequence number; any other is a relayed frame's own. */
  | {
      readonly type: "send";
      readonly to: readonly NodeId[];
      readonly moduleId: number;
      readonly packetType: number;
      readonly seq: number;
      readonly body: Uint8Array;
    }
  /** Decode, hash and recover these transactions, at most `VERIFY_BATCH_TRANSACTIONS_MAX`; answered by `transactions-verified`. */
  | { readonly type: "verify-transactions"; readonly token: number; readonly raws: readonly Uint8Array[] }
  /** Execute on top of the stored head and store nothing; answered by `block-executed`. `expectedHash`: a block of sync. */
  | {
      readonly type: "execute-block";
      readonly token: number;
      readonly header: BlockHeader;
      readonly transactions: readonly VerifiedTransaction[];
      readonly expectedHash: Hash | undefined;
    }
  /** Write the block in one atomic, durable batch; answered by `block-stored`. Never two for one height. */
  | {
      readonly type: "store-block";
      readonly token: number;
      readonly block: ExecutedBlock;
      readonly signatures: readonly BlockSignature[];
    }
  /** Make these bytes survive a crash, replacing the former ones; answered by `prepare-persisted`. */
  | { readonly type: "persist-prepare"; readonly token: number; readonly bytes: Uint8Array }
  /**
   * Blocks of these sizes in bytes are ready for a peer that fetches them. Answered by `bandwidth-granted` as soon as
   * limits of bandwidth let at least one leave; everything else leaves without being asked for.
   */
  | { readonly type: "ask-bandwidth"; readonly token: number; readonly sizes: readonly number[] }
  /** Answer to `transaction-submitted`: the hash of the admitted transaction, or why it was refused. */
  | {
      readonly type: "submission-result";
      readonly requestId: number;
      readonly result: Result<Hash, AdmissionFailure>;
    }
  /** A transaction that a client handed in and that was admitted is given up: the client gets a receipt with `status`. */
  | {
      readonly type: "transaction-abandoned";
      readonly transaction: VerifiedTransaction;
      readonly status: number;
      readonly reason: AbandonedTransaction["reason"];
    }
  /** Sealers and observers at the head, given at the start and whenever they change: who may have frames of this group. */
  | { readonly type: "members-changed"; readonly members: readonly NodeId[] }
  /** A block became the head: time for receipts, notifications and event logs. */
  | { readonly type: "block-committed"; readonly head: ChainHead; readonly block: ExecutedBlock };

/** One kind of effect, by its name. */
export type GroupEffectOf<Type extends GroupEffect["type"]> = Extract<GroupEffect, { readonly type: Type }>;

/** What a host provides to {@link GroupDriver}. Production and simulation differ in nothing else. */
export interface GroupPorts {
  /** Starts one effect. Must return at once; results come back through `post`, during the call or later. */
  perform(effect: GroupEffect): void;
  /** The time of this moment. */
  now(): Instant;
  /** Replaces the wake-up call: post a `tick` at or soon after this steady time; undefined cancels it. */
  wakeAt(steadyMs: number | undefined): void;
}
