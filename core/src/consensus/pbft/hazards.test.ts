import { describe, expect, test } from "vitest";
import { EMPTY_BYTES, createRandom } from "../../primitives/index.js";
import type { Height } from "../../primitives/index.js";
import { PbftPacketId } from "../../protocol/index.js";
import { forgePrepare, frameOf, honestHeader, sendForgery } from "../testdata/adversary.js";
import { TestCluster } from "../testdata/cluster.js";
import type { Frame } from "../testdata/cluster.js";
import { heights, traced } from "../testdata/questions.js";

const ALL = [0, 1, 2, 3];

describe("what comes from outside", () => {
  test("B14: whatever the bytes, nothing is thrown and nothing is believed", () => {
    const cluster = new TestCluster(4);
    const seen: Frame[] = [];
    cluster.isLost = (frame) => seen.push(frame) > 0 && false;
    cluster.submit([cluster.transaction(), cluster.transaction()], [0, 1]);
    cluster.run(500);
    cluster.run(2000);
    const random = createRandom("mutated frames");
    const before = heights(cluster);
    for (let round = 0; round < 4000; round++) {
      const frame = seen[random.below(seen.length)] as Frame;
      const body = frame.body.slice(0, random.chance(0.3) ? random.below(frame.body.length + 1) : undefined);
      for (let changes = random.below(4); changes > 0 && body.length > 0; changes--) {
        body[random.below(body.length)] = random.below(256);
      }
      cluster.inject({ ...frame, packetType: random.below(8), body });
      cluster.inject({ ...frameOf(frame.from, frame.to, random.bytes(random.below(80))), packetType: random.below(8) });
    }
    cluster.stabilize();
    expect(heights(cluster)).toEqual(before);
    cluster.submit([cluster.transaction()], ALL);
    cluster.run(6000);
    expect(heights(cluster)).toEqual(before.map((height) => height + 1));
  });

  test("B14: who has left the sealers drops what it is sent, and answers nothing", () => {
    const cluster = new TestCluster(4);
    cluster.submit([cluster.transaction(`remove ${cluster.node(3).nodeId}`)], ALL);
    cluster.run(500);
    cluster.inject(frameOf(0, 3, EMPTY_BYTES));
    cluster.inject(frameOf(0, 3, Uint8Array.of(0xc0)));
    const { hash } = cluster.node(0).head;
    sendForgery(cluster, { packetId: PbftPacketId.ViewChange, signer: 0, height: 1, view: 1, blockHash: hash }, [3]);
    expect(cluster.machine(3).wakeAtMs).toBeUndefined();
    expect(cluster.machine(3).view()).toBe(0);
  });

  test("B8: one sealer in a crash loop costs its own turns and no more", () => {
    const cluster = new TestCluster(4);
    for (let round = 0; round < 40; round++) {
      cluster.submit([cluster.transaction()], [0, 1, 2]);
      cluster.crash(3);
      cluster.run(300);
      cluster.restart(3);
      cluster.run(400);
      cluster.sync(3);
    }
    // 28 seconds: with half a second a block, and a lost turn of some seconds in four blocks, there is no stall.
    expect(cluster.node(0).head.header.number).toBeGreaterThan(15);
    cluster.run(15_000);
    cluster.sync(3);
    expect(new Set(heights(cluster)).size).toBe(1);
  });

  test("B8: neither do conflicting transactions beside it", () => {
    const cluster = new TestCluster(4);
    for (let round = 0; round < 20; round++) {
      const one = cluster.transaction("one");
      cluster.submit([one], [0, 2]);
      cluster.submit([cluster.transaction("other", one.nonce)], [1, 3]);
      if (round % 2 === 0) cluster.crash(3);
      else cluster.restart(3);
      cluster.run(3000);
      if (round % 2 === 1) cluster.sync(3);
    }
    // Sixty seconds have brought all but the last, and nothing is stuck.
    expect(cluster.node(0).head.totalTransactions).toBeGreaterThanOrEqual(18);
    cluster.run(10_000);
    cluster.sync(3);
    expect(cluster.node(0).head.totalTransactions).toBe(20);
    expect(new Set(heights(cluster)).size).toBe(1);
    const nonces = cluster.node(0).blocks.flatMap(({ block }) => block.transactions.map(({ nonce }) => nonce));
    expect(new Set(nonces).size).toBe(20);
  });

  test("B8: one of four that lies all the time, in its turn and out of it, does not stop the others", () => {
    const cluster = new TestCluster(4);
    const honest = [0, 1, 2];
    cluster.isLost = ({ from, to }) => from === 3 && to !== 3;
    const lie = (): void => {
      const { header, hash } = cluster.node(0).head;
      const [a, b] = [cluster.transaction("a"), cluster.transaction("b")];
      const view = cluster.machine(0).view() ?? 0;
      const height = header.number + 1;
      cluster.isLost = () => false;
      for (const [made, to] of [
        [a, [0, 1]],
        [b, [2]],
      ] as const) {
        sendForgery(cluster, forgePrepare(cluster, 3, honestHeader(cluster, 3, [made]), [made], view), to);
      }
      const vote = { signer: 3, height, view, blockHash: hash };
      for (const packetId of [PbftPacketId.Sign, PbftPacketId.Commit]) {
        sendForgery(cluster, { ...vote, packetId }, honest);
      }
      const wish = { ...vote, height: header.number, view: view + 1, packetId: PbftPacketId.ViewChange };
      sendForgery(cluster, wish, honest);
      cluster.isLost = ({ from, to }) => from === 3 && to !== 3;
    };
    for (let round = 0; round < 60; round++) {
      cluster.submit([cluster.transaction()], honest);
      lie();
      cluster.run(1000);
    }
    expect(heights(cluster).slice(0, 3)).toEqual(Array(3).fill(cluster.node(0).head.header.number));
    expect(cluster.node(0).head.header.number).toBeGreaterThan(20);
  });

  test("B26: a sealer that is not there when it is added stops nobody, and joins when it comes", () => {
    const cluster = new TestCluster(4);
    const late = cluster.addObserver();
    cluster.crash(late.number);
    cluster.submit([cluster.transaction(`add ${late.nodeId}`)], ALL);
    cluster.run(500);
    expect(cluster.node(0).head.sealers).toHaveLength(5);
    for (let round = 0; round < 6; round++) {
      cluster.submit([cluster.transaction()], ALL);
      cluster.run(8000);
    }
    expect(heights(cluster)).toEqual([7, 7, 7, 7, 0]);
    cluster.restart(late.number);
    cluster.sync(late.number);
    // Four of five decide, so that it is needed now.
    cluster.crash(0);
    cluster.submit([cluster.transaction()], [1, 2, 3, 4]);
    cluster.run(20_000);
    expect(heights(cluster).slice(1)).toEqual([8, 8, 8, 8]);
  });

  test("B12: full blocks follow each other at once, on one sealer and on two", () => {
    for (const count of [1, 2]) {
      const cluster = new TestCluster(count, { settings: { txCountLimit: 3 } });
      const numbers = cluster.nodes.map(({ number }) => number);
      cluster.submit(
        Array.from({ length: 30 }, () => cluster.transaction()),
        numbers,
      );
      cluster.stabilize();
      expect(heights(cluster)).toEqual(numbers.map(() => 10));
    }
  });

  test("early messages are bounded for each peer", () => {
    const cluster = new TestCluster(4);
    const transaction = cluster.transaction();
    const header = honestHeader(cluster, 0, [transaction]);
    for (let height = 2; height < 200; height++) {
      const blockHash = header.parentHash;
      sendForgery(cluster, { packetId: PbftPacketId.Sign, signer: 2, height, view: 0, blockHash }, [1]);
      sendForgery(cluster, { packetId: PbftPacketId.Commit, signer: 2, height, view: 0, blockHash }, [1]);
      const future = { ...header, number: height as Height };
      sendForgery(cluster, forgePrepare(cluster, 2, future, [transaction]), [1]);
    }
    // One crowded peer does not keep another out.
    const next = forgePrepare(cluster, 3, { ...header, number: 2 as Height }, [transaction]);
    const kept = traced(cluster, "prepare-kept-for-later").length;
    sendForgery(cluster, next, [1]);
    expect(traced(cluster, "prepare-kept-for-later").length).toBe(kept + 1);
    cluster.machine(1).invariants();
  });
});
