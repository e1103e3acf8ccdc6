import { describe, expect, test } from "vitest";
import { ZERO_HASH } from "../../primitives/index.js";
import type { Height, NodeId } from "../../primitives/index.js";
import { V2_4_0 } from "../../protocol/index.js";
import { A, B, C, D, LONG_CHAIN, STRANGER, WALL } from "../testdata/blocks.js";
import { TestNode } from "../testdata/test-node.js";

describe("telling our height", () => {
  test("a member hears from us when it appears, at each block, every five seconds along the tree, every second by lot", () => {
    const node = new TestNode();
    expect(node.sync.wakeAtMs).toBeUndefined();
    node.connect(B);
    expect(node.takeSent()).toEqual(["b: status 0"]);
    node.nowMs = 500;
    node.commitOwn();
    expect(node.takeSent()).toEqual(["b: status 1"]);
    node.wait(499);
    expect(node.takeSent()).toEqual([]);
    node.wait(1);
    expect(node.takeSent()).toEqual(["b: status 1"]);
    node.wait(5000);
    // Five rounds of gossip, and the status of the tree five seconds after the last one.
    expect(node.takeSent()).toEqual(Array.from({ length: 6 }, () => "b: status 1"));
  });

  test("an idle node wakes for its statuses only", () => {
    const node = new TestNode();
    node.connect(B, C, D);
    expect(node.wait(60_000)).toBeLessThanOrEqual(60 + 12);
  });

  test("blocks in quick succession share a status", () => {
    const node = new TestNode();
    node.connect(B);
    node.takeSent();
    node.nowMs = 200;
    for (let i = 0; i < 10; i++) node.commitOwn();
    expect(node.takeSent()).toEqual(["b: status 1"]);
    node.wait(50);
    expect(node.takeSent()).toEqual(["b: status 10"]);
  });

  test("gossip goes to as many peers as configured", () => {
    const node = new TestNode({ options: { gossipPeersNumber: 2 } });
    node.connect(B, C, D);
    node.takeSent();
    node.wait(1000);
    expect(new Set(node.takeSent()).size).toBe(2);
  });

  test("a member that is behind is answered, once between two rounds of gossip; one that is not, never", () => {
    const node = new TestNode({ height: 3 });
    node.connect(B, C, STRANGER);
    node.takeSent();
    for (let i = 0; i < 5; i++) node.hearStatus(B, 2);
    node.hearStatus(C, 3);
    node.hearStatus(STRANGER, 1);
    expect(node.takeSent()).toEqual(["b: status 3"]);
    node.wait(1000);
    node.takeSent();
    node.hearStatus(B, 2);
    expect(node.takeSent()).toEqual(["b: status 3"]);
  });

  test("where everybody is told of every block, nobody is answered", () => {
    const node = new TestNode({ height: 3, options: { syncBlockByTree: false } });
    node.connect(B);
    node.takeSent();
    node.hearStatus(B, 2);
    expect(node.takeSent()).toEqual([]);
  });

  test("without tree everybody is told, and nobody gossips; so it is in raft groups", () => {
    for (const story of [{ options: { syncBlockByTree: false } }, { rules: { consensusType: "raft" as const } }]) {
      const node = new TestNode(story);
      node.connect(B, C);
      node.takeSent();
      node.wait(4999);
      expect(node.takeSent()).toEqual([]);
      node.wait(1);
      expect(node.takeSent()).toEqual(["b: status 0", "c: status 0"]);
    }
  });

  test("who is not in the group says nothing, but fetches blocks", () => {
    const node = new TestNode({ self: STRANGER });
    node.connect(A, B);
    node.wait(10_000);
    expect(node.takeSent()).toEqual([]);
    node.hearStatus(A, 3);
    expect(node.takeSent()).toEqual(["a: request 1..3"]);
  });

  test("a status below 2.6.0 has no time", () => {
    const node = new TestNode({ rules: { version: V2_4_0 } });
    node.connect(B);
    expect(node.sent[0]?.packet).toMatchObject({ type: "status", time: undefined });
    node.hearStatus(B, 0, { time: undefined });
    expect(node.sync.timeOffsetMs()).toBe(0);
  });
});

describe("peers", () => {
  test("members with a session are told things, strangers are asked for blocks while they claim to be ahead", () => {
    const node = new TestNode();
    node.connect(B, STRANGER);
    expect([...node.sync.knownPeers]).toEqual([B]);
    node.hearStatus(STRANGER, 0);
    expect(node.takeSent()).toEqual(["b: status 0"]);
    node.hearStatus(STRANGER, 2);
    expect(node.takeSent()).toEqual(["e: request 1..2"]);
    node.hearBlocks(STRANGER, 1, 2);
    expect(node.height).toBe(2);
    node.wait(20_000);
    expect(node.takeSent().filter((line) => line.startsWith("e"))).toEqual([]);
    expect([...node.sync.knownPeers]).toEqual([B]);
  });

  test("a stranger that claims to be ahead learns nothing: no status, no blocks", () => {
    const node = new TestNode({ height: 3 });
    node.connect(B, STRANGER);
    node.hearStatus(STRANGER, 9);
    node.hear(STRANGER, { type: "request-blocks", from: 1 as Height, size: 3 });
    node.commitOwn();
    node.wait(20_000);
    const told = new Set(node.takeSent().map((line) => line.replace(/ \d.*/, "")));
    expect(told).toEqual(new Set(["b: status", "e: request"]));
    expect(node.sync.dropCounts().get("request-from-stranger")).toBe(1);
  });

  test("a peer without session is no peer, whatever it said", () => {
    const node = new TestNode();
    node.connect(B);
    node.hearStatus(B, 9);
    node.connect();
    expect([...node.sync.knownPeers]).toEqual([]);
    expect(node.sync.status()).toMatchObject({ isSyncing: false, knownHighestNumber: 0 });
  });

  test("another genesis block is another chain: reported once, never asked", () => {
    const node = new TestNode();
    node.connect(B);
    node.takeSent();
    for (let i = 0; i < 5; i++) node.hearStatus(B, 9, { genesisHash: ZERO_HASH });
    expect(node.takeSent()).toEqual([]);
    expect(node.events()).toEqual(["status-of-another-chain"]);
    expect(node.sync.dropCounts().get("status-of-another-chain")).toBe(5);
  });
});

describe("clocks", () => {
  test("the offset is the median of the peers' offsets, taken anew when one changes by more than three minutes", () => {
    const node = new TestNode();
    node.connect(B, C, D);
    const offset = (peer: NodeId, ms: number): number => {
      node.hearStatus(peer, 0, { time: WALL + node.nowMs + ms });
      return node.sync.timeOffsetMs();
    };
    expect(offset(B, 1001)).toBe(1001);
    expect(offset(C, -4000)).toBe(-1499);
    expect(offset(D, 500)).toBe(500);
    expect(offset(D, 500 + 180_000)).toBe(500);
    expect(offset(D, 500 + 180_001)).toBe(1001);
  });

  test("B27: one lying clock among three does not carry us away, and is reported when it would", () => {
    const node = new TestNode();
    node.connect(B, C, D);
    node.hearStatus(B, 0, { time: 0 });
    expect(node.traces.at(-1)).toMatchObject({ level: "warn", event: "clock-offset-changed" });
    node.hearStatus(C, 0);
    node.hearStatus(D, 0);
    expect(node.sync.timeOffsetMs()).toBe(0);
  });
});

test("the status has the fields of the C++ node, peers in order of their ids", () => {
  const node = new TestNode({ height: 2 });
  node.connect(D, B);
  node.hearStatus(B, 1);
  expect(node.sync.status()).toEqual({
    blockNumber: 2,
    genesisHash: LONG_CHAIN[0]!.hash,
    isSyncing: false,
    knownHighestNumber: 2,
    knownLatestHash: LONG_CHAIN[2]!.hash,
    latestHash: LONG_CHAIN[2]!.hash,
    nodeId: A,
    peers: [
      { blockNumber: 1, genesisHash: LONG_CHAIN[0]!.hash, latestHash: LONG_CHAIN[1]!.hash, nodeId: B },
      { blockNumber: 0, genesisHash: LONG_CHAIN[0]!.hash, latestHash: LONG_CHAIN[0]!.hash, nodeId: D },
    ],
    protocolId: 65545,
    txPoolSize: "0",
  });
});
