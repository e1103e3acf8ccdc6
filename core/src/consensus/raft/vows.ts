/**
 * Promises that must survive a crash: a vote, and the acknowledgement of a block. What makes one leaves when the disk
 * has it. See docs/protocol/raft.md#r6-what-survives-a-crash.
 */
import type { NodeId } from "../../primitives/index.js";
import { EMPTY_BYTES } from "../../primitives/index.js";
import { decodeBlock, decodeRaftVows, encodeRaftVows } from "../../protocol/index.js";
import type { RaftMessage } from "../../protocol/index.js";
import type { RaftState } from "./state.js";

/** Notes down what we are bound to, and sends the message when that is done. */
export function promise(state: RaftState, to: readonly NodeId[] | "all", message: RaftMessage): void {
  const { votedTerm, votedFor, offered } = state;
  const vows = `${votedTerm} ${votedFor ?? ""} ${offered?.term ?? 0} ${offered?.hash ?? ""}`;
  // A leader that waits for others repeats its block four times a second.
  if (state.held.length === 0 && vows === state.notedVows) return state.send(to, message);
  state.notedVows = vows;
  const token = state.nextToken();
  state.held.push({ token, to, message });
  const bytes = encodeRaftVows({
    votedTerm,
    votedFor,
    blockTerm: offered?.term ?? 0,
    block: offered?.bytes ?? EMPTY_BYTES,
  });
  state.emit({ type: "persist-prepare", token, bytes });
}

/** What was noted down up to this token is on the disk. */
export function promised(state: RaftState, token: number): void {
  for (let next = state.held[0]; next !== undefined && next.token <= token; next = state.held[0]) {
    state.held.shift();
    const { to, message } = next;
    // Votes for a candidacy that was given up meanwhile would only keep others from being elected.
    const isStale = message.type === "vote-request" && (state.role !== "candidate" || state.term !== message.term);
    if (!isStale && state.isSealer) state.send(to, message);
  }
}

/** Takes up the promises of a former run. */
export function recall(state: RaftState, bytes: Uint8Array): void {
  const vows = decodeRaftVows(bytes);
  if (!vows.ok) return state.trace("warn", "promises-unreadable", { reason: vows.error.reason });
  const { votedTerm, votedFor, blockTerm, block } = vows.value;
  state.votedTerm = votedTerm;
  state.votedFor = votedFor;
  state.term = Math.max(votedTerm, blockTerm);
  if (block.length === 0) return;
  const decoded = decodeBlock(block, state.environment.rules.suite);
  if (!decoded.ok) return state.trace("warn", "promises-unreadable", { reason: decoded.error.reason });
  const { header, hash, rawTransactions } = decoded.value;
  if (header.number !== state.height || header.parentHash !== state.head.hash) return;
  state.offered = {
    header,
    hash,
    rawTransactions,
    bytes: block.slice(),
    transactions: undefined,
    term: blockTerm,
    isOurs: false,
  };
  state.trace("info", "block-kept-since-last-run", { hash });
}
