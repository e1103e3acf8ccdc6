/** Letting go of the block that this node is bound to. See docs/protocol/pbft.md#p5-commit. */
import type { PbftState } from "./state.js";

/**
 * Releases this node when it has a quorum of commits for another block of the height: that one is decided, and the one we
 * are bound to never will be.
 *
 * Only commits that came from their authors count. Whoever relays a sign could turn it into a commit, and a quorum of
 * signs decides nothing. A block that a former run was bound to has not been executed since, so its hash could be
 * the decided one: nothing releases from it.
 */
export function releaseIfOtherDecided(state: PbftState): void {
  const { locked, lockedAs, executed, commits, members } = state;
  if (locked?.height !== state.height || lockedAs === undefined) return;
  // Our own commit may be on its way to the disk: this is looked into again when the view is over.
  if (executed?.quorumSigned === true) return;
  const decided = commits.ballotsWith(members.quorum).find((ballot) => {
    const heard = commits.votes(ballot).filter((vote) => state.firsthand.has(vote));
    return ballot.hash !== lockedAs && heard.length >= members.quorum;
  });
  if (decided === undefined) return;
  state.locked = undefined;
  state.lockedAs = undefined;
  state.trace("info", "released-by-commits", { hash: locked.blockHash, decided: decided.hash, of: decided.view });
}
