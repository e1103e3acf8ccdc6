import { describe, expect, test } from "vitest";
import { PbftPacketId, decodePbftPacket } from "../../protocol/index.js";
import { forgePrepare, honestHeader, sendForgery, sendMessage } from "../testdata/adversary.js";
import { TestCluster } from "../testdata/cluster.js";
import type { Frame } from "../testdata/cluster.js";
import { heights, isPacket, messageOf, traced } from "../testdata/questions.js";

const ALL = [0, 1, 2, 3];

describe("B27: votes of liars", () => {
  test("an equivocating leader gets at most one block, and is found out", () => {
    const cluster = new TestCluster(4);
    const [a, b] = [cluster.transaction("a"), cluster.transaction("b")];
    cluster.submit([a, b], [1, 2, 3]);
    const first = forgePrepare(cluster, 0, honestHeader(cluster, 0, [a]), [a]);
    const second = forgePrepare(cluster, 0, honestHeader(cluster, 0, [b]), [b]);
    sendForgery(cluster, first, [1, 2]);
    sendForgery(cluster, second, [3]);
    sendForgery(cluster, second, [1, 2]);
    cluster.stabilize();
    expect(new Set(traced(cluster, "leader-equivocates"))).toEqual(new Set([1, 2]));
    // Nodes 1 and 2 signed the first, node 3 the second; the liar alone could complete one of them, not both.
    expect(traced(cluster, "sign-sent").sort()).toEqual([1, 2, 3]);
    cluster.crash(0);
    cluster.run(10_000);
    // Stored is at most one block a height: the cluster asserts it whenever a block is stored.
    expect(heights(cluster).slice(1)).toEqual([1, 1, 1]);
  });

  test("with a quorum that is one too small the same leader splits the chain: the simulator must notice", () => {
    const quorum = (n: number): number => n - Math.floor((n - 1) / 3) - 1;
    const split = (plantedBugs: { quorum?: typeof quorum }): void => {
      const cluster = new TestCluster(4, { plantedBugs });
      const [a, b] = [cluster.transaction("a"), cluster.transaction("b")];
      cluster.submit([a, b], [1, 2, 3]);
      cluster.isLost = ({ from, to }) => (from === 3 || to === 3) && from !== 0 && to !== 0;
      for (const [transaction, to] of [
        [a, [1, 2]],
        [b, [3]],
      ] as const) {
        const prepare = forgePrepare(cluster, 0, honestHeader(cluster, 0, [transaction]), [transaction]);
        sendForgery(cluster, prepare, to);
        const executed = cluster.machine(to[0]);
        expect(executed.view()).toBe(0);
        for (const packetId of [PbftPacketId.Sign, PbftPacketId.Commit]) {
          for (const receiver of to) {
            const signed = cluster.flying.findLast((frame) => frame.from === receiver) as Frame;
            const blockHash = messageOf(signed).blockHash;
            sendForgery(cluster, { packetId, signer: 0, height: 1, view: 0, blockHash }, [receiver]);
          }
        }
      }
      cluster.stabilize();
    };
    expect(() => split({ quorum })).toThrow(/same block at a height/);
    expect(() => split({})).not.toThrow();
  });

  test("one sealer's sign counts once, whatever its timestamp", () => {
    const cluster = new TestCluster(4);
    cluster.isLost = ({ to, from }) => to === 3 && from !== 0;
    cluster.submit([cluster.transaction()], ALL);
    cluster.tick(500);
    cluster.deliver();
    const blockHash = messageOf(cluster.flying.find(({ from }) => from === 3) as Frame).blockHash;
    for (const timestamp of [5n, 6n, 7n]) {
      const forgery = { packetId: PbftPacketId.Sign, signer: 0, height: 1, view: 0, blockHash, timestamp };
      sendForgery(cluster, forgery, [3]);
    }
    expect(traced(cluster, "locked")).toEqual([]);
    cluster.isLost = () => false;
    sendForgery(cluster, { packetId: PbftPacketId.Sign, signer: 1, height: 1, view: 0, blockHash }, [3]);
    expect(traced(cluster, "locked")).toEqual([3]);
  });

  test("nobody signs for another, no stranger votes, and commits without signs store nothing", () => {
    const cluster = new TestCluster(4);
    const stranger = cluster.addObserver().number;
    cluster.isLost = ({ to, from }) => to === 3 && from !== 0;
    cluster.submit([cluster.transaction()], ALL);
    cluster.tick(500);
    cluster.deliver();
    const blockHash = messageOf(cluster.flying.find(({ from }) => from === 3) as Frame).blockHash;
    cluster.isLost = () => false;
    const vote = { packetId: PbftPacketId.Sign, height: 1, view: 0, blockHash } as const;
    sendForgery(cluster, { ...vote, signer: 2, index: 1 }, [3]);
    sendForgery(cluster, { ...vote, signer: stranger, index: 1 }, [3]);
    sendForgery(cluster, { ...vote, signer: stranger }, [3]);
    for (const signer of [0, 1, 2]) sendForgery(cluster, { ...vote, packetId: PbftPacketId.Commit, signer }, [3]);
    expect(cluster.node(3).head.header.number).toBe(0);
    expect(traced(cluster, "locked")).toEqual([]);
  });

  test("a sign is no commit and a commit is no view change when somebody else than its author brings it", () => {
    const cluster = new TestCluster(4);
    // In view 2, so that a commit of the block would be a wish for view 2 after it.
    cluster.run(2000);
    expect(cluster.machine(0).view()).toBe(2);
    const seen: Frame[] = [];
    cluster.isLost = (frame) => {
      seen.push(frame);
      return false;
    };
    cluster.submit([cluster.transaction()], ALL);
    cluster.run(500);
    expect(heights(cluster)).toEqual([1, 1, 1, 1]);
    const commits = seen.filter(({ body }) => {
      const packet = decodePbftPacket(body);
      return packet.ok && packet.value.packetId === PbftPacketId.Commit;
    });
    for (const commit of commits) {
      if (commit.from !== 3)
        sendMessage(cluster, { signer: 3, packetId: PbftPacketId.ViewChange }, messageOf(commit), [0, 1, 2]);
    }
    cluster.stabilize();
    expect(ALL.map((number) => cluster.machine(number).view())).toEqual([0, 0, 0, 0]);
  });

  test("a bound node is not freed by the flag of empty blocks on a block that is not empty", () => {
    const cluster = new TestCluster(4);
    const [a, b] = [cluster.transaction("a"), cluster.transaction("b")];
    cluster.submit([a], ALL);
    cluster.isLost = ({ body, packetType }) => packetType === 0 && isPacket(body, PbftPacketId.Commit);
    cluster.run(500);
    expect(traced(cluster, "locked").length).toBe(4);
    cluster.isLost = () => false;
    cluster.crash(0);
    for (const signer of [1, 2]) {
      const forgery = {
        packetId: PbftPacketId.ViewChange,
        signer,
        height: 0,
        view: 1,
        blockHash: cluster.node(3).head.hash,
      };
      sendForgery(cluster, forgery, [3]);
    }
    expect(cluster.machine(3).view()).toBe(1);
    const other = forgePrepare(cluster, 1, honestHeader(cluster, 1, [b]), [b], 1);
    sendForgery(cluster, { ...other, emptyBlock: true }, [3]);
    expect(traced(cluster, "prepare-against-lock")).toEqual([3]);
  });

  test("a prepare of a view that is over is not taken again", () => {
    const cluster = new TestCluster(4);
    const transaction = cluster.transaction();
    const prepare = forgePrepare(cluster, 0, honestHeader(cluster, 0, [transaction]), [transaction], 0);
    cluster.run(1000);
    expect(cluster.machine(1).view()).toBe(1);
    const before = traced(cluster, "prepare-accepted").length;
    sendForgery(cluster, prepare, [1, 2, 3]);
    expect(traced(cluster, "prepare-accepted").length).toBe(before);
  });

  test("with the block that changes the sealers their votes change: who left counts no more, who came counts", () => {
    const cluster = new TestCluster(5);
    cluster.submit([cluster.transaction(`remove ${cluster.node(4).nodeId}`)], [0, 1, 2, 3, 4]);
    cluster.run(500);
    expect(heights(cluster)).toEqual([1, 1, 1, 1, 1]);
    // Four sealers, three of whom decide: the leader, one more, and not the one that has left.
    cluster.isLost = ({ to, from }) => to === 3 && from !== 1;
    cluster.submit([cluster.transaction()], ALL);
    cluster.tick(500);
    cluster.deliver();
    const own = cluster.flying.find(({ from, body }) => from === 3 && isPacket(body, PbftPacketId.Sign)) as Frame;
    const { blockHash } = messageOf(own);
    const vote = { packetId: PbftPacketId.Sign, height: 2, view: 0, blockHash };
    sendForgery(cluster, { ...vote, signer: 1 }, [3]);
    cluster.isLost = () => false;
    cluster.traces.length = 0;
    sendForgery(cluster, { ...vote, signer: 4 }, [3]);
    expect(traced(cluster, "locked")).toEqual([]);
    sendForgery(cluster, { ...vote, signer: 0 }, [3]);
    expect(traced(cluster, "locked")).toEqual([3]);
  });
});
