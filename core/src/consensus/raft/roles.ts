/** Follower, candidate, leader: how a node changes from one to another. See docs/protocol/raft.md#r3-roles. */
import type { NodeId } from "../../primitives/index.js";
import { resetTimeouts, restartElectionTimeout } from "./clock.js";
import type { RaftState, Role } from "./state.js";
import { promise } from "./vows.js";

/** Follows `leader`, or nobody yet. */
export function becomeFollower(state: RaftState, leader: NodeId | undefined): void {
  dropOwnProposal(state);
  enter(state, "follower");
  state.leader = leader;
  state.heartbeatsSinceVote = 0;
  restartElectionTimeout(state.clock, state.now.steadyMs);
}

/** Asks everybody for their votes in the next term. */
export function becomeCandidate(state: RaftState): void {
  const { nodeId } = state.environment;
  const formerTerm = state.term;
  enter(state, "candidate");
  state.term = nextTerm(state);
  state.leader = undefined;
  state.firstVote = nodeId;
  state.candidacy = { formerTerm, answers: new Map() };
  restartElectionTimeout(state.clock, state.now.steadyMs);
  if (state.isAlone) return becomeLeader(state);
  state.votedTerm = state.term;
  state.votedFor = nodeId;
  promise(state, "all", {
    type: "vote-request",
    ...state.sender(),
    candidate: state.ownIndex,
    // Of the block we would bring, when there is one: a newer leader may have had another.
    lastLeaderTerm: state.offered?.term ?? state.lastLeaderTerm,
    lastBlockNumber: state.lastBlockNumber,
  });
}

/** The term to stand for: the next one, unless others are further, or our vote in it belongs to somebody else. */
function nextTerm(state: RaftState): number {
  const { votedTerm, votedFor } = state;
  const next = Math.max(state.term, state.seenTerm) + 1;
  const isFree = next > votedTerm || (next === votedTerm && votedFor === state.environment.nodeId);
  return isFree ? next : votedTerm + 1;
}

/** Leads the current term. A block we hold is offered again as ours, before anything else. */
export function becomeLeader(state: RaftState): void {
  const nowMs = state.now.steadyMs;
  enter(state, "leader");
  state.leader = state.environment.nodeId;
  state.firstVote = undefined;
  state.lastLeaderTerm = state.term;
  if (state.offered !== undefined) state.offered.term = state.term;
  state.leadership = {
    lastHeartbeatMs: nowMs,
    majoritySeenMs: nowMs,
    credits: new Map(),
    heads: new Map(),
    acknowledged: new Set(),
  };
  resetTimeouts(state.clock);
  state.trace("info", "became-leader", { offers: state.offered?.hash ?? "nothing" });
}

function enter(state: RaftState, role: Role): void {
  if (state.role !== role) state.trace("debug", "role-changed", { to: role });
  state.role = role;
  state.candidacy = undefined;
  state.leadership = undefined;
  state.sealAtMs = undefined;
}

/** Only we could have decided on it and did not. Its transactions still wait. */
function dropOwnProposal(state: RaftState): void {
  if (state.offered?.isOurs === true && state.deciding === undefined) state.offered = undefined;
}
