/** Elections: requests for votes, and the answers to them. See docs/protocol/raft.md#r4-elections. */
import type { NodeId } from "../../primitives/index.js";
import { RaftVoteFlag } from "../../protocol/index.js";
import type { RaftVoteRequest, RaftVoteResponse } from "../../protocol/index.js";
import { lengthenTimeouts } from "./clock.js";
import { becomeCandidate, becomeFollower, becomeLeader } from "./roles.js";
import type { RaftState } from "./state.js";
import { promise } from "./vows.js";

/** Answers a candidate. */
export function handleVoteRequest(state: RaftState, from: NodeId, request: RaftVoteRequest): void {
  const flag = verdictOn(state, from, request);
  const response: RaftVoteResponse = {
    type: "vote-response",
    ...state.sender(),
    voteFlag: flag,
    lastLeaderTerm: state.lastLeaderTerm,
  };
  state.trace("debug", "vote-asked", { from, ofTerm: request.term, flag });
  if (flag === RaftVoteFlag.FirstVote) state.firstVote = from;
  // It will ask again, for ever higher terms, and none but a higher one of ours can end that.
  if (flag === RaftVoteFlag.LastTermError || flag === RaftVoteFlag.Outdated) noteTerm(state, request.term);
  if (flag !== RaftVoteFlag.Granted) return state.send([from], response);
  state.term = request.term;
  state.votedTerm = request.term;
  state.votedFor = from;
  state.firstVote = from;
  promise(state, [from], { ...response, term: request.term });
  becomeFollower(state, undefined);
}

/** The flag that answers a request, by the first rule that applies. */
function verdictOn(state: RaftState, from: NodeId, request: RaftVoteRequest): number {
  const { term } = request;
  const isOld = term <= state.term;
  if (isOld && state.role !== "leader") return term === state.term ? RaftVoteFlag.Discard : RaftVoteFlag.Reject;
  if (request.lastLeaderTerm < leaderTermNeeded(state, request)) return RaftVoteFlag.LastTermError;
  if (request.lastBlockNumber < state.lastBlockNumber) return RaftVoteFlag.Outdated;
  if (state.firstVote === undefined) return RaftVoteFlag.FirstVote;
  if (isOld) return RaftVoteFlag.LeaderReject;
  return mayVoteFor(state, from, term) ? RaftVoteFlag.Granted : RaftVoteFlag.Discard;
}

/** Term of the leader that a candidate must know of at least. */
function leaderTermNeeded({ offered, lastLeaderTerm, lastBlockNumber }: RaftState, request: RaftVoteRequest): number {
  // Whoever holds no block loses nothing by letting one pass that does, however long ago its leader was.
  if (offered === undefined) return request.lastBlockNumber > lastBlockNumber ? 0 : lastLeaderTerm;
  // Of two blocks the one of the later leader may have been decided. What other leaders we have heard of since does not
  // matter: with it, of two holders each could find the other too old.
  return request.lastBlockNumber < lastBlockNumber ? Math.max(lastLeaderTerm, offered.term) : offered.term;
}

/**
 * One vote a term. Our own vote for ourselves binds us no longer when somebody else asks for that term: we were not
 * elected, and our next candidacy will be for a higher one.
 */
function mayVoteFor(state: RaftState, candidate: NodeId, term: number): boolean {
  if (term !== state.votedTerm) return term > state.votedTerm;
  return state.votedFor === candidate || state.votedFor === state.environment.nodeId;
}

/** Others are at this term. Two that refuse each other would otherwise never be at one. */
function noteTerm(state: RaftState, term: number): void {
  state.seenTerm = Math.max(state.seenTerm, term);
}

/** Counts the answer of a voter. */
export function handleVoteResponse(state: RaftState, from: NodeId, response: RaftVoteResponse): void {
  const { candidacy } = state;
  if (candidacy === undefined || response.term < state.term - 1) return;
  if (response.term > state.term) noteTerm(state, response.term);
  const { voteFlag } = response;
  // A vote of an earlier term that comes late: its voter may have given the one of this term to somebody else.
  if (voteFlag === RaftVoteFlag.Granted && response.term !== state.term) {
    return state.trace("debug", "vote-of-another-term", { from, ofTerm: response.term });
  }
  const voters = candidacy.answers.get(voteFlag) ?? new Set();
  candidacy.answers.set(voteFlag, voters.add(from));
  switch (voteFlag) {
    case RaftVoteFlag.Granted:
      // Our own vote is one of the majority.
      if (voters.size + 1 >= state.majority) becomeLeader(state);
      return;
    case RaftVoteFlag.LeaderReject:
      return yieldTo(state, from, response);
    case RaftVoteFlag.FirstVote:
      if (voters.size < state.majority) return;
      state.term = candidacy.formerTerm;
      return becomeFollower(state, undefined);
    case RaftVoteFlag.Reject:
    case RaftVoteFlag.LastTermError:
      if (voters.size < state.majority) return;
      lengthenTimeouts(state.clock);
      return becomeFollower(state, undefined);
    default:
      return;
  }
}

/** There is a leader; one that is older than us, or than the last we have heard of, must not take us back. */
function yieldTo(state: RaftState, leader: NodeId, response: RaftVoteResponse): void {
  if (response.term < state.term || response.lastLeaderTerm < state.lastLeaderTerm) return;
  state.term = response.term;
  state.lastLeaderTerm = response.lastLeaderTerm;
  lengthenTimeouts(state.clock);
  becomeFollower(state, leader);
}

/** The time for a candidacy is over. */
export function candidacyExpired(state: RaftState): void {
  const { candidacy } = state;
  if (candidacy === undefined) return;
  const heard = new Set<NodeId>();
  for (const voters of candidacy.answers.values()) for (const voter of voters) heard.add(voter);
  // Enough are there, but they could not agree: try the next term. Otherwise wait for others, in the old one.
  const enough = heard.size + 1 >= state.majority;
  state.trace("debug", enough ? "candidacy-repeated" : "candidacy-given-up", { heard: heard.size });
  if (enough) return becomeCandidate(state);
  lengthenTimeouts(state.clock);
  state.term = candidacy.formerTerm;
  becomeFollower(state, undefined);
}
