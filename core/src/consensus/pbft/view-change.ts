/** Giving a round up, and agreeing on the next. See docs/protocol/pbft.md#p8-view-change. */
import { PBFT_BRING_UP_INTERVAL_MS, PBFT_VIEW_MAX, assert } from "../../primitives/index.js";
import type { NodeId, NodeIndex } from "../../primitives/index.js";
import { PbftPacketId } from "../../protocol/index.js";
import type { PbftMessage } from "../../protocol/index.js";
import { broadcast, sendTo } from "./broadcast.js";
import { isWellSigned, maySpeakFor, signedMessage } from "./messages.js";
import { releaseIfOtherDecided } from "./release.js";
import type { PbftState } from "./state.js";
import { noteTimeout, timeoutAtMs, wantViewChange } from "./timers.js";

/** Steady time at which {@link expire} has something to do. */
export function expiresAtMs(state: PbftState): number {
  // While a block is on its way to the disk there is nothing left to agree on.
  if (!state.takesPart || state.storing) return Number.POSITIVE_INFINITY;
  return timeoutAtMs(state.timers, state.head.settings.consensusTimeoutMs);
}

/** Gives the round up when its time is over, and asks for the next view; false when there is still time. */
export function expire(state: PbftState): boolean {
  const { timers, now } = state;
  if (now.steadyMs < expiresAtMs(state)) return false;
  const isSlow = !timers.viewChangeWanted;
  if (isSlow && state.executed !== undefined) {
    state.blockSize.timedOut(state.executed.block.transactions.length, blockSizeContext(state));
  }
  noteTimeout(timers, now.steadyMs);
  assert(state.toView < PBFT_VIEW_MAX, "views are far from their bound");
  state.toView += 1;
  state.leaderFailed = true;
  state.sealer.reset();
  state.emit({ type: "sealing", height: state.head.header.number });
  const peers = state.environment.peers();
  const unreachable = state.members.working.filter((id) => id !== state.environment.nodeId && !peers.has(id)).length;
  state.trace(isSlow ? "warn" : "debug", isSlow ? "round-timed-out" : "lead-passed-on", {
    cycle: timers.changeCycle,
    unreachable,
  });
  const wish = ownViewChange(state);
  state.viewChanges.add(wish);
  broadcast(state, PbftPacketId.ViewChange, wish);
  changeViewIfAgreed(state, state.toView);
  return true;
}

function blockSizeContext(state: PbftState): { readonly limit: number; readonly syncing: boolean } {
  return { limit: state.head.settings.txCountLimit, syncing: state.environment.sync.downloading };
}

/** Our wish for `toView`, made once. */
function ownViewChange(state: PbftState): PbftMessage {
  const { header, hash } = state.head;
  const made = state.ownViewChange;
  if (made?.view === state.toView && made.blockHash === hash) return made;
  const wish = signedMessage(state, { height: header.number, view: state.toView, blockHash: hash });
  state.ownViewChange = wish;
  return wish;
}

/** Handles the wish of another sealer; true when it was of use, so that it may be passed on. */
export function handleViewChange(state: PbftState, message: PbftMessage, from: NodeId): boolean {
  const { view, index, height, blockHash } = message;
  const { header, hash } = state.head;
  if (index === state.members.ownIndex) return recallOwnWish(state, message);
  if (state.viewChanges.has(view, index)) return false;
  if (!maySpeakFor(state, from, message) || height < header.number) return false;
  if (view + 1 < state.toView && state.members.sealers[index] === from) catchUp(state, message, from);
  // A view change of a higher block is worth nothing to us before we have the block, and then its view is over.
  if (view <= state.view || height !== header.number || blockHash !== hash) return false;
  if (!isWellSigned(state, message)) {
    state.trace("debug", "view-change-badly-signed", { index });
    return false;
  }
  state.viewChanges.add(message);
  if (!changeViewIfAgreed(state, view)) followIfAhead(state, view);
  return true;
}

/**
 * A sealer that lags, perhaps because it restarted, is told where we are.
 *
 * When it has missed the view we are in, it gets the view changes that began that view, which nobody else would repeat: its
 * own of a former run may be among them, and those of sealers that are gone. With our wish alone it would climb view by
 * view, ever slower, while the others wait for it.
 *
 * Our latest wish helps where so many others are as far that it will follow us all. Otherwise it may lack just the wish
 * that we have had for the view it wants, and a higher one would make it deaf to all that lie between.
 */
function catchUp(state: PbftState, message: PbftMessage, node: NodeId): void {
  const { viewChanges, members, view, toView } = state;
  viewChanges.forgetLatest(message.index);
  if (message.view <= view) bringUp(state, message, node);
  const near = [...viewChanges.above(toView - 2)].filter(
    (index) => index !== members.ownIndex && index !== message.index,
  );
  if (near.length >= members.faulty) return sendTo(state, node, PbftPacketId.ViewChange, ownViewChange(state));
  if (message.view <= view) return;
  const wanted = viewChanges.of(message.view).find(({ index }) => index === members.ownIndex);
  sendTo(state, node, PbftPacketId.ViewChange, wanted ?? ownViewChange(state));
}

function bringUp(state: PbftState, { index, view }: PbftMessage, node: NodeId): void {
  const { steadyMs } = state.now;
  const before = state.broughtUpAtMs.get(index as NodeIndex) ?? Number.NEGATIVE_INFINITY;
  if (steadyMs < before + PBFT_BRING_UP_INTERVAL_MS) return;
  state.broughtUpAtMs.set(index as NodeIndex, steadyMs);
  state.trace("debug", "lagging-sealer-brought-up", { index, from: view });
  for (const wish of state.viewBeganBy) sendTo(state, node, PbftPacketId.ViewChange, wish);
}

/**
 * A wish of our own comes back: a former run of this node wanted that view, so this one wants it again.
 *
 * Only while the head is the one we started with. A commit vote of ours for a block can be dressed up as a view change
 * on top of that block, and whoever did so could otherwise unsettle us after every block.
 */
function recallOwnWish(state: PbftState, message: PbftMessage): boolean {
  const { view, height, blockHash } = message;
  const { header, hash } = state.head;
  if (header.number !== state.startNumber || height !== header.number || blockHash !== hash) return false;
  if (view <= state.toView || !isWellSigned(state, message)) return false;
  state.toView = view - 1;
  wantViewChange(state.timers);
  state.trace("info", "own-wish-recalled", { of: view });
  return false;
}

/**
 * More sealers want higher views than can be faulty, so one of them is honest: follow the lowest of these views at
 * once. The faulty ones alone can neither be enough nor pull anybody beyond what an honest sealer wants.
 */
function followIfAhead(state: PbftState, view: number): void {
  if (view <= state.toView) return;
  const sealers = state.viewChanges.above(state.toView).size;
  if (sealers <= state.members.faulty) return;
  const lowest = state.viewChanges.lowestAbove(state.toView);
  state.trace("debug", "others-ahead", { of: lowest, sealers });
  state.toView = lowest - 1;
  wantViewChange(state.timers);
}

function changeViewIfAgreed(state: PbftState, view: number): boolean {
  if (state.viewChanges.count(view) < state.members.quorum) return false;
  assert(view > state.view, "views of one height only rise");
  state.viewBeganBy = state.viewChanges.of(view);
  state.view = view;
  state.toView = view;
  state.leaderFailed = false;
  state.timers.lastConsensusMs = state.now.steadyMs;
  state.timers.viewChangeWanted = false;
  dropRound(state);
  releaseIfOtherDecided(state);
  state.signs.dropViewsBelow(view);
  state.commits.dropViewsBelow(view);
  state.viewChanges.dropUpTo(view);
  state.futurePrepares.dropBefore(state);
  state.sealer.reset();
  state.emit({ type: "sealing", height: state.head.header.number });
  state.trace("debug", "view-changed", { leader: state.members.leaderOf(view) });
  return true;
}

/** Forgets the prepare of the round that is over, and what is under way for it; a vote it has earned is not sent any more. */
export function dropRound(state: PbftState): void {
  state.accepted = undefined;
  state.executed = undefined;
  state.partial = undefined;
  state.verification = undefined;
  state.execution = undefined;
  state.persisting = undefined;
}

/** The session of a sealer closed: when it comes back it may have forgotten how far it was. */
export function peerDisconnected(state: PbftState, nodeId: NodeId): void {
  const index = state.members.indexOf.get(nodeId);
  if (index === undefined) return;
  state.viewChanges.forgetLatest(index);
  state.broughtUpAtMs.delete(index);
}
