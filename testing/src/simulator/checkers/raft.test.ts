import { standardSuite } from "@tsbcos/core/crypto";
import { EMPTY_BYTES, ZERO_HASH, nodeId } from "@tsbcos/core/primitives";
import type { Hash } from "@tsbcos/core/primitives";
import {
  decodeBlock,
  encodeBlock,
  encodeRaftMessage,
  encodeRaftVows,
  headerHash,
  ModuleId,
  RaftVoteFlag,
  V2_9_0,
} from "@tsbcos/core/protocol";
import type { BlockHeader, RaftMessage } from "@tsbcos/core/protocol";
import { describe, expect, it } from "vitest";
import { RaftChecker } from "./raft.js";

const SEALERS = [1, 2, 3, 4, 5].map((last) => nodeId(`0${last}`.repeat(64)));
const HEIGHT = 1;

interface Offered {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly bytes: Uint8Array;
}

/** A block that node 0 has put together, told from others by its time. */
function block(timestamp: number): Offered {
  const header = {
    parentHash: "01".repeat(32),
    stateRoot: ZERO_HASH,
    transactionsRoot: ZERO_HASH,
    receiptsRoot: ZERO_HASH,
    dbHash: ZERO_HASH,
    logBloom: new Uint8Array(256),
    number: HEIGHT,
    gasLimit: 0n,
    gasUsed: 0n,
    timestamp,
    extraData: [],
    sealer: 0n,
    sealerList: SEALERS,
  } as unknown as BlockHeader;
  const hash = headerHash(header, standardSuite);
  const content = { header, hash, rawTransactions: [], signatures: [], receipts: [] };
  const bytes = encodeBlock(content, V2_9_0);
  const decoded = decodeBlock(bytes, standardSuite);
  return { header, hash: decoded.ok ? decoded.value.hash : hash, bytes };
}

const A = block(1000);
const B = block(2000);

function vows(votedTerm: number, held?: { readonly block: Offered; readonly term: number }): Uint8Array {
  return encodeRaftVows({
    votedTerm,
    votedFor: SEALERS[0],
    blockTerm: held?.term ?? 0,
    block: held?.block.bytes ?? EMPTY_BYTES,
  });
}

/** What nodes say; sealers are named by their numbers. */
class Talk {
  readonly checker = new RaftChecker();

  say(node: number, to: readonly number[], message: object, backedUp?: Uint8Array): boolean {
    const sender = { index: node, height: HEIGHT - 1, blockHash: ZERO_HASH };
    const body = encodeRaftMessage({ ...sender, ...message } as unknown as RaftMessage);
    return this.checker.sent({ node, to, moduleId: ModuleId.Raft, body, backedUp });
  }

  offer(leader: number, term: number, { bytes }: Offered): boolean {
    const block = { uncommittedBlock: bytes, uncommittedBlockNumber: HEIGHT };
    return this.say(leader, [1], { type: "heartbeat", term, leader, ...block });
  }

  hold(node: number, offered: Offered, term: number, underTerm = term): void {
    const message = { type: "heartbeat-response", term, uncommittedBlockHash: offered.hash };
    this.say(node, [0], message, vows(term, { block: offered, term: underTerm }));
  }

  vote(node: number, candidate: number, term: number, backedUp?: Uint8Array): void {
    const voteFlag = RaftVoteFlag.Granted;
    this.say(node, [candidate], { type: "vote-response", term, voteFlag, lastLeaderTerm: 0 }, backedUp);
  }

  stand(candidate: number, term: number, lastBlockNumber: number): void {
    this.say(candidate, [1], { type: "vote-request", term, candidate, lastLeaderTerm: 0, lastBlockNumber });
  }
}

describe("RaftChecker", () => {
  it("knows an offer from a heartbeat without a block", () => {
    const talk = new Talk();
    expect(talk.offer(0, 1, A)).toBe(true);
    const idle = { type: "heartbeat", term: 1, leader: 0, uncommittedBlock: EMPTY_BYTES, uncommittedBlockNumber: 0 };
    expect(talk.say(0, [1], idle)).toBe(false);
  });

  it("accepts a block that a majority holds under one leader, and others then have from him", () => {
    const talk = new Talk();
    talk.offer(0, 1, A);
    talk.hold(1, A, 1);
    talk.hold(2, A, 1);
    talk.checker.storing(0, A.header);
    talk.checker.storing(4, A.header);
  });

  it("finds a block that too few hold, however often they say so, and one that its leader has never offered", () => {
    const talk = new Talk();
    talk.offer(0, 1, A);
    talk.hold(1, A, 1);
    talk.hold(1, A, 1);
    expect(() => talk.checker.storing(0, A.header)).toThrow("(0, 1) hold it, and 3 are needed");
    expect(() => new Talk().checker.storing(0, A.header)).toThrow("has not offered");
  });

  it("does not add up what two terms of one leader were told", () => {
    const talk = new Talk();
    talk.offer(0, 1, A);
    talk.hold(1, A, 1);
    talk.offer(0, 3, A);
    talk.hold(2, A, 3);
    expect(() => talk.checker.storing(0, A.header)).toThrow("(0, 2) hold it");
  });

  it("does not count those who hold the block, but as that of an earlier leader", () => {
    const talk = new Talk();
    talk.offer(0, 3, A);
    talk.hold(1, A, 3, 1);
    talk.hold(2, A, 3);
    expect(() => talk.checker.storing(0, A.header)).toThrow("(0, 2) hold it");
  });

  it("counts those whose disks have it from a later leader already", () => {
    const talk = new Talk();
    talk.offer(0, 3, A);
    talk.hold(1, A, 3, 4);
    talk.hold(2, A, 3);
    talk.checker.storing(0, A.header);
  });

  it("finds two blocks in one term and height, and none in two", () => {
    const talk = new Talk();
    talk.offer(0, 1, A);
    talk.offer(0, 2, B);
    expect(() => talk.offer(0, 1, B)).toThrow("had offered");
  });

  it("finds two votes in one term, and a disk that goes back", () => {
    const talk = new Talk();
    talk.vote(1, 2, 5, vows(5));
    talk.vote(1, 2, 5, vows(5));
    expect(() => talk.vote(1, 3, 5, vows(5))).toThrow("had voted for n2");
    expect(() => talk.vote(1, 3, 6, vows(4))).toThrow("had one of term 5");
  });

  it("finds a vote for who lacks the block that the voter holds", () => {
    const talk = new Talk();
    talk.stand(2, 5, HEIGHT - 1);
    expect(() => talk.vote(1, 2, 5, vows(5, { block: A, term: 4 }))).toThrow("holds block 1 itself");
    talk.stand(3, 6, HEIGHT);
    talk.vote(1, 3, 6, vows(6, { block: A, term: 4 }));
  });

  it("finds a block that is said to be held and is not on the disk", () => {
    const held = { type: "heartbeat-response", term: 1, uncommittedBlockHash: A.hash };
    expect(() => new Talk().say(1, [0], held, vows(1, { block: B, term: 1 }))).toThrow("says that it holds");
    expect(() => new Talk().say(1, [0], held)).toThrow("its disk holds nothing");
  });
});
