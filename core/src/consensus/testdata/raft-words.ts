/** Raft messages in words, for stories. */
import { ZERO_HASH, assert, unreachable } from "../../primitives/index.js";
import type { Hash } from "../../primitives/index.js";
import type { CryptoSuite } from "../../crypto/index.js";
import { decodeBlock, decodeRaftMessage } from "../../protocol/index.js";
import type { RaftMessage } from "../../protocol/index.js";

/** Short names of blocks, for whoever tells the story. */
export interface BlockNames {
  /** Of a proposal, by its hash before execution. */
  proposal(hash: Hash): string;
  /** Of a block, by its final hash. */
  block(hash: Hash): string;
}

const FLAGS = [
  "too old",
  "there is a leader",
  "has seen a later leader",
  "has more blocks",
  "first asked",
  "has voted",
];

/** The message in a frame. */
export function raftMessageIn(body: Uint8Array): RaftMessage {
  const message = decodeRaftMessage(body);
  assert(message.ok, "nodes send well-formed messages");
  return message.value;
}

/** True for heartbeats without a block, and the answers to them. */
export function isIdle(message: RaftMessage): boolean {
  if (message.type === "heartbeat") return message.uncommittedBlock.length === 0;
  return message.type === "heartbeat-response" && message.uncommittedBlockHash === ZERO_HASH;
}

/** What a message says. */
export function describeRaft(message: RaftMessage, suite: CryptoSuite, names: BlockNames): string {
  const { term, height, blockHash } = message;
  const head = height === 0 ? "nothing stored" : `head ${names.block(blockHash)}`;
  switch (message.type) {
    case "vote-request": {
      const { lastLeaderTerm, lastBlockNumber } = message;
      return `asks for votes in term ${term}, last leader's term ${lastLeaderTerm}, last block ${lastBlockNumber}`;
    }
    case "vote-response": {
      const said = message.voteFlag === 6 ? "votes for it" : `no: ${FLAGS[message.voteFlag] ?? "?"}`;
      return `${said}, term ${term}, last leader's term ${message.lastLeaderTerm}`;
    }
    case "heartbeat": {
      if (message.uncommittedBlock.length === 0) return `heartbeat of term ${term}, ${head}`;
      const block = decodeBlock(message.uncommittedBlock, suite);
      assert(block.ok, "nodes offer well-formed blocks");
      const { hash, rawTransactions } = block.value;
      return `heartbeat of term ${term}, ${head}, offers ${names.proposal(hash)} with ${rawTransactions.length} transactions`;
    }
    case "heartbeat-response": {
      const { uncommittedBlockHash: held } = message;
      return `is there, term ${term}, ${head}${held === ZERO_HASH ? "" : `, holds ${names.proposal(held)}`}`;
    }
    default:
      return unreachable(message);
  }
}
