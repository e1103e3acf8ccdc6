import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ZERO_HASH, createRandom, utf8ToBytes } from "../../primitives/index.js";
import type { Height } from "../../primitives/index.js";
import { encodeSyncPacket } from "../../protocol/index.js";
import type { SyncPacket } from "../../protocol/index.js";
import { A, B, C, D, LONG_CHAIN, makeBlock, makeChain, rules, verified } from "../testdata/blocks.js";
import { TestNode, numberOf, serveRequests } from "../testdata/test-node.js";

describe("catching up", () => {
  test("requests begin with eight blocks and are spread over the peers", () => {
    const node = new TestNode();
    node.connect(B, C);
    node.hearStatus(B, 100);
    node.hearStatus(C, 100);
    const requests = node.takeSent().filter((line) => line.includes("request"));
    expect(requests.map((line) => line.slice(3))).toEqual([
      "request 1..8",
      "request 9..16",
      "request 17..24",
      "request 25..32",
    ]);
    expect(node.sync.downloading).toBe(true);
    expect(node.sync.knownHighest).toBe(100);
  });

  test("a fresh node gets the whole chain, with requests of at most 32 blocks and never more than 256 ahead", () => {
    const node = new TestNode();
    node.connect(B, C, D);
    for (const peer of [B, C, D]) node.hearStatus(peer, 400);
    const sizes = new Set<number>();
    while (node.height < 400) {
      for (const { packet } of node.sent) {
        if (packet.type !== "request-blocks") continue;
        sizes.add(packet.size);
        expect(packet.from + packet.size - 1).toBeLessThanOrEqual(node.height + 256);
      }
      expect(serveRequests(node)).toBeGreaterThan(0);
    }
    expect(node.chain.map((block) => block.hash)).toEqual(LONG_CHAIN.map((block) => block.hash));
    expect(Math.max(...sizes)).toBe(32);
    expect(node.sync.downloading).toBe(false);
    expect(node.sync.status()).toMatchObject({ isSyncing: false, knownHighestNumber: 400 });
  });

  test("while one block executes the next ones are verified, and more are asked for", () => {
    const node = new TestNode({ manual: true });
    node.connect(B);
    node.hearStatus(B, 400);
    serveRequests(node);
    const kinds = (): string[] => node.held.map((effect) => effect.type);
    expect(kinds()).toEqual(Array.from({ length: 32 }, () => "verify-transactions"));
    // The answers to the first four requests made room for the next four.
    expect(node.sent.filter(({ packet }) => packet.type === "request-blocks").length).toBe(4);
    node.release("verify-transactions");
    expect(kinds().filter((kind) => kind === "execute-block").length).toBe(1);
    node.release("verify-transactions");
    expect(kinds().filter((kind) => kind === "execute-block").length).toBe(1);
    node.release("execute-block");
    node.release("store-block");
    expect(node.height).toBe(1);
    expect(kinds().filter((kind) => kind === "execute-block").length).toBe(1);
  });

  test("what is verified ahead is bounded", () => {
    const chain = makeChain(6, 1500);
    const node = new TestNode({ manual: true });
    node.chain.splice(0, 1, chain[0]!);
    node.connect(B);
    node.hearStatus(B, 6);
    node.hear(B, { type: "blocks", blocks: chain.slice(1).map((block) => block.bytes) });
    const verifying = node.held.filter((effect) => effect.type === "verify-transactions");
    expect(verifying.map((effect) => effect.raws.length)).toEqual([1500, 1500]);
  });

  test("transactions that wait in the pool are not verified again", () => {
    const known = verified(utf8ToBytes("transaction 1/0"))!;
    const node = new TestNode({ manual: true, pool: [known] });
    node.connect(B);
    node.hearStatus(B, 2);
    serveRequests(node);
    const [verifying, executing] = node.held;
    expect(executing).toMatchObject({ type: "execute-block", transactions: [known] });
    expect(verifying).toMatchObject({ type: "verify-transactions", raws: [utf8ToBytes("transaction 2/0")] });
  });

  test("packets may arrive in any order", () => {
    const node = new TestNode();
    node.connect(B);
    node.hearStatus(B, 8);
    node.hearBlocks(B, 8, 7);
    node.hearBlocks(B, 3, 2, 4);
    node.hearBlocks(B, 6, 5);
    expect(node.height).toBe(0);
    node.hearBlocks(B, 1);
    expect(node.height).toBe(8);
  });

  test("memory bounds what is asked for", () => {
    const size = LONG_CHAIN[32]!.bytes.length;
    const node = new TestNode({ manual: true, options: { downloadBytesMax: size * 3 * 20 } });
    node.connect(B);
    node.hearStatus(B, 400);
    const asked = (): number[] =>
      node.sent.splice(0).flatMap(({ packet }) => (packet.type === "request-blocks" ? [packet.size] : []));
    expect(asked()).toEqual([8, 8, 8, 8]);
    node.hearBlocks(B, 1, 2, 3, 4, 5, 6, 7, 8);
    // Room for twenty; eight are here and twenty-four under way.
    expect(asked()).toEqual([]);
    node.hearBlocks(B, ...Array.from({ length: 24 }, (_, i) => 9 + i));
    expect(node.sync.dropCounts().get("block-queue-full")).toBe(12);
  });

  test("the height that consensus is about to produce is left to it for three seconds", () => {
    const node = new TestNode();
    node.connect(B, C);
    node.takeSent();
    node.give({ type: "sealing", height: 1 });
    node.hearStatus(B, 1);
    node.hearStatus(C, 1);
    expect(node.takeSent()).toEqual([]);
    expect(node.sync.downloading).toBe(false);
    node.wait(2999);
    expect(node.takeSent().filter((line) => line.includes("request"))).toEqual([]);
    node.wait(1);
    expect(node.takeSent().filter((line) => line.includes("request"))).toHaveLength(1);
  });

  test("two heights ahead are fetched although consensus works on the first", () => {
    const node = new TestNode();
    node.connect(B);
    node.give({ type: "sealing", height: 1 });
    node.hearStatus(B, 2);
    expect(node.takeSent()).toContain("b: request 1..2");
  });

  test("a block that consensus stores first makes the downloaded one superfluous", () => {
    const node = new TestNode({ manual: true });
    node.connect(B);
    node.hearStatus(B, 2);
    serveRequests(node);
    node.release("verify-transactions");
    node.commitOwn();
    node.release("execute-block");
    expect(node.held.map((effect) => effect.type)).toEqual(["verify-transactions"]);
    node.release("verify-transactions");
    node.release("execute-block");
    node.release("store-block");
    expect(node.height).toBe(2);
  });
});

test("B26: a node with an empty disk among others that lie, lose and reorder packets ends at the height of the honest", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const chance = createRandom(seed);
      const nodes = new Map(
        [A, B, C, D].map((self, i) => [self, new TestNode({ self, seed: seed + i, height: i < 2 ? 40 * i : 60 })]),
      );
      for (const node of nodes.values()) node.connect(...[A, B, C, D].filter((peer) => peer !== node.self));
      const liar = D;
      for (let round = 0; round < 400 && nodes.get(A)!.height < 60; round++) {
        const mail = [...nodes.values()].flatMap((node) =>
          node.sent.splice(0).map((one) => ({ from: node.self, ...one })),
        );
        for (const { from, to, packet, body } of chance.shuffled(mail)) {
          if (chance.chance(0.1)) continue;
          const twisted =
            from === liar && packet.type === "blocks" && chance.chance(0.7) ? twist(packet, chance.below(3)) : packet;
          const lie =
            from === liar && packet.type === "status"
              ? { ...packet, number: (60 + chance.below(1000)) as Height }
              : twisted;
          expect(encodeSyncPacket(packet, rules.version)).toEqual(body);
          nodes.get(to)!.hear(from, lie);
        }
        for (const node of nodes.values()) node.wait(500);
      }
      expect(nodes.get(A)!.height).toBeGreaterThanOrEqual(60);
      expect(nodes.get(A)!.chain[60]!.hash).toBe(LONG_CHAIN[60]!.hash);
    }),
    { numRuns: 8 },
  );
});

/** Blocks as a liar sends them: rubbish, not agreed on, or nothing. */
function twist(packet: Extract<SyncPacket, { type: "blocks" }>, how: number): SyncPacket {
  const blocks = packet.blocks.map((bytes) => {
    const number = numberOf(bytes);
    if (how === 0) return utf8ToBytes("rubbish");
    return makeBlock({ number, parentHash: LONG_CHAIN[number - 1]?.hash ?? ZERO_HASH, raws: [], agreed: false }).bytes;
  });
  return { type: "blocks", blocks: how === 2 ? [] : blocks };
}
