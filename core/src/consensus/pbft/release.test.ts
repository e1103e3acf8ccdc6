import { describe, expect, test } from "vitest";
import { hash } from "../../primitives/index.js";
import { PbftPacketId } from "../../protocol/index.js";
import { forgeMessage, sendForgery, sendMessage } from "../testdata/adversary.js";
import { TestCluster } from "../testdata/cluster.js";
import type { Frame } from "../testdata/cluster.js";
import { isPacket, messageOf, traced } from "../testdata/questions.js";

const OTHER = hash("0b".repeat(32));

/** Sealer 3 alone is bound to a block; what it was executed to. */
function bindSealer3(): { cluster: TestCluster; executed: typeof OTHER } {
  const cluster = new TestCluster(4);
  let executed: typeof OTHER | undefined;
  cluster.isLost = (frame: Frame) => {
    if (!isPacket(frame.body, PbftPacketId.Sign)) return false;
    executed = messageOf(frame).blockHash;
    return frame.to !== 3;
  };
  cluster.submit([cluster.transaction()], [0, 1, 2, 3]);
  cluster.run(500);
  expect(traced(cluster, "locked")).toEqual([3]);
  expect(executed).toBeDefined();
  // From here on sealer 3 hears what the tests make up, and nobody hears it.
  cluster.isLost = ({ to }) => to !== 3;
  return { cluster, executed: executed as typeof OTHER };
}

/** Brings sealer 3 to view 1 all by itself. */
function enterView1(cluster: TestCluster): void {
  const { hash: blockHash } = cluster.node(3).head;
  for (const signer of [0, 1, 2])
    sendForgery(cluster, { packetId: PbftPacketId.ViewChange, signer, height: 0, view: 1, blockHash }, [3]);
  expect(cluster.machine(3).view()).toBe(1);
}

function commit(signer: number, view: number, blockHash = OTHER) {
  return { packetId: PbftPacketId.Commit, signer, height: 1, view, blockHash } as const;
}

describe("letting go of a block", () => {
  test("takes commits of a quorum of sealers for one other block in one view", () => {
    const { cluster } = bindSealer3();
    enterView1(cluster);
    sendForgery(cluster, commit(0, 1), [3]);
    sendForgery(cluster, { ...commit(0, 1), timestamp: 2n }, [3]);
    sendForgery(cluster, commit(1, 1), [3]);
    sendForgery(cluster, commit(2, 2), [3]);
    sendForgery(cluster, commit(2, 1, hash("0c".repeat(32))), [3]);
    for (const signer of [0, 1, 2]) sendForgery(cluster, { ...commit(signer, 3), packetId: PbftPacketId.Sign }, [3]);
    expect(traced(cluster, "released-by-commits")).toEqual([]);
    sendForgery(cluster, commit(2, 1), [3]);
    expect(traced(cluster, "released-by-commits")).toEqual([3]);
  });

  test("does not happen for commits of the very block", () => {
    const { cluster, executed } = bindSealer3();
    enterView1(cluster);
    for (const signer of [0, 1, 2]) sendForgery(cluster, commit(signer, 1, executed), [3]);
    expect(traced(cluster, "released-by-commits")).toEqual([]);
  });

  test("waits for the end of the view in which the node was bound", () => {
    const { cluster } = bindSealer3();
    for (const signer of [0, 1, 2]) sendForgery(cluster, commit(signer, 0), [3]);
    expect(traced(cluster, "released-by-commits")).toEqual([]);
    enterView1(cluster);
    expect(traced(cluster, "released-by-commits")).toEqual([3]);
  });

  test("does not happen for commits that somebody else brings, who may have made them of signs", () => {
    const { cluster } = bindSealer3();
    enterView1(cluster);
    cluster.disconnect(2, 3);
    for (const signer of [0, 1]) sendForgery(cluster, commit(signer, 1), [3]);
    sendMessage(cluster, commit(0, 1), forgeMessage(cluster, commit(2, 1)), [3]);
    expect(traced(cluster, "released-by-commits")).toEqual([]);
  });

  test("does not happen after a restart, where nobody knows what the block was executed to", () => {
    const { cluster } = bindSealer3();
    cluster.crash(3);
    cluster.restart(3);
    expect(traced(cluster, "bound-since-last-run")).toEqual([3]);
    for (const signer of [0, 1, 2]) sendForgery(cluster, commit(signer, 0), [3]);
    enterView1(cluster);
    expect(traced(cluster, "released-by-commits")).toEqual([]);
  });
});
