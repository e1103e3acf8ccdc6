import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concatBytes, createRandom, nodeId, utf8ToBytes } from "../../primitives/index.js";
import type { Height, NodeId } from "../../primitives/index.js";
import { V2_9_0, encodeSyncPacket } from "../../protocol/index.js";
import { A, B, C, D, STRANGER } from "../testdata/blocks.js";
import { TestSender, hashOfName, transactionsPacket } from "../testdata/test-sender.js";

function ids(count: number): NodeId[] {
  return Array.from({ length: count }, (_, i) => nodeId((i + 1).toString(16).padStart(128, "0")));
}

/** An announcement of the transactions with those names. */
function announcement(...names: string[]) {
  return { type: "transactions-status", number: 0 as Height, hashes: names.map(hashOfName) } as const;
}

/** A request for the transactions with those names. */
function request(...names: string[]) {
  return { type: "request-transactions", hashes: names.map(hashOfName) } as const;
}

describe("pushing", () => {
  test("the first transaction of a client goes out at once, those of the next 20 ms together", () => {
    const node = new TestSender({ self: B });
    node.connect(A, C, D);
    node.submit("t1");
    expect(node.takeSent()).toEqual(["cda: push t1 from 1"]);
    node.nowMs = 5;
    node.submit("t2", "t3");
    expect(node.takeSent()).toEqual([]);
    node.wait(15);
    expect(node.takeSent()).toEqual(["cda: push t2,t3 from 1"]);
    expect(node.sync.wakeAtMs).toBeUndefined();
  });

  test("a node with nothing to do never wakes", () => {
    const node = new TestSender();
    node.connect(B, C, D);
    expect(node.sync.wakeAtMs).toBeUndefined();
    node.submit("t1");
    node.wait(1000);
    expect(node.sync.wakeAtMs).toBeUndefined();
  });

  test("without anybody to send to, transactions wait until somebody comes", () => {
    const node = new TestSender();
    node.submit("t1", "t2");
    expect(node.wait(1000)).toBe(0);
    node.connect(C);
    expect(node.takeSent()).toEqual(["c: push t1,t2 from 0"]);
  });

  test("an observer begins the tree at a consensus node that it reaches, and needs no vote of its own", () => {
    const node = new TestSender({ self: STRANGER, observers: [STRANGER] });
    node.connect(C);
    node.submit("t1");
    expect(node.takeSent()).toEqual(["c: push t1 from 2"]);
  });

  test("without tree, and in raft groups, every consensus node gets it, and no index is named", () => {
    for (const story of [
      { options: { sendTransactionsByTree: false } },
      { rules: { consensusType: "raft" as const } },
    ]) {
      const node = new TestSender({ ...story, observers: [STRANGER] });
      node.connect(B, C, D, STRANGER);
      node.submit("t1");
      expect(node.takeSent()).toEqual(["bcd: push t1"]);
    }
  });

  test("thousands go out in packets of a thousand", () => {
    const node = new TestSender({ limit: 5000 });
    node.submit(...Array.from({ length: 2500 }, (_, i) => `t${i}`));
    node.connect(B);
    const sizes = node.sent.map(({ packet }) => (packet.type === "transactions" ? packet.rawTransactions.length : 0));
    expect(sizes).toEqual([1000, 1000, 500]);
  });

  test("large transactions do not add up to large frames", () => {
    const node = new TestSender();
    for (const name of ["t1", "t2", "t3", "t4", "t5"]) node.submitLarge(name, 1_500_000);
    node.connect(B);
    expect(node.sent.map(({ body }) => Math.round(body.length / 1e6))).toEqual([3, 3, 2]);
  });
});

describe("receiving pushed transactions", () => {
  test("the frame goes on to our children unchanged, with its own sequence number, and never back", () => {
    const [n0, n1, n2, n3, n4, n5] = ids(6) as [NodeId, NodeId, NodeId, NodeId, NodeId, NodeId];
    const node = new TestSender({ self: n1, sealers: [n0, n1, n2, n3, n4, n5] });
    node.connect(n0, n2, n3, n4, n5);
    const body = encodeSyncPacket(transactionsPacket(["t1"], 0), V2_9_0);
    node.hearBody(n0, body, { packetType: 1, seq: 4711 });
    const [frame] = node.sent;
    expect(frame).toMatchObject({ to: [n4, n5], packetType: 1, seq: 4711 });
    expect(frame?.body).toBe(body);
    expect(node.imported).toBe(1);
    node.sent.splice(0);
    node.hear(n4, transactionsPacket(["t2"], 0), { packetType: 1 });
    expect(node.sent[0]?.to).toEqual([n5]);
  });

  test("what was passed on is not passed on again: trees that differ from node to node may have circles", () => {
    const [n0, n1, n2, n3, n4, n5] = ids(6) as [NodeId, NodeId, NodeId, NodeId, NodeId, NodeId];
    const node = new TestSender({ self: n1, sealers: [n0, n1, n2, n3, n4, n5] });
    node.connect(n0, n2, n3, n4, n5);
    const hear = (from: NodeId, ...names: string[]): readonly NodeId[] => {
      node.sent.splice(0);
      node.hear(from, transactionsPacket(names, 0), { packetType: 1 });
      return node.sent.flatMap(({ to }) => to);
    };
    expect(hear(n0, "t1", "t2")).toEqual([n4, n5]);
    expect(hear(n4, "t1", "t2")).toEqual([]);
    expect(hear(n4, "t2")).toEqual([]);
    expect(hear(n0, "t2", "t3")).toEqual([n4, n5]);
    expect(node.sync.dropCounts().get("push-relayed-before")).toBe(2);
  });

  test("whom another tree would have had us serve is told all the same, as nothing was passed on to it", () => {
    const [n0, n1, n2, n3, n4, n5] = ids(6) as [NodeId, NodeId, NodeId, NodeId, NodeId, NodeId];
    const node = new TestSender({ self: n1, sealers: [n0, n1, n2, n3, n4, n5] });
    node.connect(n0, n2, n3, n4, n5);
    node.hear(n0, transactionsPacket(["t1"], 0), { packetType: 1 });
    node.hear(n0, transactionsPacket(["t1"], 1), { packetType: 1 });
    expect(node.sent.map(({ to }) => to)).toEqual([[n4, n5]]);
    node.sent.splice(0);
    node.wait(50);
    expect(node.sent.flatMap(({ to }) => to).sort()).toEqual([n2, n3].sort());
  });

  test("plain packets are not passed on, nor are pushed ones without an index", () => {
    const node = new TestSender({ self: B });
    node.connect(A, C, D);
    node.hear(A, transactionsPacket(["t1"], 2), { packetType: 0 });
    node.hear(A, transactionsPacket(["t2"]), { packetType: 1 });
    expect(node.takeSent()).toEqual([]);
    expect(node.imported).toBe(2);
  });

  test("each transaction is verified once on a node, however often it comes", () => {
    const node = new TestSender({ manual: true });
    node.connect(B, C, D);
    node.hear(B, transactionsPacket(["t1", "t2", "t1"]));
    node.hear(C, transactionsPacket(["t2", "t3"]));
    expect(node.verifications).toBe(3);
    node.releaseVerification();
    node.releaseVerification();
    node.hear(D, transactionsPacket(["t1", "t2", "t3"]));
    node.pool.clear();
    node.commit();
    node.hear(D, transactionsPacket(["t1", "t2", "t3"]));
    expect(node.verifications).toBe(3);
    expect(node.imported).toBe(3);
  });

  test("a client's own transaction that comes back is not verified either", () => {
    const node = new TestSender();
    node.connect(B);
    node.submit("t1");
    node.hear(B, transactionsPacket(["t1"]));
    expect(node.verifications).toBe(0);
  });

  test("strangers and non-members: nothing is imported, nothing passed on", () => {
    const node = new TestSender();
    node.connect(B);
    node.hear(STRANGER, transactionsPacket(["t1"], 0), { packetType: 1 });
    node.hear(STRANGER, announcement("t1"));
    node.hear(STRANGER, request("t1"));
    expect(node.sync.dropCounts().get("packet-from-stranger")).toBe(3);
    const outsider = new TestSender({ self: STRANGER });
    outsider.connect(A);
    outsider.hear(A, transactionsPacket(["t1"], 0), { packetType: 1 });
    outsider.hear(A, announcement("t1"));
    outsider.submit("t2");
    outsider.wait(1000);
    expect(outsider.takeSent()).toEqual([]);
    expect(outsider.verifications).toBe(0);
  });

  test("B6: badly signed transactions are counted and get nowhere", () => {
    const node = new TestSender();
    node.connect(B);
    const good = utf8ToBytes("good");
    const bad = concatBytes(Uint8Array.of(0xff), good);
    node.hear(B, { type: "transactions", rawTransactions: [bad, good], consensusIndex: undefined });
    expect(node.imported).toBe(1);
    expect(node.sync.dropCounts().get("transaction-invalid")).toBe(1);
  });

  test("B23: no more is verified than the pool can take", () => {
    const node = new TestSender({ limit: 5, manual: true });
    node.connect(B);
    node.hear(B, transactionsPacket(["t1", "t2", "t3"]));
    node.hear(B, transactionsPacket(["t4", "t5", "t6", "t7"]));
    expect(node.verifications).toBe(5);
    expect(node.sync.dropCounts().get("transaction-without-room")).toBe(2);
    node.releaseVerification();
    node.releaseVerification();
    node.hear(B, transactionsPacket(["t8"]));
    node.hear(B, announcement("t9"));
    expect(node.verifications).toBe(5);
    expect(node.takeSent().filter((line) => line.includes("ask"))).toEqual([]);
  });
});

describe("announcing", () => {
  test("what came from a peer is announced after 50 ms to a quarter of those who may not have it", () => {
    const sealers = ids(9);
    const [self, from] = sealers as [NodeId, NodeId];
    const node = new TestSender({ self, sealers });
    node.connect(...sealers.slice(1));
    node.hear(from, transactionsPacket(["t1", "t2"]));
    expect(node.takeSent()).toEqual([]);
    node.wait(49);
    expect(node.takeSent()).toEqual([]);
    node.wait(1);
    // Eight others: two of them for each transaction, and never the one it came from.
    const announced = node.sent.flatMap(({ to, packet }) =>
      packet.type === "transactions-status" ? packet.hashes.map((hash) => ({ to: to[0], hash })) : [],
    );
    expect(announced.map(({ hash }) => hash).sort()).toEqual(
      [hashOfName("t1"), hashOfName("t1"), hashOfName("t2"), hashOfName("t2")].sort(),
    );
    expect(announced.some(({ to }) => to === from)).toBe(false);
    expect(node.wait(10_000)).toBe(0);
  });

  test("what was pushed is not announced by the one who pushed it", () => {
    const node = new TestSender();
    node.connect(B, C, D);
    node.submit("t1");
    node.takeSent();
    node.wait(1000);
    expect(node.takeSent()).toEqual([]);
  });

  test("who is above or below us in the tree is known to have it", () => {
    const node = new TestSender({ self: B });
    node.connect(A, C, D);
    node.hear(A, transactionsPacket(["t1"], 0), { packetType: 1 });
    node.wait(50);
    const [line] = node.takeSent();
    expect(["c: announce 1", "d: announce 1"]).toContain(line);
  });

  test("what was committed meanwhile, and what everybody has, is not announced", () => {
    const node = new TestSender();
    node.connect(B, C);
    node.hear(B, transactionsPacket(["t1", "t2"]));
    node.hear(C, announcement("t1", "t2"));
    node.wait(50);
    expect(node.takeSent()).toEqual([]);
    node.hear(B, transactionsPacket(["t3"]));
    node.pool.clear();
    node.commit();
    node.wait(50);
    expect(node.takeSent()).toEqual([]);
  });

  test("with no gossip allowed nothing is announced", () => {
    const node = new TestSender({ options: { transactionGossipPeersMax: 0 } });
    node.connect(B, C);
    node.hear(B, transactionsPacket(["t1"]));
    node.wait(1000);
    expect(node.takeSent()).toEqual([]);
  });
});

describe("asking and answering", () => {
  test("an unknown hash is asked for once, and again of another peer when ten seconds brought nothing", () => {
    const node = new TestSender();
    node.connect(B, C);
    node.hear(B, announcement("t1", "t2"));
    node.hear(C, announcement("t1"));
    expect(node.takeSent()).toEqual(["b: ask 2"]);
    node.wait(10_000);
    node.hear(B, transactionsPacket(["t2"]));
    node.hear(C, announcement("t1", "t2"));
    expect(node.takeSent()).toEqual(["c: ask 1"]);
  });

  test("what is asked for is given in the order of the request, without index, once each", () => {
    const node = new TestSender();
    node.connect(B);
    node.submit("t1", "t2", "t3");
    node.wait(100);
    node.takeSent();
    node.hear(B, request("t3", "t0", "t1", "t3"));
    expect(node.takeSent()).toEqual(["b: give t3,t1"]);
  });

  test("where nothing is found nothing is answered", () => {
    const node = new TestSender();
    node.connect(B);
    node.hear(B, request("t1"));
    expect(node.takeSent()).toEqual([]);
  });

  test("one request gets no more than 32 MB", () => {
    const node = new TestSender();
    const names = ["t1", "t2", "t3", "t4"];
    for (const name of names) node.submitLarge(name, 10_000_000);
    node.connect(B);
    node.sent.splice(0);
    node.hear(B, request(...names));
    expect(node.sent.map(({ body }) => Math.round(body.length / 1e6))).toEqual([10, 10, 10]);
  });
});

describe("membership", () => {
  test("who leaves the group and comes back sends everything again", () => {
    const node = new TestSender();
    node.connect(B);
    node.submit("t1");
    node.hear(B, transactionsPacket(["t2"]));
    node.wait(100);
    node.takeSent();
    node.commit({ sealers: [B, C, D] });
    node.wait(1000);
    expect(node.takeSent()).toEqual([]);
    node.commit({ sealers: [A, B, C, D] });
    expect(node.takeSent()).toEqual(["b: push t1 from 0"]);
    node.wait(50);
    expect(node.takeSent()).toEqual(["b: announce 1"]);
  });

  test("rotated out in rPBFT, a node hands what it has to those who came in, unless they have it", () => {
    const node = new TestSender({ rules: { consensusType: "rpbft" } });
    node.chosen = [A, B];
    node.commit();
    node.connect(B, C, D);
    node.submit("t1");
    node.hear(C, transactionsPacket(["t2"]));
    node.wait(100);
    node.takeSent();
    node.chosen = [B, C];
    node.commit();
    expect(node.takeSent()).toEqual(["c: give t1 from 0"]);
    expect(node.sent).toEqual([]);
  });

  test("B23: marks of peers that come and go are taken back, and mean nobody else later", () => {
    const observers = ids(200);
    const node = new TestSender({ observers, sealers: [A, B, C, D] });
    node.submit("t1");
    for (const visitor of observers) {
      node.connect(visitor);
      node.hear(visitor, announcement("t1"));
      const pending = node.pool.pendingTransaction(hashOfName("t1"))!;
      expect(pending.knownByMore).toBeUndefined();
      expect(pending.knownBy).toBe(2);
    }
    node.connect(...observers);
    for (const visitor of observers) node.hear(visitor, announcement("t1"));
    const pending = node.pool.pendingTransaction(hashOfName("t1"))!;
    expect(pending.knownByMore?.length).toBe(6);
    node.connect();
    expect([pending.knownBy, ...pending.knownByMore!]).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });
});

test("every reachable consensus node gets every transaction, verifies it once, and the network comes to rest", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 14 }),
      fc.integer({ min: 0, max: 3 }),
      fc.integer(),
      (count, watchers, seed) => {
        const chance = createRandom(seed);
        const sealers = ids(count);
        const observers = Array.from({ length: watchers }, (_, i) => nodeId(`f${i}`.padEnd(128, "0")));
        const all = [...sealers, ...observers];
        const down = new Set(all.filter(() => chance.chance(0.2)));
        const up = all.filter((id) => !down.has(id));
        const nodes = new Map(
          up.map((self, i) => [self, new TestSender({ self, sealers, observers, seed: seed + i })]),
        );
        for (const node of nodes.values()) node.connect(...up.filter((peer) => peer !== node.self));
        const names = up.flatMap((self, i) => [`a${i}`, `b${i}`].map((name) => ({ self, name })));
        for (const { self, name } of names) nodes.get(self)!.submit(name);
        for (let round = 0; round < 40; round++) {
          const mail = [...nodes.values()].flatMap((node) =>
            node.sent.splice(0).map((frame) => ({ from: node.self, ...frame })),
          );
          for (const { from, to, ...frame } of chance.shuffled(mail)) {
            for (const receiver of to) nodes.get(receiver)!.hearBody(from, frame.body, frame);
          }
          for (const node of nodes.values()) node.wait(25);
        }
        for (const node of nodes.values()) {
          if (sealers.includes(node.self)) expect(node.pool.size).toBe(names.length);
          expect(node.verifications).toBe(node.imported);
          expect(node.sent).toEqual([]);
        }
      },
    ),
    { numRuns: 40 },
  );
});
