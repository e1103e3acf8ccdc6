/** The commit phase: our vote once the prepare is safe on disk, and storing. See docs/protocol/pbft.md#p5-commit. */
import { assert } from "../../primitives/index.js";
import type { NodeIndex } from "../../primitives/index.js";
import { PbftPacketId } from "../../protocol/index.js";
import { broadcast } from "./broadcast.js";
import type { ExecutedPrepare, PbftState } from "./state.js";
import type { Ballot } from "./votes.js";

/** What votes for an executed prepare are for. */
export function ballotOf(executed: ExecutedPrepare): Ballot {
  return { view: executed.prepare.message.view, hash: executed.block.hash };
}

/**
 * The prepare survives a crash from now on, so we may be bound to it in public.
 *
 * The C++ node sends this vote without waiting for its disk: a node that loses power between the two could come
 * back and vote for another block.
 */
export function preparePersisted(state: PbftState, token: number): void {
  if (state.persisting?.token !== token) return;
  const { commit } = state.persisting;
  state.persisting = undefined;
  broadcast(state, PbftPacketId.Commit, commit);
  state.trace("debug", "commit-sent", { hash: commit.blockHash });
  // When the votes of others were enough, the block may be stored already; somebody may still need ours.
  if (commit.height < state.height) return state.trace("debug", "commit-sent-late", { of: commit.height });
  assert(commit.view === state.view, "a commit vote is for the current view");
  state.commits.add(commit);
  storeIfAgreed(state);
}

/** Hands the block over to be stored once enough distinct sealers have signed and committed it. */
export function storeIfAgreed(state: PbftState): void {
  const { executed, members } = state;
  if (executed === undefined || state.storing) return;
  const ballot = ballotOf(executed);
  assert(ballot.view === state.view, "what was executed is of the current view");
  if (state.signs.count(ballot) < members.quorum || state.commits.count(ballot) < members.quorum) return;
  state.storing = true;
  const signatures = state.commits
    .votes(ballot)
    .map((vote) => ({ index: vote.index as NodeIndex, signature: vote.sig }));
  state.trace("debug", "block-agreed", { hash: ballot.hash, commits: signatures.length });
  state.emit({ type: "store-block", block: executed.block, signatures });
}
