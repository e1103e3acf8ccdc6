/**
 * Everything a Raft machine remembers, in one object, and the few questions that every handler asks of it.
 *
 * Each file beside this one handles one concern by changing this state and appending effects.
 */
import { NOT_A_SEALER } from "../../primitives/index.js";
import type { Hash, Height, Instant, NodeId, NodeIndex, TraceEvent } from "../../primitives/index.js";
import { encodeRaftMessage } from "../../protocol/index.js";
import type { BlockHeader, RaftMessage, RaftSender, VerifiedTransaction } from "../../protocol/index.js";
import type { ChainHead } from "../../ledger/index.js";
import type { ConsensusEffect, ConsensusEnvironment, PlantedBugs } from "../interface.js";
import { Sealer } from "../sealer/index.js";
import { startElectionClock } from "./clock.js";
import type { ElectionClock } from "./clock.js";

/** Shortest time between two blocks, milliseconds; one that is full need not wait. */
export const BLOCK_INTERVAL_MS = 1000;

/** P2P packet type of all Raft messages. */
const PACKET_TYPE = 0;

/** What a node is at the moment. */
export type Role = "follower" | "candidate" | "leader";

/** A block that is offered for the height after the head, and that nobody is known to have stored. */
export interface OfferedBlock {
  readonly header: BlockHeader;
  /** Hash of the proposal: what is acknowledged. */
  readonly hash: Hash;
  /** Encoding with whole transactions: what heartbeats carry. */
  readonly bytes: Uint8Array;
  readonly rawTransactions: readonly Uint8Array[];
  /** The transactions, once all of them are known to be well signed. */
  readonly transactions: readonly VerifiedTransaction[] | undefined;
  /** Term of the leader from whom we have it: our own when we offer it. */
  term: number;
  /** We have put it together ourselves, in our present time as leader. */
  readonly isOurs: boolean;
}

/** How far the leader is with a block that enough sealers have acknowledged. */
export type Deciding =
  | {
      readonly stage: "verifying";
      readonly token: number;
      readonly waiting: readonly (VerifiedTransaction | undefined)[];
    }
  | { readonly stage: "executing"; readonly token: number }
  | { readonly stage: "storing" };

/** What a candidate has heard since it asked. */
export interface Candidacy {
  /** Our term before we stood: we go back to it when too few are there to elect anybody. */
  readonly formerTerm: number;
  /** Sealers that gave each answer, by flag. */
  readonly answers: Map<number, Set<NodeId>>;
}

/** What a leader knows of the others. */
export interface Leadership {
  lastHeartbeatMs: number;
  /** When a majority was last known to be there. */
  majoritySeenMs: number;
  /** Answers to heartbeats that were not counted for a majority yet. */
  readonly credits: Map<NodeId, number>;
  /** Head of each member, as its last answer said. */
  readonly heads: Map<NodeId, { readonly height: number; readonly hash: Hash }>;
  /** Members that hold the block we offer, ourselves not counted. */
  readonly acknowledged: Set<NodeId>;
}

/** A message that leaves when the promise in it survives a crash. */
export interface HeldMessage {
  readonly token: number;
  readonly to: readonly NodeId[] | "all";
  readonly message: RaftMessage;
}

/** The state of one machine. Handlers change it freely within one step; `invariants.ts` says what holds between steps. */
export class RaftState {
  readonly environment: ConsensusEnvironment;
  readonly sealer: Sealer;
  readonly clock: ElectionClock;

  head: ChainHead;
  role: Role = "follower";
  term = 0;
  /** Term of the last leader that was heard of. */
  lastLeaderTerm = 0;
  /** Highest term that kept us from being elected, or in which we would not have another elected: we stand above it. */
  seenTerm = 0;
  leader: NodeId | undefined;
  /** Whose request was refused because it was the first; the next one may be granted. */
  firstVote: NodeId | undefined;
  /** Heartbeats since {@link firstVote}. */
  heartbeatsSinceVote = 0;
  /** The highest term we have voted in, and for whom: kept on disk. */
  votedTerm = 0;
  votedFor: NodeId | undefined;
  /** The block we have acknowledged or offer: kept on disk. */
  offered: OfferedBlock | undefined;
  deciding: Deciding | undefined;
  /** Set exactly while we are a candidate. */
  candidacy: Candidacy | undefined;
  /** Set exactly while we lead. */
  leadership: Leadership | undefined;
  /** Steady time of the last block, or of the start. */
  lastBlockMs: number;
  /** Steady time at which we, the leader, may have something to propose. */
  sealAtMs: number | undefined;
  /** Messages that wait for the disk, oldest first. */
  readonly held: HeldMessage[] = [];
  /** What was last handed over to the disk: to notice that nothing has changed. */
  notedVows = "";

  /** The moment of this step. */
  now: Instant;
  effects: ConsensusEffect[] = [];
  readonly #plantedBugs: PlantedBugs;
  #lastToken = 0;

  constructor(environment: ConsensusEnvironment, head: ChainHead, now: Instant, plantedBugs: PlantedBugs) {
    this.environment = environment;
    this.#plantedBugs = plantedBugs;
    this.head = head;
    this.now = now;
    this.lastBlockMs = now.steadyMs;
    this.sealer = new Sealer(environment.pool, { minMs: BLOCK_INTERVAL_MS, emptyMs: Number.POSITIVE_INFINITY });
    this.clock = startElectionClock(environment.genesis, environment.random, now.steadyMs);
  }

  /** Height being decided. */
  get height(): Height {
    return (this.head.header.number + 1) as Height;
  }

  /** Sealers that may fail: `floor((n − 1) / 2)`. */
  get faulty(): number {
    return Math.floor((this.head.sealers.length - 1) / 2);
  }

  /** Distinct sealers, ourselves included, that elect and decide. */
  get majority(): number {
    const count = this.head.sealers.length;
    return this.#plantedBugs.quorum?.(count) ?? count - this.faulty;
  }

  /** Our position among the sealers; {@link NOT_A_SEALER} when we are none. */
  get ownIndex(): NodeIndex {
    const index = this.head.sealers.indexOf(this.environment.nodeId);
    return index < 0 ? NOT_A_SEALER : (index as NodeIndex);
  }

  /** True when this node takes part. */
  get isSealer(): boolean {
    return this.ownIndex !== NOT_A_SEALER;
  }

  /** True when nobody else is there to agree with. */
  get isAlone(): boolean {
    return this.isSealer && this.head.sealers.length === 1;
  }

  /** Number of the highest block that we have, stored or acknowledged. */
  get lastBlockNumber(): number {
    return this.offered === undefined ? this.head.header.number : this.height;
  }

  /** What every message of ours begins with. */
  sender(): RaftSender {
    const { header, hash } = this.head;
    return { index: this.ownIndex, term: this.term, height: header.number, blockHash: hash };
  }

  /** A number for an effect that will be answered. */
  nextToken(): number {
    return ++this.#lastToken;
  }

  /** Sends a message to these sealers, as far as there is a session. */
  send(to: readonly NodeId[] | "all", message: RaftMessage): void {
    const peers = this.environment.peers();
    const { nodeId } = this.environment;
    const targets = (to === "all" ? this.head.sealers : to).filter((node) => node !== nodeId && peers.has(node));
    if (targets.length === 0) return;
    this.emit({ type: "send", to: targets, packetType: PACKET_TYPE, body: encodeRaftMessage(message) });
  }

  /** Appends an effect. */
  emit(effect: ConsensusEffect): void {
    this.effects.push(effect);
  }

  /** One trace event of this machine. */
  trace(level: TraceEvent["level"], event: string, fields: NonNullable<TraceEvent["fields"]> = {}): void {
    const { height, term, role } = this;
    this.environment.trace({ room: "RAFT", level, event, fields: { height, term, role, ...fields } });
  }
}
