import { describe, expect, test } from "vitest";
import { createRandom } from "../../primitives/index.js";
import type { Hash } from "../../primitives/index.js";
import {
  PbftPacketId,
  PbftPacketType,
  V2_5_0,
  encodePbftMessage,
  encodePbftPacket,
  encodeRawPrepareStatus,
} from "../../protocol/index.js";
import { forgeMessage, forgePrepare, honestHeader, sendForgery, sendMessage } from "../testdata/adversary.js";
import { TestCluster } from "../testdata/cluster.js";
import type { ClusterEvent, ClusterOptions, Frame } from "../testdata/cluster.js";

const ALL = [0, 1, 2, 3];

function rpbft(count: number, more: ClusterOptions = {}): TestCluster {
  return new TestCluster(count, { ...more, kind: { consensusType: "rpbft", version: V2_5_0 } });
}

/** A cluster and every frame that is sent in it. */
function watched(count: number, more: ClusterOptions = {}): { cluster: TestCluster; sent: Frame[] } {
  const sent: Frame[] = [];
  const log = (event: ClusterEvent): void => {
    if (event.type === "sent") for (const to of event.to) sent.push({ ...event.frame, to });
  };
  return { cluster: rpbft(count, { ...more, log }), sent };
}

function heights(cluster: TestCluster): number[] {
  return cluster.nodes.map(({ head }) => head.header.number);
}

describe("those who do not work", () => {
  test("B27: their signs and commits count for nothing, and nobody sends them anything", () => {
    const cluster = rpbft(4, { settings: { epochSealerCount: 2 } });
    cluster.isLost = ({ from }) => from === 1;
    cluster.submit([cluster.transaction()], [0]);
    cluster.run(500);
    const { hash } = cluster.node(0).head;
    for (const signer of [2, 3]) {
      for (const packetId of [PbftPacketId.Sign, PbftPacketId.Commit]) {
        sendForgery(cluster, { packetId, signer, height: 1, view: 0, blockHash: hash }, [0]);
      }
    }
    cluster.run(500);
    expect(heights(cluster)).toEqual([0, 0, 0, 0]);
  });

  test("B27: a proposal of theirs is not worked on, and not passed on", () => {
    const { cluster, sent } = watched(6);
    const idle = rpbft(6, { settings: { epochSealerCount: 4 } });
    for (const [at, by] of [
      [cluster, 3],
      [idle, 5],
    ] as const) {
      const made = [at.transaction()];
      sendForgery(at, forgePrepare(at, by, honestHeader(at, by, made), made), [1]);
      at.stabilize();
    }
    expect(sent).toEqual([]);
    expect(heights(idle)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("they keep no time, and are back at work with the block that calls them", () => {
    const cluster = rpbft(3, { settings: { epochSealerCount: 1, epochBlockCount: 1 } });
    expect(cluster.nodes.map(({ machine }) => machine?.wakeAtMs === undefined)).toEqual([false, true, true]);
    for (let number = 1; number <= 4; number++) {
      cluster.submit([cluster.transaction()], [0, 1, 2]);
      cluster.run(1000);
      for (const node of [0, 1, 2]) cluster.sync(node);
    }
    expect(cluster.node(0).blocks.map(({ block }) => Number(block.header.sealer))).toEqual([0, 1, 2, 0]);
  });

  test.each([true, false])(
    "what comes before the block that calls them is theirs when it comes: by hashes %s",
    (byHashes) => {
      const cluster = rpbft(4, {
        settings: { epochSealerCount: 2, epochBlockCount: 2 },
        options: { enablePrepareWithTransactionHashes: byHashes },
      });
      for (const height of [1, 2]) {
        cluster.submit([cluster.transaction()], ALL);
        cluster.run(500);
        expect(heights(cluster)).toEqual([height, height, 0, 0]);
      }
      // Sealers 1 and 2 decide block 3. Sealer 1 proposes it, from transactions that sealer 2 has not heard of.
      cluster.submit([cluster.transaction()], [0, 1]);
      cluster.run(500);
      expect(heights(cluster)).toEqual([2, 2, 0, 0]);
      cluster.sync(2);
      cluster.run(0);
      expect(heights(cluster)).toEqual([2, 3, 3, 0]);
    },
  );

  test("B27: before that, what is for the height they know leads to nothing", () => {
    const { cluster, sent } = watched(4, { settings: { epochSealerCount: 2 } });
    const made = [cluster.transaction()];
    const header = honestHeader(cluster, 0, made);
    const prepare = forgePrepare(cluster, 0, header, made);
    for (const view of [0, 1, 2]) sendForgery(cluster, { ...prepare, view }, [3]);
    const { hash: blockHash } = cluster.node(3).head;
    for (const packetId of [PbftPacketId.Sign, PbftPacketId.Commit, PbftPacketId.ViewChange]) {
      const height = packetId === PbftPacketId.ViewChange ? 0 : 1;
      for (const signer of [0, 1]) sendForgery(cluster, { packetId, signer, height, view: 1, blockHash }, [3]);
    }
    const body = encodeRawPrepareStatus({ height: 2, view: 0, index: 0, blockHash });
    cluster.inject({ from: 0, to: 3, packetType: PbftPacketType.RawPrepareStatus, body });
    cluster.tick(200);
    expect(sent.filter(({ from }) => from === 3)).toEqual([]);
    expect(cluster.machine(3).wakeAtMs).toBeUndefined();
    expect(cluster.machine(3).view()).toBe(0);
  });

  test("B27: with the boundary block a sealer leaves, and what it signed before is worth nothing after", () => {
    const cluster = rpbft(4, { settings: { epochSealerCount: 3, epochBlockCount: 1 } });
    cluster.submit([cluster.transaction()], [0, 1, 2]);
    cluster.run(500);
    expect(heights(cluster)).toEqual([1, 1, 1, 0]);
    cluster.sync(3);
    // Sealers 1, 2 and 3 decide block 2. Sealer 0 still speaks.
    const made = [cluster.transaction()];
    const header = honestHeader(cluster, 0, made);
    expect(header.sealerList).toEqual([1, 2, 3].map((index) => cluster.node(index).nodeId));
    sendForgery(cluster, forgePrepare(cluster, 0, header, made), [1, 2, 3]);
    cluster.submit([cluster.transaction()], [1, 2, 3]);
    cluster.run(1000);
    expect(cluster.node(1).blocks[1]?.block.header.sealer).toBe(2n);
    expect(
      cluster
        .node(1)
        .blocks[1]?.signatures.map(({ index }) => index)
        .sort(),
    ).toEqual([1, 2, 3]);
  });
});

describe("the tree", () => {
  test("passes on what the leader has signed, once to each child, however often and from whom it comes", () => {
    const { cluster, sent } = watched(8);
    cluster.submit([cluster.transaction()], [0, 1, 2, 3, 4, 5, 6, 7]);
    cluster.tick(500);
    const prepare = cluster.flying.find(({ packetType, to }) => packetType === PbftPacketType.HashPrepare && to === 1);
    sent.length = 0;
    for (const from of [0, 0, 2, 3]) cluster.inject({ ...prepare!, from, to: 1 });
    const passedOn = sent.filter(({ packetType }) => packetType === PbftPacketType.HashPrepare);
    expect(passedOn.map(({ from, to }) => [from, to])).toEqual([
      [1, 4],
      [1, 5],
      [1, 6],
    ]);
    for (const { body } of passedOn) expect(body).toEqual(prepare!.body);
  });

  test("B16: a restarted leader does not pass on its former proposal beside its new one", () => {
    const { cluster, sent } = watched(4);
    cluster.submit([cluster.transaction()], [0]);
    cluster.tick(500);
    const former = cluster.flying.find(({ packetType }) => packetType === PbftPacketType.HashPrepare)!;
    cluster.crash(0);
    cluster.restart(0);
    cluster.submit([cluster.transaction()], [0]);
    cluster.tick(500);
    const current = cluster.flying.filter(({ packetType }) => packetType === PbftPacketType.HashPrepare).at(-1)!;
    expect(current.body).not.toEqual(former.body);
    sent.length = 0;
    cluster.inject({ ...former, from: 1, to: 0 });
    expect(sent).toEqual([]);
    const events = cluster.traces.map(({ event }) => event.event);
    expect(events).toContain("former-proposal");
    expect(events).not.toContain("leader-equivocates");
  });

  test("B7: a prepare that its leader has not signed goes no further", () => {
    const { cluster, sent } = watched(8);
    const made = [cluster.transaction()];
    const forgery = forgePrepare(cluster, 0, honestHeader(cluster, 0, made), made);
    const bad = { ...forgeMessage(cluster, forgery), timestamp: 2n };
    sendMessage(cluster, { signer: 2, packetId: PbftPacketId.Prepare }, bad, [1]);
    sendMessage(cluster, { signer: 2, packetId: PbftPacketId.Prepare }, { ...bad, height: 1000 }, [1]);
    expect(sent).toEqual([]);
  });

  test("without the option everything goes to everybody, and types 4 to 6 mean nothing", () => {
    const cluster = rpbft(6, { options: { broadcastPrepareByTree: false } });
    cluster.submit([cluster.transaction()], [0, 1, 2, 3, 4, 5]);
    cluster.tick(500);
    const prepares = cluster.flying.filter(({ packetType }) => packetType === PbftPacketType.HashPrepare);
    expect(prepares.map(({ to }) => to)).toEqual([1, 2, 3, 4, 5]);
    expect(cluster.flying.some(({ packetType }) => packetType >= PbftPacketType.RawPrepareStatus)).toBe(false);
  });
});

describe("offers", () => {
  const offer = (blockHash: string, height = 1, view = 0): Uint8Array =>
    encodeRawPrepareStatus({ height, view, index: 0, blockHash: blockHash as Hash });

  function inject(cluster: TestCluster, from: number, to: number, packetType: number, body: Uint8Array): void {
    cluster.inject({ from, to, packetType, body });
  }

  test("B7: a peer that offers without end is asked for each thing once, and for one thing at a time", () => {
    const { cluster, sent } = watched(6);
    const requests = (): number =>
      sent.filter(({ packetType }) => packetType === PbftPacketType.RawPrepareRequest).length;
    for (let view = 0; view < 500; view++) {
      inject(cluster, 3, 4, PbftPacketType.RawPrepareStatus, offer("aa".repeat(32), 1, view));
    }
    cluster.tick(100);
    expect(requests()).toBe(1);
    for (let times = 0; times < 3; times++) {
      inject(cluster, 3, 4, PbftPacketType.RawPrepareStatus, offer("aa".repeat(32), 1, 600));
      cluster.tick(100);
    }
    expect(requests()).toBe(2);
    inject(cluster, 3, 4, PbftPacketType.RawPrepareStatus, offer("bb".repeat(32), 2000, 600));
    cluster.tick(100);
    expect(requests()).toBe(2);
  });

  test("B26: a block that is proposed again in a later view is asked for again, once", () => {
    const { cluster, sent } = watched(6);
    const asked = (): string[] =>
      sent.filter(({ packetType }) => packetType === PbftPacketType.RawPrepareRequest).map(({ to }) => `to ${to}`);
    for (const [from, view] of [
      [3, 0],
      [2, 0],
      [3, 1],
      [2, 1],
    ] as const) {
      inject(cluster, from, 4, PbftPacketType.RawPrepareStatus, offer("aa".repeat(32), 1, view));
      cluster.tick(100);
    }
    expect(asked()).toEqual(["to 3", "to 3"]);
  });

  test("B7: a proposal is given once to each node, and only to who asks for exactly that", () => {
    const { cluster, sent } = watched(6);
    cluster.crash(5);
    cluster.crash(4);
    cluster.submit([cluster.transaction()], [0, 1, 2, 3]);
    cluster.tick(500);
    cluster.deliver();
    const status = sent.find(({ packetType }) => packetType === PbftPacketType.RawPrepareStatus)!.body;
    sent.length = 0;
    const { RawPrepareRequest, RawPrepareResponse } = PbftPacketType;
    for (let times = 0; times < 3; times++) inject(cluster, 3, 0, RawPrepareRequest, status);
    inject(cluster, 2, 0, RawPrepareRequest, offer("cc".repeat(32)));
    const given = sent.filter(({ packetType }) => packetType === RawPrepareResponse);
    expect(given.map(({ to }) => to)).toEqual([3]);
  });

  test("B14: whatever the bytes, nothing is thrown and nothing is believed", () => {
    const random = createRandom(7);
    const cluster = rpbft(6);
    const vote = forgeMessage(cluster, {
      packetId: PbftPacketId.Sign,
      signer: 3,
      height: 1,
      view: 0,
      blockHash: cluster.node(0).head.hash,
    });
    const packet = encodePbftPacket({
      packetId: PbftPacketId.Sign,
      ttl: 2,
      emptyBlock: false,
      message: encodePbftMessage(vote),
      forwardNodes: [],
    });
    for (const packetType of [4, 5, 6, 7, 255]) {
      for (const body of [new Uint8Array(), packet, offer("dd".repeat(32))]) inject(cluster, 3, 4, packetType, body);
      for (let times = 0; times < 100; times++) inject(cluster, 3, 4, packetType, random.bytes(random.below(80)));
    }
    cluster.submit([cluster.transaction()], [0, 1, 2, 3, 4, 5]);
    cluster.run(500);
    expect(heights(cluster)).toEqual([1, 1, 1, 1, 1, 1]);
  });
});

test("B26: six sealers with four at work agree over many rotations, changes of settings and a crash", () => {
  const cluster = rpbft(6, { settings: { epochSealerCount: 4, epochBlockCount: 2 } });
  const all = [0, 1, 2, 3, 4, 5];
  for (let round = 0; round < 12; round++) {
    if (round === 4) cluster.submit([cluster.transaction("epoch_block_num 1")], all);
    if (round === 6) cluster.crash(5);
    if (round === 8) cluster.restart(5);
    const alive = all.filter((node) => cluster.node(node).machine !== undefined);
    cluster.submit([cluster.transaction()], alive);
    cluster.run(6000);
    for (const node of alive) cluster.sync(node);
  }
  cluster.sync(5);
  expect(new Set(heights(cluster)).size).toBe(1);
  expect(heights(cluster)[0]).toBeGreaterThanOrEqual(10);
});
