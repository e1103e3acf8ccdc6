/** Signs and commits of others: the same checks for both. See docs/protocol/pbft.md#p4-sign. */
import type { NodeIndex } from "../../primitives/index.js";
import { PbftPacketId } from "../../protocol/index.js";
import type { PbftMessage } from "../../protocol/index.js";
import { storeIfAgreed } from "./commit.js";
import { isWellSigned, maySpeakFor } from "./messages.js";
import { releaseIfOtherDecided } from "./release.js";
import { lockIfSigned } from "./sign.js";
import type { PbftState } from "./state.js";
import type { FutureVote, VotePacketId } from "./future.js";

/** Handles a sign or commit; true when it was of use, so that it may be passed on. */
export function handleVote(state: PbftState, vote: FutureVote): boolean {
  const { packetId, message, from } = vote;
  if (!isWorthVerifying(state, packetId, message, from)) return false;
  if (message.height > state.height) {
    state.trace("debug", "vote-kept-for-later", { index: message.index, packetId, of: message.height });
    return state.futureVotes.add(vote, state.height);
  }
  if (!isWellSigned(state, message)) {
    state.trace("debug", "vote-badly-signed", { index: message.index, packetId });
    return false;
  }
  state.viewsSeen.set(message.index as NodeIndex, message.view);
  const added = boxOf(state, packetId).add(message);
  if (added === "equivocation") {
    state.trace("warn", "vote-equivocates", { index: message.index, packetId, of: message.view });
  }
  if (packetId === PbftPacketId.Sign) lockIfSigned(state);
  else if (from === state.members.sealers[message.index]) state.firsthand.add(message);
  releaseIfOtherDecided(state);
  storeIfAgreed(state);
  return true;
}

/** Hears the votes that came before their height; none of them was checked then. */
export function handleDueVotes(state: PbftState): void {
  const due = state.futureVotes.takeDue(state.height);
  if (state.takesPart) for (const vote of due) handleVote(state, vote);
}

function isWorthVerifying(state: PbftState, packetId: VotePacketId, message: PbftMessage, from: string): boolean {
  const { height, view, index, blockHash } = message;
  if (index === state.members.ownIndex) return false;
  if (height < state.height || (height === state.height && view < state.view)) return false;
  if (state.isSyncing(height)) return false;
  // Sealers of a later height may be others: who may speak for whom is asked when its turn has come.
  if (height > state.height) return true;
  return maySpeakFor(state, from, message) && !boxOf(state, packetId).has({ view, hash: blockHash }, index);
}

function boxOf(state: PbftState, packetId: VotePacketId): PbftState["signs"] {
  return packetId === PbftPacketId.Sign ? state.signs : state.commits;
}
