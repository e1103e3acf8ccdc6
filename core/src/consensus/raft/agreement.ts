/**
 * From waiting transactions to a stored block: the leader's part. See docs/protocol/raft.md#r7-blocks.
 */
import { assert, bytesEqual } from "../../primitives/index.js";
import type { Failure, Hash, NodeId, Result } from "../../primitives/index.js";
import { decodeTransaction, encodeBlock, headerHash, transactionHash } from "../../protocol/index.js";
import type { RaftHeartbeatResponse, VerifiedTransaction } from "../../protocol/index.js";
import type { ExecutedBlock } from "../../ledger/index.js";
import { proposalHeader } from "../sealer/index.js";
import { sendHeartbeat } from "./heartbeat.js";
import { becomeFollower } from "./roles.js";
import type { Leadership, OfferedBlock, RaftState } from "./state.js";

/** Offers a block when one is due, or decides at once when there is nobody to offer it to. */
export function sealIfDue(state: RaftState, leadership: Leadership): void {
  state.sealAtMs = undefined;
  if (state.offered !== undefined) return state.isAlone ? decide(state) : undefined;
  if (state.deciding !== undefined || !followersKeepUp(state, leadership)) return;
  const maxTransactions = state.head.settings.txCountLimit;
  const moment = { height: state.height, sinceMs: state.lastBlockMs, maxTransactions };
  const answer = state.sealer.next(moment, state.now);
  if (!answer.due) {
    if (Number.isFinite(answer.askAgainAtMs)) state.sealAtMs = answer.askAgainAtMs;
    return;
  }
  state.offered = newOffer(state, answer.transactions);
  leadership.acknowledged.clear();
  state.trace("info", "offered", { hash: state.offered.hash, transactions: answer.transactions.length });
  if (state.isAlone) decide(state);
  else sendHeartbeat(state, leadership);
}

/** A majority has our head, and nobody is ahead of us. */
function followersKeepUp(state: RaftState, leadership: Leadership): boolean {
  const { head } = state;
  let sameHead = 1;
  for (const node of head.sealers) {
    const theirs = leadership.heads.get(node);
    if (theirs === undefined) continue;
    if (theirs.height > head.header.number) return false;
    if (theirs.height === head.header.number && theirs.hash === head.hash) sameHead++;
  }
  return sameHead >= state.majority;
}

function newOffer(state: RaftState, transactions: readonly VerifiedTransaction[]): OfferedBlock {
  const { environment, head, now } = state;
  const { version, suite } = environment.rules;
  const clockMs = now.wallMs + environment.timeOffsetMs();
  const sealer = BigInt(state.ownIndex);
  const header = proposalHeader({ head, sealerList: head.sealers, transactions, sealer, clockMs, version, suite });
  const hash = headerHash(header, suite);
  const rawTransactions = transactions.map(({ raw }) => raw);
  const bytes = encodeBlock({ header, hash, rawTransactions, signatures: [], receipts: [] }, version);
  return { header, hash, bytes, rawTransactions, transactions, term: state.term, isOurs: true };
}

/** Counts the answer of a member. */
export function handleHeartbeatResponse(state: RaftState, from: NodeId, response: RaftHeartbeatResponse): void {
  const { leadership } = state;
  if (leadership === undefined || response.term !== state.term) return;
  const { heads, credits } = leadership;
  heads.set(from, { height: response.height, hash: response.blockHash });
  credits.set(from, (credits.get(from) ?? 0) + 1);
  if (credits.size + 1 >= state.majority) {
    leadership.majoritySeenMs = state.now.steadyMs;
    for (const [node, credit] of credits) {
      if (credit > 1) credits.set(node, credit - 1);
      else credits.delete(node);
    }
  }
  acknowledge(state, leadership, from, response.uncommittedBlockHash);
}

/** A member says that it holds the block: with a majority, ourselves included, it is decided. */
function acknowledge(state: RaftState, leadership: Leadership, from: NodeId, hash: Hash): void {
  if (hash !== state.offered?.hash || !state.head.sealers.includes(from)) return;
  leadership.acknowledged.add(from);
  if (leadership.acknowledged.size + 1 >= state.majority) decide(state);
}

/** The offered block is decided: execute and store it, whatever happens to our leadership meanwhile. */
function decide(state: RaftState): void {
  const { offered } = state;
  if (offered === undefined || state.deciding !== undefined) return;
  state.emit({ type: "sealing", height: state.height });
  if (offered.transactions !== undefined) return execute(state, offered, offered.transactions);
  verify(state, offered);
}

/** Takes from the pool what waits there with exactly these bytes, and has the rest verified. */
function verify(state: RaftState, offered: OfferedBlock): void {
  const { suite } = state.environment.rules;
  const waiting: (VerifiedTransaction | undefined)[] = [];
  const unknown: Uint8Array[] = [];
  for (const raw of offered.rawTransactions) {
    const decoded = decodeTransaction(raw, suite);
    const found = decoded.ok ? state.environment.pool.find(transactionHash(decoded.value, suite)) : undefined;
    const known = found !== undefined && bytesEqual(found.raw, raw) ? found : undefined;
    waiting.push(known);
    if (known === undefined) unknown.push(raw);
  }
  if (unknown.length === 0)
    return execute(
      state,
      offered,
      waiting.filter((transaction) => transaction !== undefined),
    );
  const token = state.nextToken();
  state.deciding = { stage: "verifying", token, waiting };
  state.emit({ type: "verify-transactions", token, raws: unknown });
}

/** The transactions of a block that another leader has put together were verified. */
export function transactionsVerified(
  state: RaftState,
  token: number,
  verified: readonly (VerifiedTransaction | undefined)[],
): void {
  const { deciding, offered } = state;
  if (deciding?.stage !== "verifying" || deciding.token !== token) return;
  assert(offered !== undefined, "what is decided is what was offered");
  let next = 0;
  const transactions = deciding.waiting.map((known) => known ?? verified[next++]);
  const complete = transactions.filter((transaction) => transaction !== undefined);
  if (complete.length < transactions.length) return giveUp(state, "transaction-signature-invalid");
  execute(state, offered, complete);
}

function execute(state: RaftState, offered: OfferedBlock, transactions: readonly VerifiedTransaction[]): void {
  const token = state.nextToken();
  state.deciding = { stage: "executing", token };
  state.emit({ type: "execute-block", token, header: offered.header, transactions });
}

/** The decided block was executed, or cannot be. */
export function blockExecuted(state: RaftState, token: number, outcome: Result<ExecutedBlock, Failure>): void {
  if (state.deciding?.stage !== "executing" || state.deciding.token !== token) return;
  if (!outcome.ok) return giveUp(state, outcome.error.code);
  state.deciding = { stage: "storing" };
  state.trace("debug", "block-agreed", { hash: outcome.value.hash });
  state.emit({ type: "store-block", block: outcome.value, signatures: [] });
}

/** Nobody will be able to execute this block. A leader offers one block a height and term, so the next is for another. */
function giveUp(state: RaftState, code: string): void {
  state.trace("warn", "offer-not-executable", { hash: state.offered?.hash ?? "none", code });
  state.deciding = undefined;
  state.offered = undefined;
  state.emit({ type: "sealing", height: state.head.header.number });
  becomeFollower(state, undefined);
}
