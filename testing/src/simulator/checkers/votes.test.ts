import { EMPTY_BYTES, nodeId } from "@tsbcos/core/primitives";
import type { Hash } from "@tsbcos/core/primitives";
import {
  encodeBackedUpPrepare,
  encodePbftMessage,
  encodePbftPacket,
  ModuleId,
  PbftPacketId,
} from "@tsbcos/core/protocol";
import { describe, expect, it } from "vitest";
import type { Deciders } from "./deciders.js";
import { VoteChecker } from "./votes.js";

const NODE = nodeId("0a".repeat(64));
const A = "aa".repeat(32) as Hash;
const B = "bb".repeat(32) as Hash;
type Kind = keyof typeof PbftPacketId;

function message(height: number, view: number, blockHash: Hash, index = 0) {
  const sig = new Uint8Array(65);
  return { height, view, index, timestamp: 0n, blockHash, sig, sig2: sig, block: EMPTY_BYTES };
}

function frame(kind: Kind, content: ReturnType<typeof message>, more: { incarnation?: number; backup?: number } = {}) {
  const prepare = { ...message(more.backup ?? content.height, 0, A), block: new Uint8Array([1]) };
  const block = kind === "Prepare" ? new Uint8Array([1]) : EMPTY_BYTES;
  return {
    node: 3,
    nodeId: NODE,
    deciding: kind === "ViewChange" ? content.height + 1 : content.height,
    incarnation: more.incarnation ?? 1,
    ownIndex: 0,
    moduleId: ModuleId.Pbft,
    packetType: 0,
    body: encodePbftPacket({
      packetId: PbftPacketId[kind],
      ttl: 2,
      emptyBlock: false,
      message: encodePbftMessage({ ...content, block }),
      forwardNodes: [],
    }),
    backedUpPrepare: more.backup === 0 ? undefined : encodeBackedUpPrepare(prepare),
  };
}

function newChecker(deciders: Partial<Deciders> = {}, liars = 0): VoteChecker {
  const all = { nodes: [NODE], needed: 1, leaderOf: () => NODE, ...deciders };
  return new VoteChecker({ decidersAt: () => all, liars });
}

describe("VoteChecker", () => {
  it("accepts one vote of each kind in each view, sent any number of times", () => {
    const checker = newChecker();
    for (const kind of ["Prepare", "Sign", "Commit", "Commit"] as const) checker.sent(frame(kind, message(5, 0, A)));
    checker.sent(frame("Prepare", message(5, 1, B)));
    checker.sent(frame("Sign", message(6, 0, B)));
  });

  it.each(["Prepare", "Sign"] as const)("finds a second %s in one view", (kind) => {
    const checker = newChecker();
    checker.sent(frame(kind, message(5, 2, A)));
    expect(() => checker.sent(frame(kind, message(5, 2, B)))).toThrow("had sent one for");
  });

  it("lets a restarted node sign again, but not against its own commit vote", () => {
    const checker = newChecker();
    checker.sent(frame("Sign", message(5, 0, A)));
    checker.sent(frame("Sign", message(5, 0, B), { incarnation: 2 }));
    checker.sent(frame("Commit", message(5, 0, B), { incarnation: 2 }));
    expect(() => checker.sent(frame("Sign", message(5, 7, A), { incarnation: 3 }))).toThrow("had sent a commit");
  });

  it.each([0, 1])("lets a node let go of its block when enough have committed one other, with %i liars", (liars) => {
    const checker = newChecker({ needed: 3 }, liars);
    const later = frame("Sign", message(5, 0, B), { incarnation: 2 });
    checker.sent(frame("Commit", message(5, 0, A)));
    for (const node of [0, 0, 1].slice(liars)) checker.sent({ ...frame("Commit", message(5, 0, B)), node });
    if (liars === 0) checker.sent({ ...frame("Commit", message(5, 0, "cc".repeat(32) as Hash)), node: 2 });
    else checker.sent({ ...frame("Commit", message(6, 0, B)), node: 2 });
    if (liars === 0) expect(() => checker.sent(later)).toThrow("had sent a commit");
    checker.sent({ ...frame("Commit", message(5, 0, B)), node: 4 });
    checker.sent(later);
  });

  it("finds a commit vote that leaves before its backup is on the disk", () => {
    const checker = newChecker();
    expect(() => checker.sent(frame("Commit", message(5, 0, A), { backup: 4 }))).toThrow("a backup of height 4");
    expect(() => checker.sent(frame("Commit", message(5, 0, A), { backup: 0 }))).toThrow("a backup of height none");
  });

  it("does not hold a node to the votes of others that it forwards", () => {
    const checker = newChecker();
    checker.sent(frame("Sign", message(5, 0, A, 1)));
    checker.sent(frame("Sign", message(5, 0, B, 1)));
  });

  it("finds a proposal of a node that does not lead", () => {
    const checker = newChecker({ leaderOf: (view) => (view === 1 ? NODE : undefined) });
    checker.sent(frame("Prepare", message(5, 1, A)));
    expect(() => checker.sent(frame("Prepare", message(5, 2, A)))).toThrow("where it does not lead");
  });

  it("finds a vote in a view that too few have asked for, liars counted as having asked", () => {
    const asks = (checker: VoteChecker, node: number): void =>
      checker.sent({ ...frame("ViewChange", message(4, 1, A)), node });
    const checker = newChecker({ needed: 3 });
    asks(checker, 0);
    expect(() => checker.sent(frame("Sign", message(5, 1, A)))).toThrow("only (0, 3) have asked");
    asks(checker, 1);
    checker.sent(frame("Sign", message(5, 1, A)));
    const withLiar = newChecker({ needed: 3 }, 1);
    asks(withLiar, 0);
    withLiar.sent(frame("Sign", message(5, 1, A)));
  });
});
