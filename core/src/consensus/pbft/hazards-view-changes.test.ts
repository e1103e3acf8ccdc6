import { describe, expect, test } from "vitest";
import { bytesToUtf8 } from "../../primitives/index.js";
import { emptyHashOf } from "../../crypto/index.js";
import { PbftPacketId } from "../../protocol/index.js";
import { forgeMessage, forgePrepare, honestHeader, sendForgery, sendMessage } from "../testdata/adversary.js";
import { TestCluster } from "../testdata/cluster.js";
import { heights, isPacket, traced } from "../testdata/questions.js";

const ALL = [0, 1, 2, 3];

describe("view changes of liars", () => {
  test.each([0x7fff_fffe, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff])(
    "B2: a view change to %i by one sealer of four moves nobody",
    (view) => {
      const cluster = new TestCluster(4);
      const { hash } = cluster.node(0).head;
      sendForgery(
        cluster,
        { packetId: PbftPacketId.ViewChange, signer: 3, height: 0, view, blockHash: hash },
        [0, 1, 2],
      );
      cluster.submit([cluster.transaction()], ALL);
      cluster.run(500);
      expect(heights(cluster)).toEqual([1, 1, 1, 1]);
      cluster.run(1000);
      expect(cluster.machine(0).view()).toBe(1);
    },
  );

  test("B2: as many liars as may be faulty cannot pull the others either, wherever they want to go", () => {
    const cluster = new TestCluster(7);
    const { hash } = cluster.node(0).head;
    for (const view of [1, 2, 77, 0x7fff_ffff]) {
      for (const signer of [5, 6]) {
        sendForgery(
          cluster,
          { packetId: PbftPacketId.ViewChange, signer, height: 0, view, blockHash: hash },
          [0, 1, 2, 3, 4],
        );
      }
    }
    cluster.stabilize();
    expect([0, 1, 2, 3, 4].map((number) => cluster.machine(number).view())).toEqual([0, 0, 0, 0, 0]);
    // One honest sealer more, and they follow: to the lowest of the wanted views, which that sealer wants as well.
    sendForgery(
      cluster,
      { packetId: PbftPacketId.ViewChange, signer: 4, height: 0, view: 1, blockHash: hash },
      [0, 1, 2, 3],
    );
    cluster.stabilize();
    expect([0, 1, 2, 3].map((number) => cluster.machine(number).view())).toEqual([1, 1, 1, 1]);
  });

  test("B3: a leader of a view near the end of its range leads nothing", () => {
    const cluster = new TestCluster(4);
    const transaction = cluster.transaction();
    const header = honestHeader(cluster, 3, [transaction]);
    for (const view of [0x7fff_ffff, 0xffff_ffff]) {
      sendForgery(cluster, forgePrepare(cluster, 3, header, [transaction], view), [0, 1, 2]);
    }
    cluster.submit([transaction], ALL);
    cluster.run(500);
    expect(heights(cluster)).toEqual([1, 1, 1, 1]);
    expect(cluster.node(0).blocks[0]?.block.header.sealer).toBe(0n);
  });

  test("B5: every signed field of a view change counts: another view or height under the same signatures is worth nothing", () => {
    const cluster = new TestCluster(4);
    const { hash } = cluster.node(0).head;
    for (const signer of [1, 2, 3]) {
      const honest = forgeMessage(cluster, {
        packetId: PbftPacketId.ViewChange,
        signer,
        height: 0,
        view: 1,
        blockHash: hash,
      });
      const sending = { signer, packetId: PbftPacketId.ViewChange };
      sendMessage(cluster, sending, { ...honest, view: 9 }, [0]);
      sendMessage(cluster, sending, { ...honest, timestamp: 2n }, [0]);
      sendMessage(cluster, sending, { ...honest, blockHash: emptyHashOf(cluster.suite) }, [0]);
      sendMessage(cluster, sending, { ...honest, sig: honest.sig2 }, [0]);
    }
    cluster.stabilize();
    expect(cluster.machine(0).view()).toBe(0);
    expect(new Set(traced(cluster, "view-change-badly-signed"))).toEqual(new Set([0]));
  });

  test("B16: a restarted sealer joins a chain that was idle for months", () => {
    const cluster = new TestCluster(4);
    const { hash } = cluster.node(0).head;
    cluster.crash(3);
    cluster.restart(3);
    for (const signer of [0, 1, 2]) {
      const view = 20_000_000;
      sendForgery(cluster, { packetId: PbftPacketId.ViewChange, signer, height: 0, view, blockHash: hash }, [3]);
    }
    expect(cluster.machine(3).view()).toBe(20_000_000);
  });

  test("B16: a restarted sealer is heard although it asks for lower views than before", () => {
    const cluster = new TestCluster(4);
    cluster.run(60_000);
    expect(cluster.machine(0).view()).toBe(60);
    cluster.crash(1);
    cluster.run(10_000);
    cluster.restart(1);
    cluster.run(20_000);
    const views = ALL.map((number) => cluster.machine(number).view());
    expect(new Set(views).size).toBe(1);
    cluster.crash(2);
    cluster.submit([cluster.transaction()], [0, 1, 3]);
    cluster.run(20_000);
    expect(heights(cluster)).toEqual([1, 1, 0, 1]);
  });

  test("B26: what enough have signed is stored unchanged, whoever has to propose it again", () => {
    for (const enablePrepareWithTransactionHashes of [true, false]) {
      const cluster = new TestCluster(4, { options: { enablePrepareWithTransactionHashes } });
      cluster.submit([cluster.transaction("first")], ALL);
      cluster.isLost = ({ body, packetType }) => packetType === 0 && isPacket(body, PbftPacketId.Commit);
      cluster.run(500);
      expect(traced(cluster, "locked")).toHaveLength(4);
      cluster.isLost = () => false;
      cluster.crash(0);
      cluster.submit([cluster.transaction("second")], [1, 2, 3]);
      cluster.run(10_000);
      const [stored] = cluster.node(1).blocks;
      expect(stored?.block.header.sealer).toBe(0n);
      expect(stored?.block.transactions.map(({ data }) => bytesToUtf8(data))).toEqual(["first"]);
      expect(traced(cluster, "proposed-again").length).toBeGreaterThan(0);
      expect(heights(cluster).slice(1)).toEqual([2, 2, 2]);
    }
  });
});
