import { describe, expect, test } from "vitest";
import type { Height } from "../../primitives/index.js";
import type { SyncPacket } from "../../protocol/index.js";
import { B, C, LONG_CHAIN, STRANGER } from "../testdata/blocks.js";
import { TestNode } from "../testdata/test-node.js";

describe("serving", () => {
  test("what is stored goes out at once, what is asked beyond the head block by block as it comes", () => {
    const node = new TestNode({ height: 3 });
    node.connect(B);
    node.takeSent();
    node.hear(B, { type: "request-blocks", from: 1 as Height, size: 5 });
    expect(node.takeSent()).toEqual(["b: blocks 1,2,3"]);
    for (let i = 0; i < 3; i++) {
      node.nowMs += 100;
      node.commitOwn();
    }
    expect(node.takeSent()).toEqual(["b: status 4", "b: blocks 4", "b: status 5", "b: blocks 5", "b: status 6"]);
  });

  test("blocks go out as they are stored, byte by byte", () => {
    const node = new TestNode({ height: 1 });
    node.connect(B);
    node.hear(B, { type: "request-blocks", from: 1 as Height, size: 1 });
    const packet = node.sent.at(-1)!.packet as Extract<SyncPacket, { type: "blocks" }>;
    expect(packet.blocks).toEqual([LONG_CHAIN[1]!.bytes]);
  });

  test("overlapping requests are merged", () => {
    const node = new TestNode();
    node.connect(B);
    node.takeSent();
    for (const [from, size] of [
      [3, 2],
      [1, 1],
      [2, 3],
      [8, 1],
    ] as const) {
      node.hear(B, { type: "request-blocks", from: from as Height, size });
    }
    node.nowMs = 1;
    while (node.height < 8) node.commitOwn();
    const served = node.takeSent().filter((line) => line.includes("blocks"));
    expect(served).toEqual([1, 2, 3, 4, 8].map((number) => `b: blocks ${number}`));
  });

  test("strangers, empty requests and endless requests get nothing or little", () => {
    const node = new TestNode({ height: 3 });
    node.connect(B, STRANGER);
    node.takeSent();
    node.hear(STRANGER, { type: "request-blocks", from: 1 as Height, size: 3 });
    node.hear(B, { type: "request-blocks", from: 1 as Height, size: 0 });
    node.hear(B, { type: "request-blocks", from: 5000 as Height, size: 0xffffffff });
    expect(node.takeSent()).toEqual([]);
    expect(node.sync.dropCounts().get("request-from-stranger")).toBe(1);
    expect(node.sync.dropCounts().get("request-refused")).toBe(2);
  });

  test("B23: a peer may have a thousand requests open, and none of a peer that left is kept", () => {
    const node = new TestNode();
    node.connect(B);
    for (let i = 1; i <= 500; i++) node.hear(B, { type: "request-blocks", from: (i * 2) as Height, size: 1 });
    expect(node.sync.dropCounts().get("request-refused")).toBeUndefined();
    node.connect();
    node.connect(B);
    node.takeSent();
    node.commitOwn();
    node.commitOwn();
    expect(node.takeSent().filter((line) => line.includes("blocks"))).toEqual([]);
  });

  test("much is sent in several passes, each peer in turn, and consensus is not kept waiting", () => {
    const node = new TestNode({ height: 4 });
    const heavy = new Uint8Array(3 * 1024 * 1024);
    node.chain.splice(1, 4, ...LONG_CHAIN.slice(1, 5).map((block) => ({ ...block, bytes: heavy })));
    node.connect(B, C);
    node.takeSent();
    const receivers = (): string[] => node.sent.splice(0).map(({ to, packet }) => `${to[0]}: ${packet.type}`);
    node.hear(B, { type: "request-blocks", from: 1 as Height, size: 4 });
    node.hear(C, { type: "request-blocks", from: 1 as Height, size: 2 });
    // One pass when each request comes, then one at a time, whoever waited longest first.
    expect(receivers()).toEqual(["b: blocks", "b: blocks"]);
    expect(node.sync.wakeAtMs).toBe(node.nowMs);
    node.wait(0);
    expect(receivers()).toEqual(["c: blocks", "b: blocks", "c: blocks", "b: blocks"]);
  });

  test("what the host does not let through goes later, in order, and nobody else is served meanwhile", () => {
    const node = new TestNode({ height: 6, manual: true });
    node.connect(B, C);
    node.takeSent();
    node.hear(B, { type: "request-blocks", from: 1 as Height, size: 5 });
    node.hear(C, { type: "request-blocks", from: 6 as Height, size: 1 });
    const grant = (blocks: number): void => {
      const asked = node.held.shift();
      if (asked?.type !== "ask-bandwidth") throw new Error("bandwidth was asked for");
      expect(node.held).toEqual([]);
      node.give({ type: "bandwidth-granted", token: asked.token, blocks });
      node.wait(0);
    };
    expect(node.takeSent()).toEqual([]);
    expect(node.held[0]).toMatchObject({ sizes: LONG_CHAIN.slice(1, 6).map(({ bytes }) => bytes.length) });
    grant(2);
    expect(node.takeSent()).toEqual(["b: blocks 1,2"]);
    grant(1);
    expect(node.takeSent()).toEqual(["c: blocks 6"]);
    // Asked for again before it was sent: it is sent once.
    node.hear(B, { type: "request-blocks", from: 4 as Height, size: 2 });
    grant(3);
    expect(node.takeSent()).toEqual(["b: blocks 3,4,5"]);
  });

  test("a peer that leaves while bandwidth is asked for gets nothing, and the others go on", () => {
    const node = new TestNode({ height: 3, manual: true });
    node.connect(B, C);
    node.takeSent();
    node.hear(B, { type: "request-blocks", from: 1 as Height, size: 3 });
    node.hear(C, { type: "request-blocks", from: 2 as Height, size: 1 });
    node.connect(C);
    node.release("ask-bandwidth");
    node.wait(0);
    expect(node.takeSent()).toEqual([]);
    node.release("ask-bandwidth");
    expect(node.takeSent()).toEqual(["c: blocks 2"]);
  });
});
