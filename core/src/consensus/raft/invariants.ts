/** What holds between any two steps of a Raft machine. */
import { assert } from "../../primitives/index.js";
import type { RaftState } from "./state.js";

/**
 * Asserts them all.
 *
 * @throws InvariantError when one is broken
 */
export function checkInvariants(state: RaftState): void {
  const { role, offered, deciding, leadership, candidacy, environment } = state;
  assert(state.effects.length === 0, "effects leave with the step that made them");
  assert((leadership !== undefined) === (role === "leader"), "a leader knows of the others, and nobody else does");
  assert((candidacy !== undefined) === (role === "candidate"), "only a candidate counts votes");
  assert(role === "follower" || state.isSealer, "only sealers lead or want to");
  if (offered !== undefined) {
    assert(offered.header.number === state.height, "what is offered is of the height being decided");
    assert(offered.header.parentHash === state.head.hash, "what is offered follows the head");
    assert(offered.rawTransactions.length > 0, "empty blocks are not offered");
  }
  assert(deciding === undefined || offered !== undefined, "what is decided was offered");
  if (role === "leader") {
    assert(state.lastLeaderTerm === state.term, "a leader knows of no newer one");
    assert(state.leader === environment.nodeId, "a leader follows itself");
    assert(offered === undefined || offered.term === state.term, "a leader offers in its own term");
  }
  if (role !== "follower" && !state.isAlone) {
    assert(state.votedTerm >= state.term, "nobody stands for a term without a vote in it");
    assert(state.votedFor === environment.nodeId || state.votedTerm > state.term, "nor against its own vote");
  }
}
