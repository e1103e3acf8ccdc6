/**
 * Prepares by hashes: transactions are taken from the pool, and the rest is asked for.
 * See docs/protocol/pbft.md#p3-prepare.
 */
import { PBFT_MISSED_TRANSACTIONS_ANSWERS_MAX } from "../../primitives/index.js";
import type { NodeId, NodeIndex } from "../../primitives/index.js";
import {
  PbftPacketId,
  PbftPacketType,
  decodeHashProposal,
  decodeMissedTransactionsRequest,
  decodeMissedTransactionsResponse,
  encodeMissedTransactionsRequest,
  encodeMissedTransactionsResponse,
} from "../../protocol/index.js";
import type { HashProposal, MissingTransaction, PbftMessage, VerifiedTransaction } from "../../protocol/index.js";
import { forward } from "./forwarding.js";
import { acceptPrepare, checkPrepare, handlePrepare, isBlockOf } from "./prepare.js";
import type { PrepareVerdict } from "./prepare.js";
import { checkProposalHeader } from "./proposal-rules.js";
import { encodeWholeProposal, verifiedProposal } from "./proposal.js";
import type { VerifiedProposal } from "./proposal.js";
import type { Envelope, PartialPrepare, PbftState } from "./state.js";

/** Handles a prepare by hashes. */
export function handleHashPrepare(state: PbftState, message: PbftMessage, envelope: Envelope): void {
  const verdict = checkPrepare(state, message, () => false);
  if (verdict === "drop" || state.partial?.message.blockHash === message.blockHash) return;
  const decoded = decodeHashProposal(message.block, state.suite);
  if (!decoded.ok || !isBlockOf(message, decoded.value)) {
    return state.trace("debug", "prepare-malformed", { index: message.index, hash: message.blockHash });
  }
  const proposal = decoded.value;
  if (!isWorthCompleting(state, proposal, verdict)) return;
  state.viewsSeen.set(message.index as NodeIndex, message.view);
  const transactions = proposal.transactionHashes.map((hash) => state.environment.pool.find(hash));
  const missing = missingOf(proposal, transactions);
  const author = state.members.sealers[message.index];
  if (author === undefined) return;
  // Our own proposal of a former run, which we have forgotten: whoever repeats it may have what was in it.
  const asked = author === state.environment.nodeId ? envelope.from : undefined;
  const sinceMs = state.now.steadyMs;
  const partial = { message, envelope, proposal, transactions, missing, sinceMs, asked, verifying: undefined };
  if (missing.length === 0) return complete(state, partial, verdict);
  if (verdict === "work-on-it") state.partial = partial;
  else if (!keepFuture(state, partial)) return;
  if (asked === undefined) askForMissing(state);
  else ask(state, partial, asked);
}

/** Asks for the transactions of incomplete prepares, as soon as it is known whom. */
export function askForMissing(state: PbftState): void {
  for (const partial of [state.partial, state.partialFuture]) {
    if (partial === undefined || partial.asked !== undefined) continue;
    const { message, sinceMs } = partial;
    const { spreading, members } = state;
    const source = spreading === undefined ? members.sealers[message.index] : spreading.sourceOf(message, sinceMs);
    if (source !== undefined) ask(state, partial, source);
  }
}

/** Steady time at which {@link askForMissing} will have somebody to ask. */
export function askAtMs(state: PbftState): number {
  const { spreading } = state;
  let atMs = Number.POSITIVE_INFINITY;
  if (spreading === undefined) return atMs;
  for (const partial of [state.partial, state.partialFuture]) {
    if (partial === undefined || partial.asked !== undefined) continue;
    atMs = Math.min(atMs, spreading.sourceKnownAtMs(partial.sinceMs));
  }
  return atMs;
}

/** A proposal that would be refused anyway is not worth asking for its transactions. */
function isWorthCompleting(state: PbftState, proposal: HashProposal, verdict: PrepareVerdict): boolean {
  const { header, transactionHashes } = proposal;
  const count = transactionHashes.length;
  if (verdict === "keep-for-later") return count <= state.head.settings.txCountLimit;
  const checked = checkProposalHeader(state, header, count);
  if (!checked.ok) state.trace("warn", "proposal-refused", { code: checked.error.code, hash: proposal.hash });
  return checked.ok;
}

function missingOf(
  proposal: HashProposal,
  transactions: readonly (VerifiedTransaction | undefined)[],
): MissingTransaction[] {
  const missing: MissingTransaction[] = [];
  proposal.transactionHashes.forEach((hash, index) => {
    if (transactions[index] === undefined) missing.push({ hash, index });
  });
  return missing;
}

/** One incomplete prepare of a later round is kept: the latest. */
function keepFuture(state: PbftState, partial: PartialPrepare): boolean {
  const held = state.partialFuture?.message;
  const { height, view } = partial.message;
  const isLater = held === undefined || height > held.height || (height === held.height && view > held.view);
  if (isLater) state.partialFuture = partial;
  return isLater;
}

function ask(state: PbftState, partial: PartialPrepare, source: NodeId): void {
  const { proposal, missing } = partial;
  partial.asked = source;
  state.trace("debug", "transactions-missing", { hash: proposal.hash, missing: missing.length });
  state.emit({
    type: "send",
    to: [source],
    packetType: PbftPacketType.MissedTransactionsRequest,
    body: encodeMissedTransactionsRequest({ number: proposal.header.number, proposalHash: proposal.hash, missing }),
  });
}

/** All transactions are at hand: from here on the prepare is like one that brought them. */
function complete(state: PbftState, partial: PartialPrepare, verdict: PrepareVerdict): void {
  const transactions = partial.transactions.filter((transaction) => transaction !== undefined);
  const proposal = verifiedProposal(partial.proposal.header, partial.proposal.hash, transactions);
  const { message, envelope } = partial;
  let useful = true;
  if (verdict === "work-on-it") acceptPrepare(state, message, proposal);
  else useful = state.futurePrepares.add({ message, proposal, from: envelope.from });
  if (useful) forwardWhole(state, message, proposal, envelope);
}

function forwardWhole(state: PbftState, message: PbftMessage, proposal: VerifiedProposal, envelope: Envelope): void {
  // Encoding a whole block only to find that nobody needs it would cost every follower of every block.
  if (state.environment.options.enableTtlOptimization ? !envelope.forwardNodes?.length : envelope.ttl <= 1) return;
  const block = encodeWholeProposal(proposal, state.environment.rules.version);
  forward(state, PbftPacketId.Prepare, { ...message, block }, envelope);
}

/** Answers a follower that misses transactions of the last proposal we have whole. */
export function handleMissedRequest(state: PbftState, from: NodeId, body: Uint8Array): void {
  const request = decodeMissedTransactionsRequest(body);
  const { answerable } = state;
  if (!request.ok || answerable === undefined) return;
  const { number, proposalHash, missing } = request.value;
  if (proposalHash !== answerable.hash || number !== answerable.header.number) return;
  if (missing.length === 0 || missing.length > answerable.transactions.length) return;
  const given = state.answersGiven.get(from) ?? 0;
  if (given >= PBFT_MISSED_TRANSACTIONS_ANSWERS_MAX) return;
  const rawTransactions: Uint8Array[] = [];
  for (const { hash, index } of missing) {
    const transaction = answerable.transactions[index];
    if (transaction?.hash !== hash) return;
    rawTransactions.push(transaction.raw);
  }
  state.answersGiven.set(from, given + 1);
  state.emit({
    type: "send",
    to: [from],
    packetType: PbftPacketType.MissedTransactionsResponse,
    body: encodeMissedTransactionsResponse({ number, proposalHash, rawTransactions }),
  });
}

/** Takes the transactions we asked for, from whom we asked, and has them verified. */
export function handleMissedResponse(state: PbftState, from: NodeId, body: Uint8Array): void {
  const response = decodeMissedTransactionsResponse(body);
  if (!response.ok) return;
  const { number, proposalHash, rawTransactions } = response.value;
  const partial = [state.partialFuture, state.partial].find((held) => held?.proposal.hash === proposalHash);
  if (partial === undefined || partial.asked !== from || partial.verifying !== undefined) return;
  if (number !== partial.proposal.header.number || rawTransactions.length !== partial.missing.length) return;
  const token = state.nextToken();
  partial.verifying = token;
  state.emit({ type: "verify-transactions", token, raws: rawTransactions });
}

/** The transactions we asked for were verified. True when the token was ours. */
export function missedVerified(
  state: PbftState,
  token: number,
  verified: readonly (VerifiedTransaction | undefined)[],
): boolean {
  const partial = [state.partialFuture, state.partial].find((held) => held?.verifying === token);
  if (partial === undefined) return false;
  partial.verifying = undefined;
  const matches = partial.missing.every(({ hash }, index) => verified[index]?.hash === hash);
  if (!matches) {
    state.trace("warn", "missed-transactions-wrong", { hash: partial.proposal.hash });
    return true;
  }
  if (state.partial === partial) state.partial = undefined;
  if (state.partialFuture === partial) state.partialFuture = undefined;
  const transactions = [...partial.transactions];
  partial.missing.forEach(({ index }, at) => (transactions[index] = verified[at]));
  const { message, envelope, proposal } = partial;
  const whole = verifiedProposal(
    proposal.header,
    proposal.hash,
    transactions.filter((transaction) => transaction !== undefined),
  );
  // Time has passed: every check is made again.
  if (handlePrepare(state, { message, proposal: whole, from: envelope.from })) {
    forwardWhole(state, message, whole, envelope);
  }
  return true;
}
