/** A block became the head: its height is decided and the next begins. See docs/protocol/pbft.md#p10-membership. */
import type { Hash } from "../../primitives/index.js";
import type { ChainHead } from "../../ledger/index.js";
import type { PbftState } from "./state.js";
import { dropRound } from "./view-change.js";
import { handleDueVotes } from "./vote.js";

/** Starts the height after `head`, with the sealers and settings that the head brought. */
export function blockCommitted(state: PbftState, head: ChainHead, transactions: readonly Hash[]): void {
  if (head.header.number <= state.head.header.number) return;
  const { environment, timers, now } = state;
  state.formerHead = state.head;
  state.head = head;
  state.members = state.membersAfter(head);
  state.view = 0;
  state.toView = 0;
  state.leaderFailed = false;
  timers.lastConsensusMs = now.steadyMs;
  timers.changeCycle = 0;
  timers.viewChangeWanted = false;
  const { persisting } = state;
  dropRound(state);
  // Our commit for this very block may still be of use to those who have not stored it.
  if (persisting?.commit.blockHash === head.hash) state.persisting = persisting;
  state.storing = false;
  state.proposedInView = undefined;
  state.ownViewChange = undefined;
  state.acceptedHashes.clear();
  state.signedHashes.clear();
  state.signs.clear();
  state.commits.clear();
  state.viewChanges.clear();
  state.viewBeganBy = [];
  state.broughtUpAtMs.clear();
  state.futurePrepares.dropBefore(state);
  if (state.locked !== undefined && state.locked.height < state.height) {
    state.locked = undefined;
    state.lockedAs = undefined;
  }
  if (state.partialFuture !== undefined && state.partialFuture.message.height < state.height) {
    state.partialFuture = undefined;
  }
  forgetFormerSealers(state);
  state.sealer.blockStored(head.header.number, transactions);
  state.blockSize.committed(transactions.length, {
    limit: head.settings.txCountLimit,
    syncing: environment.sync.downloading,
  });
  state.trace("info", "block-committed", { hash: head.hash, transactions: transactions.length });
  handleDueVotes(state);
}

/** Indices mean other nodes when the list has changed, and who left must leave nothing behind. */
function forgetFormerSealers(state: PbftState): void {
  const { sealers } = state.members;
  for (const index of state.viewsSeen.keys()) if (index >= sealers.length) state.viewsSeen.delete(index);
}
