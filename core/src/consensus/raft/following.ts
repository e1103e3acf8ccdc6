/** The part of those who do not lead: answering heartbeats, and keeping the block in them. See docs/protocol/raft.md#r5-heartbeats. */
import { ZERO_HASH } from "../../primitives/index.js";
import type { Hash, NodeId } from "../../primitives/index.js";
import { decodeBlock } from "../../protocol/index.js";
import type { BlockHeader, RaftHeartbeat, RaftHeartbeatResponse } from "../../protocol/index.js";
import { sameNodes } from "../synced-header.js";
import { restartElectionTimeout } from "./clock.js";
import { countHeartbeat } from "./heartbeat.js";
import { becomeFollower } from "./roles.js";
import type { RaftState } from "./state.js";
import { promise } from "./vows.js";

/** Answers a leader, and follows it where it is newer than what we know. */
export function handleHeartbeat(state: RaftState, from: NodeId, heartbeat: RaftHeartbeat): void {
  const { term } = heartbeat;
  if (term < state.term && term <= state.lastLeaderTerm) return;
  if (term < promisedTerm(state)) {
    // Our vote is for a later term, whose leader may count on us. It is enough to know that there was this one.
    state.lastLeaderTerm = Math.max(state.lastLeaderTerm, term);
    return;
  }
  // What we have not heard of yet is what we answer with.
  const response: RaftHeartbeatResponse = {
    type: "heartbeat-response",
    ...state.sender(),
    uncommittedBlockHash: ZERO_HASH,
  };
  if (heartbeat.uncommittedBlock.length > 0) {
    const hash = takeOffer(state, heartbeat);
    if (hash === undefined) return;
    promise(state, [from], { ...response, uncommittedBlockHash: hash });
  } else {
    forgetStaleOffer(state, heartbeat);
    state.send([from], response);
  }
  follow(state, from, term);
}

/** The highest term in which somebody else has our vote. */
function promisedTerm(state: RaftState): number {
  return state.votedFor === state.environment.nodeId ? 0 : state.votedTerm;
}

function follow(state: RaftState, leader: NodeId, term: number): void {
  const isNew = term > state.lastLeaderTerm || term > state.term || (state.role === "candidate" && term >= state.term);
  if (isNew) {
    state.term = term;
    if (state.role === "follower") state.leader = leader;
    else becomeFollower(state, leader);
  }
  state.leader ??= leader;
  countHeartbeat(state);
  state.lastLeaderTerm = term;
  restartElectionTimeout(state.clock, state.now.steadyMs);
}

/** Keeps the block that a leader offers; its hash, or undefined when it is not for us. */
function takeOffer(state: RaftState, heartbeat: RaftHeartbeat): Hash | undefined {
  const { offered } = state;
  if (heartbeat.uncommittedBlockNumber !== state.height) {
    state.trace("debug", "offer-of-another-height", { of: heartbeat.uncommittedBlockNumber });
    return undefined;
  }
  const decoded = decodeBlock(heartbeat.uncommittedBlock, state.environment.rules.suite);
  if (!decoded.ok || !fitsHead(state, decoded.value.header, decoded.value.rawTransactions.length)) {
    state.trace("warn", "offer-refused", { ofTerm: heartbeat.term });
    return undefined;
  }
  const { header, hash, rawTransactions } = decoded.value;
  if (offered?.hash === hash) {
    offered.term = Math.max(offered.term, heartbeat.term);
    return hash;
  }
  // What enough others have acknowledged is on its way to our disk: there cannot be another block.
  if (state.deciding !== undefined) return undefined;
  state.offered = {
    header,
    hash,
    rawTransactions,
    bytes: heartbeat.uncommittedBlock.slice(),
    transactions: undefined,
    term: heartbeat.term,
    isOurs: false,
  };
  return hash;
}

/** Whether the block may follow our head: the same checks that its leader makes before executing it. */
function fitsHead(state: RaftState, header: BlockHeader, transactionCount: number): boolean {
  const { head } = state;
  return (
    header.number === state.height &&
    header.parentHash === head.hash &&
    sameNodes(header.sealerList, head.sealers) &&
    header.sealer < BigInt(head.sealers.length) &&
    transactionCount > 0 &&
    transactionCount <= head.settings.txCountLimit
  );
}

/**
 * A newer leader with our head has no block to offer: it was elected by a majority none of which held ours, so ours
 * was never decided. Kept, it would make us refuse every candidate without it.
 */
function forgetStaleOffer(state: RaftState, heartbeat: RaftHeartbeat): void {
  const { offered, head } = state;
  if (offered === undefined || state.deciding !== undefined) return;
  if (heartbeat.term <= offered.term || heartbeat.blockHash !== head.hash) return;
  state.trace("debug", "offer-forgotten", { hash: offered.hash });
  state.offered = undefined;
}
