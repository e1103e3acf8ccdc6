import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8ToBytes } from "../../primitives/index.js";
import { B, C, D, LONG_CHAIN, makeBlock } from "../testdata/blocks.js";
import { TestNode, serveRequests } from "../testdata/test-node.js";

describe("peers that do not keep their word", () => {
  test("B7: a peer that first reports a high block and then a lower one does not keep us downloading", () => {
    const node = new TestNode();
    node.connect(B, C, D);
    for (const peer of [B, C, D]) node.hearStatus(peer, 5);
    node.hearStatus(D, 1_000_000);
    serveRequests(node, new Set([D]));
    node.hearStatus(D, 4);
    for (let round = 0; round < 20 && node.height < 5; round++) {
      node.wait(1000);
      serveRequests(node, new Set([D]));
    }
    expect(node.height).toBe(5);
    expect(node.sync.downloading).toBe(false);
    expect(node.sync.status()).toMatchObject({ isSyncing: false, knownHighestNumber: 5 });
  });

  test("B7: what was asked of a peer that lowers its claim is asked of others at once", () => {
    const node = new TestNode();
    node.connect(B);
    node.hearStatus(B, 8);
    node.takeSent();
    node.connect(B, C);
    node.hearStatus(C, 8);
    expect(node.takeSent()).toEqual(["c: status 0"]);
    node.hearStatus(B, 3);
    expect(node.takeSent()).toEqual(["c: request 4..8"]);
  });

  test("B7: a claim that nobody else makes neither stops consensus nor is believed for long", () => {
    const node = new TestNode({ height: 10 });
    node.connect(B, C, D);
    for (const peer of [B, C]) node.hearStatus(peer, 10);
    node.takeSent();
    node.hearStatus(D, 1_000_000_000);
    expect(node.sync.downloading).toBe(false);
    expect(node.sync.knownHighest).toBe(10);
    let requests = 0;
    for (let second = 0; second < 3600; second++) {
      node.wait(1000);
      node.hearStatus(D, 1_000_000_000);
      requests += node.takeSent().filter((line) => line.includes("request")).length;
    }
    // Four at once, then one more each time its penalty is over, a minute in the end.
    expect(requests).toBeLessThan(4 * 70);
    expect(node.sync.downloading).toBe(false);
  });

  test("B7: a header that promises other transactions costs its sender the next ten seconds, and others are asked", () => {
    const node = new TestNode({ rules: { consensusType: "raft" } });
    node.connect(B, C);
    node.hearStatus(B, 3);
    const promised = [utf8ToBytes("transaction 1/0")];
    const body = [utf8ToBytes("something else")];
    const parentHash = LONG_CHAIN[0]!.hash;
    const wrong = makeBlock({ number: 1, parentHash, raws: body, promised });
    node.takeSent();
    node.hear(B, { type: "blocks", blocks: [LONG_CHAIN[3]!.bytes, LONG_CHAIN[2]!.bytes, wrong.bytes] });
    expect(node.events()).toContain("block-body-wrong");
    expect(node.takeSent()).toEqual([]);
    node.hearStatus(C, 3);
    expect(node.takeSent()).toEqual(["c: request 1..3"]);
    node.hearBlocks(C, 3, 1, 2);
    expect(node.height).toBe(3);
  });

  test("B7: one peer that always serves wrong blocks is asked ever more rarely", () => {
    const node = new TestNode();
    node.connect(B);
    node.takeSent();
    const forged = makeBlock({ number: 1, parentHash: LONG_CHAIN[0]!.hash, raws: [], agreed: false });
    let asked = 0;
    for (let second = 0; second < 3600; second++) {
      node.hearStatus(B, 1);
      for (const line of node.takeSent()) {
        if (!line.includes("request")) continue;
        asked++;
        node.hear(B, { type: "blocks", blocks: [forged.bytes] });
      }
      node.wait(1000);
    }
    // 10, 20, 40 … 600 seconds, then every ten minutes.
    expect(asked).toBeGreaterThan(5);
    expect(asked).toBeLessThan(15);
    expect(node.height).toBe(0);
  });

  test("a silent peer is not asked again while somebody else can answer", () => {
    const node = new TestNode();
    node.connect(B, C);
    node.hearStatus(B, 400);
    node.hearStatus(C, 400);
    const silent = new Set([C]);
    let askedInVain = 0;
    for (let second = 0; second < 60 && node.height < 400; second++) {
      askedInVain += node.sent.filter(({ to, packet }) => to === C && packet.type === "request-blocks").length;
      serveRequests(node, silent);
      node.wait(1000);
    }
    expect(node.height).toBe(400);
    expect(askedInVain).toBeLessThanOrEqual(3);
  });

  test("the time for an answer is 6.4 seconds, or a second a block; answers that come later still count", () => {
    const node = new TestNode();
    node.connect(B);
    node.hearStatus(B, 8);
    node.takeSent();
    node.wait(7999);
    expect(node.events()).not.toContain("block-request-timed-out");
    node.wait(1);
    expect(node.events()).toContain("block-request-timed-out");
    node.hearBlocks(B, 1, 2, 3, 4, 5, 6, 7, 8);
    expect(node.height).toBe(8);
  });

  test.each([900, 3000])("a peer whose bandwidth is limited may take %i ms for each block: it is not silent", (ms) => {
    const node = new TestNode();
    node.connect(B);
    node.hearStatus(B, 32);
    expect(node.takeSent().filter((line) => line.includes("request"))).toHaveLength(4);
    for (let number = 1; number <= 32; number++) {
      node.wait(ms);
      expect(node.sync.status()).toMatchObject({ isSyncing: true, knownHighestNumber: 32 });
      node.hearBlocks(B, number);
    }
    expect(node.height).toBe(32);
    expect(node.events()).not.toContain("block-request-timed-out");
    expect(node.takeSent().filter((line) => line.includes("request"))).toEqual([]);
  });

  test("B7: a peer that lets blocks drip is not waited for longer than four times as long", () => {
    const node = new TestNode();
    node.connect(B, C);
    node.hearStatus(B, 8);
    node.hearStatus(C, 8);
    for (let number = 1; number < 5; number++) {
      node.wait(6000);
      node.hearBlocks(B, number);
    }
    expect(node.events()).not.toContain("block-request-timed-out");
    node.takeSent();
    node.wait(8000);
    expect(node.events()).toContain("block-request-timed-out");
    expect(node.takeSent()).toContain("c: request 5..8");
  });

  test("on a line too slow for the time-out, requests shrink until answers arrive", () => {
    const node = new TestNode();
    node.connect(B);
    node.hearStatus(B, 400);
    const sizes: number[] = [];
    for (let round = 0; round < 8; round++) {
      for (const { packet } of node.sent.splice(0)) if (packet.type === "request-blocks") sizes.push(packet.size);
      node.wait(70_000);
    }
    expect(sizes.at(-1)).toBe(1);
  });

  test("blocks that nobody asked for are dropped unread", () => {
    const node = new TestNode();
    node.connect(B);
    node.hearBlocks(B, 1);
    node.hear(C, { type: "blocks", blocks: [utf8ToBytes("rubbish")] });
    expect(node.height).toBe(0);
    expect(node.sync.dropCounts().get("block-not-asked-for")).toBe(2);
    expect(node.events()).toEqual([]);
  });

  test("B14: rubbish in place of blocks is counted, and its sender left alone", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 5 }), (blocks) => {
        const node = new TestNode();
        node.connect(B);
        node.hearStatus(B, 5);
        node.hear(B, { type: "blocks", blocks });
        expect(node.events()).toContain("block-malformed");
        expect(node.sync.status()).toMatchObject({ isSyncing: false });
      }),
      { numRuns: 50 },
    );
  });

  test("badly signed transactions in a block cost their sender its trust", () => {
    const node = new TestNode();
    node.connect(B, C);
    node.hearStatus(B, 1);
    const bad = makeBlock({ number: 1, parentHash: LONG_CHAIN[0]!.hash, raws: [Uint8Array.of(0xff)] });
    node.hear(B, { type: "blocks", blocks: [bad.bytes] });
    expect(node.events()).toContain("block-transaction-invalid");
    node.hearStatus(C, 1);
    expect(node.takeSent()).toContain("c: request 1..1");
  });

  test("a block that we alone execute differently is nobody's lie: the node says so, pauses, and tries again", () => {
    const node = new TestNode({ differsAt: 1 });
    node.connect(B);
    node.hearStatus(B, 1);
    let tries = 0;
    for (let second = 0; second < 600; second++) {
      tries += serveRequests(node);
      node.wait(1000);
    }
    expect(node.events()).toContain("execution-differs");
    expect(node.events()).not.toContain("block-body-wrong");
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(20);
  });
});
