/** What goes into block synchronisation, what comes out, and what it may look at. */
import type { Failure, Hash, NodeId, Random, Result, Tracer } from "../../primitives/index.js";
import type { BlockHeader, BlockSignature, VerifiedTransaction } from "../../protocol/index.js";
import type { SyncPacket } from "../../protocol/index.js";
import type { ChainHead, ChainRules, ExecutedBlock } from "../../ledger/index.js";

/** Packets that block synchronisation takes. */
export type BlockSyncPacket = Extract<SyncPacket, { readonly type: "status" | "blocks" | "request-blocks" }>;

/** Everything that may happen to block synchronisation. */
export type BlockSyncInput =
  /** First input, exactly once. */
  | { readonly type: "started"; readonly head: ChainHead }
  /** A decoded packet of module 9 from a session; nothing else in it is checked yet. */
  | { readonly type: "message-received"; readonly from: NodeId; readonly packet: BlockSyncPacket }
  /** All live sessions of the node that may carry frames of this group, members or not. */
  | { readonly type: "peers-changed"; readonly peers: readonly NodeId[] }
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
  /** A block became the head of the chain, whoever stored it: consensus or synchronisation. */
  | { readonly type: "block-committed"; readonly head: ChainHead }
  /** Answer to `ask-bandwidth`: the first so many of those blocks may leave now, at least one. */
  | { readonly type: "bandwidth-granted"; readonly token: number; readonly blocks: number }
  /** Consensus is about to produce this height: it need not be downloaded. 0 takes the promise back. */
  | { readonly type: "sealing"; readonly height: number }
  | { readonly type: "tick" };

/** Everything block synchronisation may ask of its host, to be started in order. */
export type BlockSyncEffect =
  /** One frame of module 9 to each of these nodes; at least one. */
  | {
      readonly type: "send";
      readonly to: readonly NodeId[];
      readonly packetType: number;
      readonly body: Uint8Array;
    }
  /** Decode and recover these transactions, at least one; answered by `transactions-verified`. */
  | { readonly type: "verify-transactions"; readonly token: number; readonly raws: readonly Uint8Array[] }
  /** Execute on top of the head, store nothing; answered by `block-executed`, with an error when the hash differs. */
  | {
      readonly type: "execute-block";
      readonly token: number;
      readonly header: BlockHeader;
      readonly transactions: readonly VerifiedTransaction[];
      readonly expectedHash: Hash;
    }
  /**
   * Blocks of these sizes in bytes, at least one, are ready for a peer. Answered by `bandwidth-granted` as soon as
   * limits of bandwidth let the first of them leave; nothing else is asked meanwhile.
   */
  | { readonly type: "ask-bandwidth"; readonly token: number; readonly sizes: readonly number[] }
  /** Store the block unless its height is stored already; answered by `block-committed`. */
  | { readonly type: "store-block"; readonly block: ExecutedBlock; readonly signatures: readonly BlockSignature[] };

/** Local options of a group that concern block synchronisation: section `[sync]` of `group.N.ini`. */
export interface BlockSyncOptions {
  /** Tell a tree of nodes and a few random ones about new blocks instead of everybody. Always off in raft groups. */
  readonly syncBlockByTree: boolean;
  /** Time between two rounds of gossip, 1000 to 3000 ms. */
  readonly gossipIntervalMs: number;
  /** Peers told in a round of gossip, at least 1. */
  readonly gossipPeersNumber: number;
  /** Bytes that downloaded blocks may occupy, at least 32 MiB. */
  readonly downloadBytesMax: number;
}

/** Everything block synchronisation may look at besides its inputs. All of it is answered at once. */
export interface BlockSyncEnvironment {
  readonly rules: ChainRules;
  readonly nodeId: NodeId;
  readonly options: BlockSyncOptions;
  /** The stored encoding of a block with receipts and signatures; undefined above the head. */
  encodedBlock(number: number): Uint8Array | undefined;
  /** Ok when enough distinct sealers agreed on the block that is to follow `head`. */
  checkSyncedBlock(
    block: {
      readonly header: BlockHeader;
      readonly hash: Hash;
      readonly signatures: readonly BlockSignature[];
      readonly transactionCount: number;
    },
    head: ChainHead,
  ): Result<void, Failure>;
  /** Node ids that the header of the block after `head` carries. */
  consensusNodes(head: ChainHead): readonly NodeId[];
  /** Waiting transactions: those found here are verified already. */
  readonly pool: { readonly size: number; find(hash: Hash): VerifiedTransaction | undefined };
  readonly random: Random;
  readonly trace: Tracer;
}
