/** From an accepted prepare to its executed block: checks, missing signatures, execution. See docs/protocol/pbft.md#p4-sign. */
import { assert, bytesEqual } from "../../primitives/index.js";
import type { Failure, Hash, Height, Result } from "../../primitives/index.js";
import { decodeTransaction, transactionHash } from "../../protocol/index.js";
import type { VerifiedTransaction } from "../../protocol/index.js";
import type { ExecutedBlock } from "../../ledger/index.js";
import { checkProposalHeader, checkProposalTransactions } from "./proposal-rules.js";
import { isEmptyProposal } from "./proposal.js";
import type { VerifiedProposal } from "./proposal.js";
import { signExecuted } from "./sign.js";
import type { AcceptedPrepare, PbftState } from "./state.js";
import { wantViewChange } from "./timers.js";

/** Starts what the accepted prepare needs until it can be signed. A prepare that breaks a rule is left to the time-out. */
export function executeAccepted(state: PbftState, prepare: AcceptedPrepare): void {
  const { proposal, message } = prepare;
  const { timers, now } = state;
  timers.lastPrepareMs = now.steadyMs;
  if (isEmptyProposal(proposal)) return passLeadOn(state);
  timers.executing = true;
  const checked = checkProposalHeader(state, proposal.header, proposal.rawTransactions.length);
  if (!checked.ok) return refuse(state, prepare, checked.error);
  state.emit({ type: "sealing", height: state.height });
  if (proposal.transactions !== undefined) {
    return startExecution(state, message, { ...proposal, transactions: proposal.transactions });
  }
  resolveTransactions(state, prepare);
}

/** An empty block is never stored: its leader had nothing, and hands the lead to the next. */
function passLeadOn(state: PbftState): void {
  const { timers, now } = state;
  timers.executing = false;
  timers.lastExecutedMs = now.steadyMs;
  wantViewChange(timers);
  timers.changeCycle = 0;
}

function refuse(state: PbftState, prepare: AcceptedPrepare, error: Failure): void {
  state.trace("warn", "proposal-refused", { code: error.code, hash: prepare.message.blockHash });
}

/** Takes from the pool what waits there with exactly these bytes, and has the rest verified. */
function resolveTransactions(state: PbftState, prepare: AcceptedPrepare): void {
  const { suite } = state;
  const { pool } = state.environment;
  const { rawTransactions } = prepare.proposal;
  const hashes: Hash[] = [];
  const transactions: (VerifiedTransaction | undefined)[] = [];
  const unknown: Uint8Array[] = [];
  for (const raw of rawTransactions) {
    const decoded = decodeTransaction(raw, suite);
    if (!decoded.ok) return refuse(state, prepare, decoded.error);
    const hash = transactionHash(decoded.value, suite);
    const waiting = pool.find(hash);
    // The same hash may come in other bytes, and a block holds the bytes of its proposer.
    const known = waiting !== undefined && bytesEqual(waiting.raw, raw) ? waiting : undefined;
    hashes.push(hash);
    transactions.push(known);
    if (known === undefined) unknown.push(raw);
  }
  if (unknown.length === 0) return startExecution(state, prepare.message, withTransactions(prepare, transactions));
  const token = state.nextToken();
  state.verification = { token, prepare, hashes, transactions };
  state.emit({ type: "verify-transactions", token, raws: unknown });
}

/** The signatures of a whole prepare were checked. True when the token was ours. */
export function prepareVerified(
  state: PbftState,
  token: number,
  verified: readonly (VerifiedTransaction | undefined)[],
): boolean {
  const pending = state.verification;
  if (pending?.token !== token) return false;
  state.verification = undefined;
  const { prepare, hashes } = pending;
  let next = 0;
  const transactions = pending.transactions.map((known) => known ?? verified[next++]);
  assert(next === verified.length, "every transaction that was to be verified is answered");
  const complete = transactions.every((transaction, index) => transaction?.hash === hashes[index]);
  if (!complete) refuse(state, prepare, { code: "transaction-signature-invalid" });
  else startExecution(state, prepare.message, withTransactions(prepare, transactions));
  return true;
}

function withTransactions(
  prepare: AcceptedPrepare,
  transactions: readonly (VerifiedTransaction | undefined)[],
): VerifiedProposal {
  return { ...prepare.proposal, transactions: transactions.filter((transaction) => transaction !== undefined) };
}

function startExecution(state: PbftState, message: AcceptedPrepare["message"], proposal: VerifiedProposal): void {
  const prepare: AcceptedPrepare = { message, proposal };
  const { header, transactions } = proposal;
  const checked = checkProposalTransactions(state, message, proposal);
  if (!checked.ok) return refuse(state, prepare, checked.error);
  state.accepted = prepare;
  makeAnswerable(state, proposal);
  prepareAheadIfNext(state, prepare, transactions);
  const token = state.nextToken();
  state.execution = { token, prepare };
  state.emit({ type: "execute-block", token, header, transactions });
}

/** From now on requests for missing transactions are answered from this proposal. */
export function makeAnswerable(state: PbftState, proposal: VerifiedProposal): void {
  if (state.answerable?.hash === proposal.hash) return;
  state.answerable = proposal;
  state.answersGiven = new Map();
}

/** The leader of the block after this one fills its proposal while it waits for votes. */
function prepareAheadIfNext(
  state: PbftState,
  prepare: AcceptedPrepare,
  transactions: readonly VerifiedTransaction[],
): void {
  const { ownIndex } = state.members;
  // View 0 of the next height and view 1 of this one have the same leader, unless the block changes who takes part.
  const nextLeader = state.members.leaderOf(1);
  if (prepare.message.index === ownIndex || state.leader === ownIndex || nextLeader !== ownIndex) return;
  const agreeing = transactions.map(({ hash }) => hash);
  const max = state.blockSize.max(state.head.settings.txCountLimit);
  state.sealer.prepareAhead((state.height + 1) as Height, agreeing, max, state.now);
}

/** The accepted prepare was executed, or could not be. */
export function blockExecuted(state: PbftState, token: number, outcome: Result<ExecutedBlock, Failure>): void {
  if (state.execution?.token !== token) return;
  const { prepare } = state.execution;
  state.execution = undefined;
  if (!outcome.ok) return refuse(state, prepare, outcome.error);
  const block = outcome.value;
  assert(block.header.number === state.height, "the block that was executed is the one being decided");
  assert(block.header.parentHash === state.head.hash, "it was executed on top of the head");
  state.timers.lastExecutedMs = state.now.steadyMs;
  state.timers.executing = false;
  signExecuted(state, prepare, block);
}
