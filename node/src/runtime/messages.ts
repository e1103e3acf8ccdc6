/** Messages between the main thread and a group's thread. Everything in them survives structured cloning. */
import type { MessagePort } from "node:worker_threads";
import type { NodeId, TraceEvent } from "@tsbcos/core/primitives";
import type { GenesisConfig } from "@tsbcos/core/ledger";
import type { GroupOptions } from "@tsbcos/core/group";
import type { PackedBytes } from "./bytes-pack.js";
import type { LogFinding, LogWatch } from "./log-watches.js";

/** What a group's thread is started with. */
export interface GroupThreadStart {
  readonly genesis: GenesisConfig;
  readonly options: GroupOptions;
  readonly chainId: bigint;
  /** Numeric form of supported_version. */
  readonly version: number;
  readonly sm: boolean;
  readonly nodeId: NodeId;
  readonly privateKey: Uint8Array;
  /** Folder of the group's store. */
  readonly storeDirectory: string;
  /** Whether past states are kept and can be called. */
  readonly keepsHistory: boolean;
  /** Of how many blocks back from the head; 0: of all. */
  readonly historyBlocks: number;
  /** Whether receipts and answers to calls tell the reason of a failure in words. */
  readonly revertReasons: boolean;
  /** Bytes of database blocks kept in memory. */
  readonly storeCacheBytes: number;
  /** Seed of the group's random choices (peers to gossip to); drawn by the main thread. */
  readonly seed: string;
  /** Trace events at this level and above are sent to the main thread. */
  readonly traceLevel: TraceEvent["level"];
  readonly verifierPorts: readonly MessagePort[];
  /** Blocks whose logs are pushed together, at most. */
  readonly logBlocksPerPush: number;
  /** Blocks that others fetch must be asked for: a limit of bandwidth is set for the node or the group. */
  readonly limitsBandwidth: boolean;
}

/** A frame without its body; the bodies of a batch are packed in the same order. */
export interface FrameHead {
  readonly from: NodeId;
  readonly moduleId: number;
  readonly packetType: number;
  readonly seq: number;
}

/** One message to be sent, without its body. */
export interface SendHead {
  readonly to: readonly NodeId[];
  readonly moduleId: number;
  readonly packetType: number;
  readonly seq: number;
}

/** An error as it crosses threads. */
export interface PlainError {
  readonly code: number;
  readonly message: string;
  readonly withData: boolean;
}

/** What a client that hands in a transaction wants to be told of it later. */
export interface ReceiptWish {
  /** With the Merkle proofs of transaction and receipt. */
  readonly withProof: boolean;
  /** A refusal, too, is told by a receipt; the submission itself is answered with the hash. */
  readonly refusalsAsReceipts: boolean;
}

/** From the main thread to a group. */
export type ToGroup =
  | { readonly type: "frames"; readonly heads: readonly FrameHead[]; readonly bodies: PackedBytes }
  | { readonly type: "peers"; readonly peers: readonly NodeId[] }
  /** `wishes` has a place for each submission, empty for clients that ask for receipts themselves. */
  | {
      readonly type: "submit";
      readonly requestIds: readonly number[];
      readonly wishes: readonly (ReceiptWish | undefined)[];
      readonly raws: PackedBytes;
    }
  | { readonly type: "read"; readonly requestId: number; readonly method: string; readonly params: unknown }
  | { readonly type: "watch-logs"; readonly watch: LogWatch }
  | { readonly type: "unwatch-logs"; readonly watchId: number }
  /** A finding has reached its client. */
  | { readonly type: "logs-taken"; readonly watchId: number }
  /** Answer to a question for bandwidth. */
  | { readonly type: "bandwidth"; readonly token: number; readonly blocks: number }
  /** Asks for {@link GroupCounters}. */
  | { readonly type: "count"; readonly requestId: number }
  | { readonly type: "stop" };

/** Answer to one submission: the hash, or the refusal's text. */
export type SubmissionAnswer =
  | { readonly requestId: number; readonly hash: string }
  | { readonly requestId: number; readonly refusal: { readonly code: string; readonly text: string } };

/** Answer to one read: JSON text, or an error. */
export type ReadAnswer =
  { readonly requestId: number; readonly text: string } | { readonly requestId: number; readonly error: PlainError };

/** A block that became the head. */
export interface CommittedBlock {
  readonly number: number;
  readonly hash: string;
  readonly transactions: number;
  readonly failed: number;
  /** Index of the proposer. */
  readonly sealer: number;
  readonly timestampMs: number;
  /** Position of this node in the sealer list, 65535 when it is none. */
  readonly nodeIndex: number;
}

/** What there is to count in a group, for metrics. */
export interface GroupCounters {
  readonly height: number;
  readonly pendingTransactions: number;
  /** Undefined for algorithms without views. */
  readonly view: number | undefined;
  readonly sealers: number;
  readonly observers: number;
  /** Position of this node in the sealer list, 65535 when it is none. */
  readonly nodeIndex: number;
  readonly totalTransactions: number;
  readonly failedTransactions: number;
  /** What machines reported since the start, by `ROOM/event`. */
  readonly events: Readonly<Record<string, number>>;
  /** What synchronisation dropped since the start, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** Blocks of these sizes wait to be sent to a peer that fetches them. */
export interface BandwidthAsk {
  readonly token: number;
  readonly sizes: readonly number[];
}

/** From a group to the main thread: one message for everything that one turn produced. */
export interface FromGroup {
  readonly sends?: { readonly heads: readonly SendHead[]; readonly bodies: PackedBytes };
  readonly submissions?: readonly SubmissionAnswer[];
  readonly reads?: readonly ReadAnswer[];
  readonly members?: readonly NodeId[];
  readonly blocks?: readonly CommittedBlock[];
  /** Receipts that were wished for, by the number of the submission. */
  readonly receipts?: readonly { readonly requestId: number; readonly text: string }[];
  readonly findings?: readonly LogFinding[];
  readonly traces?: readonly TraceEvent[];
  /** Batches of frames that have been handled: the main thread bounds what is under way. */
  readonly frameBatchesHandled?: number;
  readonly bandwidthAsks?: readonly BandwidthAsk[];
  readonly counted?: readonly { readonly requestId: number; readonly counters: GroupCounters }[];
  /** The group is open and has taken its first step. */
  readonly ready?: { readonly height: number; readonly hash: string };
  /** The group cannot go on; nothing more comes. */
  readonly failed?: { readonly code: string; readonly message: string };
  /** Everything is written and closed. */
  readonly stopped?: true;
}
