import { describe, expect, test } from "vitest";
import { PbftPacketId } from "../../protocol/index.js";
import { forgeMessage, sendForgery, sendMessage } from "../testdata/adversary.js";
import { TestCluster } from "../testdata/cluster.js";
import type { Frame } from "../testdata/cluster.js";

const ALL = [0, 1, 2, 3];

function heights(cluster: TestCluster): number[] {
  return cluster.nodes.map(({ head }) => head.header.number);
}

describe("restarts", () => {
  test("B16: a leader that hears its forgotten proposal again does not ask itself for the transactions", () => {
    const sent: Frame[] = [];
    const cluster = new TestCluster(4, { log: (event) => event.type === "sent" && sent.push({ ...event.frame }) });
    cluster.submit([cluster.transaction()], [0]);
    cluster.tick(500);
    const repeated = cluster.flying.find(({ packetType, to }) => packetType === 1 && to === 1);
    cluster.crash(0);
    cluster.restart(0);
    sent.length = 0;
    cluster.inject({ ...repeated!, from: 1, to: 0 });
    expect(sent.map(({ packetType, from, to }) => [packetType, from, to])).toEqual([[2, 0, 1]]);
  });
});

describe("views that a restart has forgotten", () => {
  /** Idle for that long with all four; then the last one dies, and `restarted` lose their memory. */
  function afterIdle(ms: number, restarted: readonly number[]): TestCluster {
    const cluster = new TestCluster(4);
    cluster.run(ms);
    cluster.crash(3);
    for (const number of restarted) cluster.crash(number);
    for (const number of restarted) cluster.restart(number);
    cluster.submit([cluster.transaction()], [0, 1, 2]);
    return cluster;
  }

  test.each([[[1]], [[1, 2]], [[0, 2]], [[0, 1, 2]]])(
    "B16, B26: a bare quorum goes on when of its sealers %j have forgotten a far view",
    (restarted) => {
      const cluster = afterIdle(40_000, restarted);
      cluster.run(60_000);
      expect(heights(cluster).slice(0, 3)).toEqual([1, 1, 1]);
    },
  );

  test("B26: whoever did not take part in the far view is brought there by those who did", () => {
    const cluster = new TestCluster(4);
    cluster.crash(2);
    cluster.run(300_000);
    expect(cluster.machine(0).view()).toBeGreaterThan(20);
    cluster.crash(3);
    cluster.crash(1);
    cluster.restart(1);
    cluster.restart(2);
    cluster.submit([cluster.transaction()], [0, 1, 2]);
    cluster.run(60_000);
    expect(heights(cluster).slice(0, 3)).toEqual([1, 1, 1]);
  });

  /** Another sealer repeats to node 0 a view change that node 0 is said to have sent. */
  function repeatOwn(cluster: TestCluster, height: number, view: number): void {
    const { hash } = cluster.node(0).head;
    const wish = { packetId: PbftPacketId.ViewChange, signer: 0, height, view, blockHash: hash };
    sendMessage(cluster, { ...wish, signer: 1 }, forgeMessage(cluster, wish), [0]);
    cluster.stabilize();
  }

  function recalled(cluster: TestCluster): number[] {
    return cluster.traces.filter(({ event }) => event.event === "own-wish-recalled").map(({ node }) => node);
  }

  test("B16: a wish of a former run is taken up again when another sealer repeats it", () => {
    const cluster = new TestCluster(4);
    repeatOwn(cluster, 0, 17);
    expect(recalled(cluster)).toEqual([0]);
    repeatOwn(cluster, 0, 17);
    repeatOwn(cluster, 0, 16);
    expect(recalled(cluster)).toEqual([0]);
  });

  test("B27: a commit vote dressed up as a view change moves nobody who runs since before the block", () => {
    const cluster = new TestCluster(4);
    cluster.submit([cluster.transaction()], ALL);
    cluster.run(600);
    expect(heights(cluster)).toEqual([1, 1, 1, 1]);
    repeatOwn(cluster, 1, 17);
    expect(recalled(cluster)).toEqual([]);
  });

  test("a sealer that asks for low views again and again is not told everything each time", () => {
    let sent = 0;
    const cluster = new TestCluster(4, { log: (event) => void (event.type === "sent" && event.from === 0 && sent++) });
    cluster.run(20_000);
    const { hash } = cluster.node(0).head;
    sent = 0;
    for (let low = 1; low <= 10; low++) {
      sendForgery(
        cluster,
        { packetId: PbftPacketId.ViewChange, signer: 3, height: 0, view: low, blockHash: hash },
        [0],
      );
    }
    cluster.stabilize();
    expect(sent).toBeLessThanOrEqual(10 + 3);
  });
});
