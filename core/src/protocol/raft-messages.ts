/** The four messages of Raft. See docs/protocol/raft-messages.md. */
import { bytesToHex, isNodeId, nodeId, ok, unreachable } from "../primitives/index.js";
import type { Hash, NodeId, Result } from "../primitives/index.js";
import { malformed } from "./failure.js";
import type { DecodeFailure } from "./failure.js";
import { RlpReader, RlpWriter } from "./rlp.js";

/** Outcome of a vote request. */
export const RaftVoteFlag = {
  Reject: 0,
  LeaderReject: 1,
  LastTermError: 2,
  Outdated: 3,
  FirstVote: 4,
  Discard: 5,
  Granted: 6,
} as const;

/** What every message says about its sender. Terms and heights have at most 32 bits. */
export interface RaftSender {
  /** Position in the sorted list of sealers. */
  readonly index: number;
  readonly term: number;
  /** Number of the sender's highest block. */
  readonly height: number;
  /** Hash of the sender's highest block. */
  readonly blockHash: Hash;
}

/** A candidate asks for votes. */
export interface RaftVoteRequest extends RaftSender {
  readonly type: "vote-request";
  /** Same as `index`. */
  readonly candidate: number;
  readonly lastLeaderTerm: number;
  /** Height, one more while a block waits for agreement. */
  readonly lastBlockNumber: number;
}

/** The answer to a candidate. */
export interface RaftVoteResponse extends RaftSender {
  readonly type: "vote-response";
  /** See {@link RaftVoteFlag}. */
  readonly voteFlag: number;
  readonly lastLeaderTerm: number;
}

/** A leader is alive, and may offer a block. */
export interface RaftHeartbeat extends RaftSender {
  readonly type: "heartbeat";
  /** Same as `index`. */
  readonly leader: number;
  /** Whole proposal, or empty. A view of the input when decoded. */
  readonly uncommittedBlock: Uint8Array;
  readonly uncommittedBlockNumber: number;
}

/** The answer to a leader. */
export interface RaftHeartbeatResponse extends RaftSender {
  readonly type: "heartbeat-response";
  /** Hash of the offered proposal, zero when there was none. */
  readonly uncommittedBlockHash: Hash;
}

/** Everything that module Raft sends. */
export type RaftMessage = RaftVoteRequest | RaftVoteResponse | RaftHeartbeat | RaftHeartbeatResponse;

const TYPE = {
  "vote-request": 0,
  "vote-response": 1,
  heartbeat: 2,
  "heartbeat-response": 3,
} as const satisfies Record<RaftMessage["type"], number>;

/** Encodes a message as the body of a frame. */
export function encodeRaftMessage(message: RaftMessage): Uint8Array {
  const writer = new RlpWriter(message.type === "heartbeat" ? message.uncommittedBlock.length + 128 : 128);
  writer.number(TYPE[message.type]);
  const data = writer.openList();
  const list = writer.openList();
  const content = writer.openList();
  writer.number(message.index).number(message.term).number(message.height).hex(message.blockHash);
  writeRest(writer, message);
  return writer.closeBytes(content).closeList(list).closeBytes(data).toBytes();
}

function writeRest(writer: RlpWriter, message: RaftMessage): void {
  switch (message.type) {
    case "vote-request":
      writer.number(message.candidate).number(message.lastLeaderTerm).number(message.lastBlockNumber);
      return;
    case "vote-response":
      writer.number(message.voteFlag).number(message.lastLeaderTerm);
      return;
    case "heartbeat":
      writer.number(message.leader).bytes(message.uncommittedBlock).number(message.uncommittedBlockNumber);
      return;
    case "heartbeat-response":
      writer.hex(message.uncommittedBlockHash);
      return;
    default:
      unreachable(message);
  }
}

/** Decodes the body of a frame of module Raft. */
export function decodeRaftMessage(body: Uint8Array): Result<RaftMessage, DecodeFailure> {
  const reader = new RlpReader(body);
  const type = reader.readNumber(1);
  reader.enterOnlyBytes();
  reader.enterOnlyList();
  reader.enterBytes();
  const sender: RaftSender = {
    index: reader.readNumber(2),
    term: reader.readNumber(4),
    height: reader.readNumber(4),
    blockHash: reader.readHash(),
  };
  const message = readRest(reader, type, sender);
  return message === undefined || reader.failed ? malformed("raft-message") : ok(message);
}

function readRest(reader: RlpReader, type: number, sender: RaftSender): RaftMessage | undefined {
  switch (type) {
    case TYPE["vote-request"]: {
      const candidate = reader.readNumber(2);
      const lastLeaderTerm = reader.readNumber(4);
      return { type: "vote-request", ...sender, candidate, lastLeaderTerm, lastBlockNumber: reader.readNumber(4) };
    }
    case TYPE["vote-response"]: {
      const voteFlag = reader.readNumber(1);
      return { type: "vote-response", ...sender, voteFlag, lastLeaderTerm: reader.readNumber(4) };
    }
    case TYPE.heartbeat: {
      const leader = reader.readNumber(2);
      const uncommittedBlock = reader.readBytesOrList();
      return { type: "heartbeat", ...sender, leader, uncommittedBlock, uncommittedBlockNumber: reader.readNumber(4) };
    }
    case TYPE["heartbeat-response"]:
      return { type: "heartbeat-response", ...sender, uncommittedBlockHash: reader.readHash() };
    default:
      return undefined;
  }
}

/** What a Raft node has promised and must keep across a crash. Never sent: only our own store holds it. */
export interface RaftVows {
  /** Highest term it has voted in, itself included; 0 when it never has. */
  readonly votedTerm: number;
  /** Whom it has voted for in that term. */
  readonly votedFor: NodeId | undefined;
  /** Term of the leader that offered {@link block}. */
  readonly blockTerm: number;
  /** Proposal that it has acknowledged and not seen stored; empty when there is none. */
  readonly block: Uint8Array;
}

/** Encodes promises. */
export function encodeRaftVows(vows: RaftVows): Uint8Array {
  const writer = new RlpWriter(vows.block.length + 128);
  const list = writer.openList();
  writer.number(vows.votedTerm).hex(vows.votedFor ?? "");
  writer.number(vows.blockTerm).bytes(vows.block);
  return writer.closeList(list).toBytes();
}

/** Decodes promises; the block is a view of `bytes`. */
export function decodeRaftVows(bytes: Uint8Array): Result<RaftVows, DecodeFailure> {
  const reader = new RlpReader(bytes);
  reader.enterOnlyList();
  const votedTerm = reader.readNumber(4);
  const votedFor = bytesToHex(reader.readBytes());
  const blockTerm = reader.readNumber(4);
  const block = reader.readBytes();
  if (reader.failed || !reader.atEnd || (votedFor !== "" && !isNodeId(votedFor))) return malformed("raft-vows");
  return ok({ votedTerm, votedFor: votedFor === "" ? undefined : nodeId(votedFor), blockTerm, block });
}
