/** The Raft machine: takes inputs, moves its state, returns effects. The rules are in the files beside this one. */
import { PROPOSAL_RECHECK_MS, RAFT_TERM_MAX, assert, unreachable } from "../../primitives/index.js";
import type { Failure, Hash, Instant, NodeId, Result } from "../../primitives/index.js";
import { ModuleId, decodeRaftMessage } from "../../protocol/index.js";
import type { ChainHead } from "../../ledger/index.js";
import type {
  Consensus,
  ConsensusEffect,
  ConsensusEnvironment,
  ConsensusInput,
  JsonValue,
  PlantedBugs,
  SyncedBlock,
} from "../interface.js";
import { checkSyncedHeader, sameNodes } from "../synced-header.js";
import { blockExecuted, handleHeartbeatResponse, sealIfDue, transactionsVerified } from "./agreement.js";
import { electionDueMs, heartbeatIntervalMs, heartbeatTimeoutMs } from "./clock.js";
import { handleHeartbeat } from "./following.js";
import { sendDueHeartbeat } from "./heartbeat.js";
import { checkInvariants } from "./invariants.js";
import { becomeCandidate, becomeFollower } from "./roles.js";
import { RaftState } from "./state.js";
import { statusOf } from "./status.js";
import { promised, recall } from "./vows.js";
import { candidacyExpired, handleVoteRequest, handleVoteResponse } from "./voting.js";

/** A node that is woken so much later than it asked for stood still itself, and cannot say that others did. */
const STOOD_STILL_MS = 100;

/** Changes of role in one step: a lone sealer stands, leads, and offers. More is a loop. */
const FOLLOW_UPS_MAX = 10;

/**
 * Raft as FISCO BCOS 2.x speaks it: a leader elected by majority offers blocks in its heartbeats, and everybody else
 * gets them by synchronisation once they are stored.
 *
 * @see docs/protocol/raft.md
 */
export class Raft implements Consensus {
  readonly moduleId = ModuleId.Raft;
  readonly #environment: ConsensusEnvironment;
  readonly #plantedBugs: PlantedBugs;
  #state: RaftState | undefined;

  constructor(environment: ConsensusEnvironment, plantedBugs: PlantedBugs) {
    this.#environment = environment;
    this.#plantedBugs = plantedBugs;
  }

  get wakeAtMs(): number | undefined {
    return this.#state === undefined ? undefined : wakeAtMs(this.#state);
  }

  step(input: ConsensusInput, now: Instant): readonly ConsensusEffect[] {
    if (input.type === "started") {
      assert(this.#state === undefined, "a machine is started once");
      this.#state = new RaftState(this.#environment, input.head, now, this.#plantedBugs);
      if (input.backedUpPrepare !== undefined) recall(this.#state, input.backedUpPrepare);
    }
    const state = this.#started();
    const dueMs = wakeAtMs(state);
    state.now = now;
    if (dueMs !== undefined && now.steadyMs - dueMs > STOOD_STILL_MS) excuse(state);
    if (input.type !== "started") dispatch(state, input);
    proceed(state);
    const { effects } = state;
    state.effects = [];
    return effects;
  }

  checkSyncedBlock(block: SyncedBlock, head: ChainHead): Result<void, Failure> {
    // There are no signatures to check: who has a session is believed.
    return checkSyncedHeader(block, head);
  }

  consensusNodes(head: ChainHead): readonly NodeId[] {
    return head.sealers;
  }

  status(): JsonValue {
    return statusOf(this.#started());
  }

  view(): undefined {
    return undefined;
  }

  invariants(): void {
    if (this.#state !== undefined) checkInvariants(this.#state);
  }

  #started(): RaftState {
    assert(this.#state !== undefined, "a machine is started before it is asked");
    return this.#state;
  }
}

function wakeAtMs(state: RaftState): number | undefined {
  if (!state.isSealer) return undefined;
  if (state.environment.sync.downloading) return state.now.steadyMs + PROPOSAL_RECHECK_MS;
  const { leadership, clock } = state;
  if (leadership === undefined) return electionDueMs(clock);
  const sealAtMs = state.sealAtMs ?? Number.POSITIVE_INFINITY;
  if (state.isAlone) return Number.isFinite(sealAtMs) ? sealAtMs : undefined;
  const heartbeatAtMs = leadership.lastHeartbeatMs + heartbeatIntervalMs(clock);
  return Math.min(heartbeatAtMs, leadership.majoritySeenMs + heartbeatTimeoutMs(clock), sealAtMs);
}

/** Others get the time of one heartbeat to be heard before this node draws conclusions. */
function excuse(state: RaftState): void {
  const { clock, leadership, now } = state;
  const dueMs = now.steadyMs + heartbeatIntervalMs(clock);
  clock.sinceMs = Math.max(clock.sinceMs, dueMs - clock.timeoutMs);
  if (leadership === undefined) return;
  leadership.majoritySeenMs = Math.max(leadership.majoritySeenMs, dueMs - heartbeatTimeoutMs(clock));
}

/** What the time, and what has just happened, make possible. */
function proceed(state: RaftState): void {
  if (!state.isSealer) return;
  if (state.environment.sync.downloading) return excuse(state);
  for (let followUps = 0; ; followUps++) {
    assert(followUps < FOLLOW_UPS_MAX, "one input comes to an end");
    const { role, term } = state;
    proceedOnce(state);
    if (state.role === role && state.term === term) return;
  }
}

function proceedOnce(state: RaftState): void {
  const { leadership, clock, now } = state;
  if (leadership === undefined) {
    if (now.steadyMs < electionDueMs(clock)) return;
    return state.role === "follower" ? becomeCandidate(state) : candidacyExpired(state);
  }
  const isLost = now.steadyMs >= leadership.majoritySeenMs + heartbeatTimeoutMs(clock);
  if (isLost && !state.isAlone) {
    state.trace("warn", "majority-lost");
    return becomeCandidate(state);
  }
  sendDueHeartbeat(state, leadership);
  sealIfDue(state, leadership);
}

function dispatch(state: RaftState, input: Exclude<ConsensusInput, { readonly type: "started" }>): void {
  switch (input.type) {
    case "message-received":
      return receive(state, input.from, input.body);
    case "transactions-verified":
      return transactionsVerified(state, input.token, input.transactions);
    case "prepare-persisted":
      return promised(state, input.token);
    case "block-executed":
      return blockExecuted(state, input.token, input.outcome);
    case "block-committed":
      return blockCommitted(state, input.head, input.transactions);
    case "peer-disconnected":
    case "transactions-available":
    case "tick":
      // What they make possible is a follow-up of every step.
      return;
    default:
      return unreachable(input);
  }
}

/** Handles one frame. Who speaks is known by the session; the indices in the message are not needed. */
function receive(state: RaftState, from: NodeId, body: Uint8Array): void {
  const { nodeId } = state.environment;
  if (!state.isSealer || from === nodeId || !state.head.sealers.includes(from)) return;
  const message = decodeRaftMessage(body);
  if (!message.ok || message.value.term > RAFT_TERM_MAX) return state.trace("debug", "message-malformed", { from });
  switch (message.value.type) {
    case "vote-request":
      return handleVoteRequest(state, from, message.value);
    case "vote-response":
      return handleVoteResponse(state, from, message.value);
    case "heartbeat":
      return handleHeartbeat(state, from, message.value);
    case "heartbeat-response":
      return handleHeartbeatResponse(state, from, message.value);
    default:
      return unreachable(message.value);
  }
}

/** A block became the head: its height is decided and the next begins. */
function blockCommitted(state: RaftState, head: ChainHead, transactions: readonly Hash[]): void {
  if (head.header.number <= state.head.header.number) return;
  const { sealers } = state.head;
  state.head = head;
  state.offered = undefined;
  state.deciding = undefined;
  state.leadership?.acknowledged.clear();
  state.lastBlockMs = state.now.steadyMs;
  state.sealer.blockStored(head.header.number, transactions);
  state.trace("info", "block-committed", { hash: head.hash, transactions: transactions.length });
  // A majority of other sealers is another majority: whoever leads them must be elected by them.
  if (!sameNodes(sealers, head.sealers)) becomeFollower(state, undefined);
}
