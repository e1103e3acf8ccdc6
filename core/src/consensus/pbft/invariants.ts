/** What holds between any two steps of a PBFT machine. */
import { PBFT_FUTURE_PREPARES_MAX, PBFT_VIEW_MAX, assert } from "../../primitives/index.js";
import type { PbftMessage } from "../../protocol/index.js";
import { ballotOf } from "./commit.js";
import { isWellSigned } from "./messages.js";
import type { PbftState } from "./state.js";

/**
 * Asserts them all. Verifies every cached signature once more: for simulations and tests.
 *
 * @throws InvariantError when one is broken
 */
export function checkInvariants(state: PbftState): void {
  assert(state.effects.length === 0, "effects leave with the step that made them");
  checkRound(state);
  checkVotes(state);
}

function checkRound(state: PbftState): void {
  const { accepted, executed, locked } = state;
  assert(state.view >= 0 && state.view <= PBFT_VIEW_MAX, "a view is in its range");
  assert(state.toView >= state.view, "nobody wants a view that is over");
  if (accepted !== undefined) {
    assert(accepted.message.height === state.height, "the accepted prepare is of the height being decided");
    assert(accepted.message.view === state.view, "the accepted prepare is of the current view");
    assert(accepted.proposal.hash === accepted.message.blockHash, "a prepare was signed for its block");
    assert(state.acceptedHashes.get(state.view) === accepted.message.blockHash, "one prepare a view is accepted");
  }
  if (executed !== undefined) {
    assert(accepted?.message === executed.prepare.message, "what was executed is what was accepted");
    const { view, hash } = ballotOf(executed);
    assert(state.signedHashes.get(view) === hash, "what was executed was signed, and nothing else in its view");
    assert(executed.block.header.parentHash === state.head.hash, "what was executed follows the head");
    if (executed.quorumSigned) assert(locked?.blockHash === accepted.message.blockHash, "enough signs bind us");
  }
  assert(state.lockedAs === undefined || locked !== undefined, "what is not bound has no outcome");
  if (locked !== undefined) assert(locked.height >= state.height, "nobody is bound to a block that is decided");
  if (state.persisting !== undefined && state.persisting.commit.height === state.height) {
    assert(executed?.quorumSigned === true, "only a signed prepare is persisted");
  }
  assert(state.futurePrepares.size <= PBFT_FUTURE_PREPARES_MAX, "early prepares are bounded");
}

/** Messages do not change, and leave the boxes with the height whose keys they were verified with: once is enough. */
function isProven(state: PbftState, message: PbftMessage): boolean {
  if (state.proven.has(message)) return true;
  if (!isWellSigned(state, message)) return false;
  state.proven.add(message);
  return true;
}

function checkVotes(state: PbftState): void {
  for (const vote of [...state.signs.all(), ...state.commits.all()]) {
    assert(vote.height === state.height, "votes are of the height being decided");
    assert(vote.view >= state.view, "votes are of a view that is not over");
    assert(isProven(state, vote), "only verified votes are counted");
  }
  for (const wish of state.viewChanges.all()) {
    assert(wish.height === state.head.header.number, "view changes are of the head");
    assert(wish.blockHash === state.head.hash, "view changes name the head");
    assert(wish.view > state.view, "view changes are for views to come");
    assert(isProven(state, wish), "only verified view changes are counted");
  }
}
