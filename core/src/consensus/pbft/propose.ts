/** The leader's part: proposing. See docs/protocol/pbft.md#p2-leader. */
import { PROPOSAL_RECHECK_MS, assert } from "../../primitives/index.js";
import type { Hash } from "../../primitives/index.js";
import { PbftPacketType, encodeHashProposal, headerHash } from "../../protocol/index.js";
import type { BlockHeader, PbftMessage, VerifiedTransaction } from "../../protocol/index.js";
import { NO_SEALER, proposalHeader } from "../sealer/index.js";
import { sendPrepare } from "./broadcast.js";
import { makeAnswerable } from "./execution.js";
import { signedMessage } from "./messages.js";
import { acceptPrepare } from "./prepare.js";
import { clockMs } from "./proposal-rules.js";
import { decodeProposal, encodeWholeProposal, verifiedProposal } from "./proposal.js";
import type { VerifiedProposal } from "./proposal.js";
import type { PbftState } from "./state.js";
import { EMPTY_BLOCK_INTERVAL_MS, wantViewChange } from "./timers.js";

/** Proposes when we lead and a proposal is due; false when there is nothing to propose now. */
export function propose(state: PbftState): boolean {
  state.proposeAtMs = undefined;
  if (!state.takesPart || state.leader !== state.members.ownIndex || state.storing) return false;
  if (state.accepted !== undefined || state.proposedInView === state.view) return false;
  if (state.environment.sync.downloading) {
    state.proposeAtMs = state.now.steadyMs + PROPOSAL_RECHECK_MS;
    return false;
  }
  const { locked } = state;
  if (locked?.height === state.height) return proposeAgain(state, locked);
  const opening = state.opening?.isDue() === true ? state.opening : undefined;
  const maxTransactions = state.blockSize.max(state.head.settings.txCountLimit) - (opening === undefined ? 0 : 1);
  const moment = { height: state.height, sinceMs: state.timers.lastConsensusMs, maxTransactions };
  const answer = state.sealer.next(moment, state.now);
  if (!answer.due) {
    state.proposeAtMs = answer.askAgainAtMs;
    return false;
  }
  state.proposedInView = state.view;
  const transactions = opening === undefined ? answer.transactions : [opening.make(), ...answer.transactions];
  if (transactions.length === 0) proposeEmpty(state);
  else proposeBlock(state, transactions);
  return true;
}

/**
 * Proposes the block this node is bound to: unchanged, with the name of its first proposer in it.
 *
 * A node that has just started has no sessions yet, and a view has only one proposal: it waits for enough sealers to
 * hear it, but no longer than an empty proposal would wait, because messages may also be passed on.
 */
function proposeAgain(state: PbftState, locked: PbftMessage): boolean {
  const { now, timers } = state;
  const latestMs = timers.lastConsensusMs + EMPTY_BLOCK_INTERVAL_MS;
  if (now.steadyMs < latestMs && !reachesQuorum(state)) {
    state.proposeAtMs = Math.min(latestMs, now.steadyMs + PROPOSAL_RECHECK_MS);
    return false;
  }
  const proposal = decodeProposal(locked.block, state.suite);
  assert(proposal.ok, "what this node is bound to was decoded before");
  state.proposedInView = state.view;
  const message = prepareMessage(state, locked.blockHash, locked.block);
  sendPrepare(state, message);
  state.trace("info", "proposed-again", { hash: locked.blockHash });
  acceptPrepare(state, message, proposal.value);
  return true;
}

function reachesQuorum(state: PbftState): boolean {
  const { members, environment } = state;
  const peers = environment.peers();
  return 1 + members.working.filter((sealer) => peers.has(sealer)).length >= members.quorum;
}

function proposeBlock(state: PbftState, transactions: readonly VerifiedTransaction[]): void {
  const { options, rules } = state.environment;
  const header = headerOf(state, transactions, BigInt(state.members.ownIndex));
  const proposal = verifiedProposal(header, headerHash(header, state.suite), transactions);
  // Requests for transactions may overtake everything else.
  makeAnswerable(state, proposal);
  const byHashes = options.enablePrepareWithTransactionHashes;
  const block = byHashes ? hashForm(proposal) : encodeWholeProposal(proposal, rules.version);
  const message = prepareMessage(state, proposal.hash, block);
  sendPrepare(state, message, {
    packetType: byHashes ? PbftPacketType.HashPrepare : PbftPacketType.Message,
  });
  tellOf(state, "proposed", proposal);
  acceptPrepare(state, message, proposal);
}

/** Nothing waits: the lead goes to the next, and nobody stores a block. */
function proposeEmpty(state: PbftState): void {
  const { options, rules } = state.environment;
  const byHashes = options.enablePrepareWithTransactionHashes;
  const header = headerOf(state, [], byHashes ? NO_SEALER : BigInt(state.members.ownIndex));
  const proposal = verifiedProposal(header, headerHash(header, state.suite), []);
  const block = byHashes ? hashForm(proposal) : encodeWholeProposal(proposal, rules.version);
  const message = prepareMessage(state, proposal.hash, block);
  sendPrepare(state, message, { emptyBlock: true });
  tellOf(state, "proposed-nothing", proposal);
  state.leaderFailed = true;
  wantViewChange(state.timers);
  state.timers.changeCycle = 0;
}

function tellOf(state: PbftState, event: string, { hash, transactions }: VerifiedProposal): void {
  state.trace("info", event, { hash, transactions: transactions.length, index: state.members.ownIndex });
}

function headerOf(state: PbftState, transactions: readonly VerifiedTransaction[], sealer: bigint): BlockHeader {
  const { environment, head, members, suite, now } = state;
  return proposalHeader({
    head,
    sealerList: members.working,
    transactions,
    sealer,
    clockMs: clockMs(environment, now.wallMs),
    version: environment.rules.version,
    suite,
  });
}

function hashForm(proposal: {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly transactions: readonly VerifiedTransaction[];
}): Uint8Array {
  const { header, hash, transactions } = proposal;
  return encodeHashProposal({ header, hash, transactionHashes: transactions.map((transaction) => transaction.hash) });
}

function prepareMessage(state: PbftState, blockHash: Hash, block: Uint8Array): PbftMessage {
  return signedMessage(state, { height: state.height, view: state.view, blockHash, block });
}
