/**
 * Everything a PBFT machine remembers, in one object, and the few questions that every handler asks of it.
 *
 * Each file beside this one handles one kind of input by changing this state and appending effects; nothing else is
 * shared between them.
 */
import { FAR_BEHIND_BLOCKS } from "../../primitives/index.js";
import type { Hash, Height, Instant, NodeId, NodeIndex, TraceEvent } from "../../primitives/index.js";
import type { CryptoSuite } from "../../crypto/index.js";
import type { HashProposal, MissingTransaction, PbftMessage, VerifiedTransaction } from "../../protocol/index.js";
import type { ChainHead, ExecutedBlock } from "../../ledger/index.js";
import type { ConsensusEffect, ConsensusEnvironment, PlantedBugs } from "../interface.js";
import { BlockSize, Sealer } from "../sealer/index.js";
import { BroadcastFilter } from "./broadcast-filter.js";
import { FuturePrepares, FutureVotes } from "./future.js";
import type { Membership, MembershipRule } from "./membership.js";
import type { Opening } from "./opening.js";
import type { Proposal, VerifiedProposal } from "./proposal.js";
import { EMPTY_BLOCK_INTERVAL_MS, startTimers } from "./timers.js";
import type { Timers } from "./timers.js";
import type { Spreading } from "./spreading.js";
import { ViewChangeBox } from "./view-changes.js";
import { VoteBox } from "./votes.js";

/** How a message came, as far as forwarding needs it. */
export interface Envelope {
  /** Peer whose session brought it. */
  readonly from: NodeId;
  readonly ttl: number;
  /** Sealers that its sender could not reach; undefined where messages are forwarded by their ttl. */
  readonly forwardNodes: readonly NodeId[] | undefined;
}

/** A prepare that passed all checks: the one this node works on. */
export interface AcceptedPrepare {
  readonly message: PbftMessage;
  readonly proposal: Proposal;
}

/** An accepted prepare that was executed, and that we have signed. */
export interface ExecutedPrepare {
  readonly prepare: AcceptedPrepare;
  readonly block: ExecutedBlock;
  /** Enough sealers signed; the prepare was handed over to be persisted. */
  quorumSigned: boolean;
}

/** A prepare by hashes, some of whose transactions were asked for. */
export interface PartialPrepare {
  readonly message: PbftMessage;
  readonly envelope: Envelope;
  readonly proposal: HashProposal;
  readonly transactions: readonly (VerifiedTransaction | undefined)[];
  readonly missing: readonly MissingTransaction[];
  /** Steady time at which it came. */
  readonly sinceMs: number;
  /** Who was asked; undefined while it is better to wait. */
  asked: NodeId | undefined;
  /** Token of the verification of the answer, once there is one. */
  verifying: number | undefined;
}

/** Transactions of the accepted prepare that are being verified. */
export interface PendingVerification {
  readonly token: number;
  readonly prepare: AcceptedPrepare;
  readonly hashes: readonly Hash[];
  readonly transactions: readonly (VerifiedTransaction | undefined)[];
}

/** Execution of the accepted prepare. */
export interface PendingExecution {
  readonly token: number;
  readonly prepare: AcceptedPrepare;
}

/** What a state begins with. */
export interface StateParts {
  readonly environment: ConsensusEnvironment;
  readonly head: ChainHead;
  readonly now: Instant;
  readonly plantedBugs: PlantedBugs;
  readonly membershipRule: MembershipRule;
}

/** The state of one machine. Handlers change it freely within one step; `invariants.ts` says what holds between steps. */
export class PbftState {
  readonly environment: ConsensusEnvironment;
  readonly suite: CryptoSuite;
  readonly sealer: Sealer;
  readonly blockSize: BlockSize;
  readonly plantedBugs: PlantedBugs;
  readonly filter = new BroadcastFilter();
  readonly timers: Timers;
  /** How proposals travel; undefined where they are sent to everybody. */
  spreading: Spreading | undefined;
  /** What proposals begin with; undefined where they hold what waits and nothing else. */
  opening: Opening | undefined;

  head: ChainHead;
  /** The head before {@link head}; undefined until this run has seen one become the next. */
  formerHead: ChainHead | undefined;
  members: Membership;
  /** Round at this height that we take part in. */
  view = 0;
  /** Round that we want: above `view` while a view change is under way. */
  toView = 0;
  /** The leader of this view has timed out or has passed on the lead; nobody leads until the view changes. */
  leaderFailed = false;

  accepted: AcceptedPrepare | undefined;
  executed: ExecutedPrepare | undefined;
  /** Prepare that this node is bound to since enough sealers signed it: nothing else is signed at its height. */
  locked: PbftMessage | undefined;
  /** What {@link locked} was executed to; undefined while nothing is locked, and for the lock of a former run. */
  lockedAs: Hash | undefined;
  /** Last proposal whose transactions are at hand, for those who miss some; outlives its height. */
  answerable: VerifiedProposal | undefined;
  /** Answers given for {@link answerable}, by peer. */
  answersGiven = new Map<NodeId, number>();
  partial: PartialPrepare | undefined;
  partialFuture: PartialPrepare | undefined;
  verification: PendingVerification | undefined;
  execution: PendingExecution | undefined;
  /** Our commit vote, which leaves when this `persist-prepare` is answered. */
  persisting: { readonly token: number; readonly commit: PbftMessage } | undefined;
  /** A block of this height was handed over to be stored. */
  storing = false;
  /** View in which we have proposed, as its leader: once is enough. */
  proposedInView: number | undefined;
  /** Steady time at which we, the leader, may have something to propose. */
  proposeAtMs: number | undefined;

  /** What was accepted and what was signed at this height, by view: a second, different one is refused. */
  readonly acceptedHashes = new Map<number, Hash>();
  readonly signedHashes = new Map<number, Hash>();
  readonly signs = new VoteBox();
  readonly commits = new VoteBox();
  /** Those of {@link commits} that came from their author and from nobody else. */
  readonly firsthand = new WeakSet<PbftMessage>();
  readonly viewChanges = new ViewChangeBox();
  /** The view changes by which the current view began; none for view 0. */
  viewBeganBy: readonly PbftMessage[] = [];
  /** Steady time at which lagging sealers were last given {@link viewBeganBy}. */
  readonly broughtUpAtMs = new Map<NodeIndex, number>();
  /** Number of the head when this run of the node began. */
  readonly startNumber: number;
  /** Our last view change, to be sent again to those who fell behind. */
  ownViewChange: PbftMessage | undefined;
  readonly futurePrepares = new FuturePrepares();
  readonly futureVotes = new FutureVotes();
  /** Last view seen of each sealer: for the status alone. */
  readonly viewsSeen = new Map<NodeIndex, number>();
  /** Votes and view changes that the invariants have verified: for them alone. */
  readonly proven = new WeakSet<PbftMessage>();
  /** Sessions at the last broadcast: for the status alone. */
  connectedNodes = 0;

  /** The moment of this step. */
  now: Instant;
  effects: ConsensusEffect[] = [];
  readonly #membershipRule: MembershipRule;
  #lastToken = 0;

  constructor(parts: StateParts) {
    const { environment, head, now, plantedBugs, membershipRule } = parts;
    const { options, rules, pool } = environment;
    this.environment = environment;
    this.#membershipRule = membershipRule;
    this.suite = rules.suite;
    this.plantedBugs = plantedBugs;
    this.head = head;
    this.startNumber = head.header.number;
    this.now = now;
    this.members = this.membersAfter(head);
    this.timers = startTimers(now.steadyMs);
    const minMs = Math.min(options.minBlockGenerationTimeMs, EMPTY_BLOCK_INTERVAL_MS - 1);
    this.sealer = new Sealer(pool, { minMs, emptyMs: EMPTY_BLOCK_INTERVAL_MS });
    this.blockSize = new BlockSize({
      dynamic: options.enableDynamicBlockSize,
      increaseRatio: options.blockSizeIncreaseRatio,
      limit: head.settings.txCountLimit,
    });
  }

  /** Height being decided. */
  get height(): Height {
    return (this.head.header.number + 1) as Height;
  }

  /** True when this node takes part in the decision. */
  get takesPart(): boolean {
    return this.members.takesPart;
  }

  /** Who decides the block after `of`. */
  membersAfter(of: ChainHead): Membership {
    return this.#membershipRule(of, this.environment.nodeId, this.plantedBugs.quorum);
  }

  /** Index of the leader of the current view; undefined while nobody leads. */
  get leader(): NodeIndex | undefined {
    return this.takesPart && !this.leaderFailed ? this.members.leaderOf(this.view) : undefined;
  }

  /** A number for an effect that will be answered. */
  nextToken(): number {
    return ++this.#lastToken;
  }

  /** True while votes must be left alone because synchronisation will bring the block: far behind, or fetching it. */
  isSyncing(height: number): boolean {
    const { sync } = this.environment;
    if (sync.knownHighest - this.head.header.number > FAR_BEHIND_BLOCKS) return true;
    return sync.downloading && height <= sync.knownHighest;
  }

  /** Appends an effect. */
  emit(effect: ConsensusEffect): void {
    this.effects.push(effect);
  }

  /** One trace event of this machine. */
  trace(level: TraceEvent["level"], event: string, fields: NonNullable<TraceEvent["fields"]> = {}): void {
    const { height, view, toView } = this;
    this.environment.trace({ room: "PBFT", level, event, fields: { height, view, toView, ...fields } });
  }
}
