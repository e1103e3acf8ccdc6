import { describe, expect, test } from "vitest";
import type { NodeIndex } from "../../primitives/index.js";
import type { BlockSignature } from "../../protocol/index.js";
import type { JsonValue, SyncedBlock } from "../interface.js";
import { TestCluster } from "../testdata/cluster.js";

const ALL = [0, 1, 2, 3];

function decided(height: number): TestCluster {
  const cluster = new TestCluster(4);
  for (let i = 0; i < height; i++) {
    cluster.submit([cluster.transaction()], ALL);
    cluster.run(500);
  }
  return cluster;
}

describe("time", () => {
  test("an idle chain wakes its sealers about once a second, and each hears four messages a second", () => {
    const cluster = new TestCluster(4);
    cluster.run(1000);
    const before = cluster.steps;
    cluster.run(60_000);
    // A second: one tick of the leader, one prepare and three view changes at each of the others, three at the leader.
    expect((cluster.steps - before) / 60).toBeLessThanOrEqual(1 + 3 * 4 + 3);
    expect(cluster.machine(0).view()).toBe(61);
  });

  test("a transaction is in a block within a second, whenever it comes to an idle chain", () => {
    for (let offsetMs = 0; offsetMs < 2000; offsetMs += 90) {
      const cluster = new TestCluster(4);
      cluster.run(1000 + offsetMs);
      cluster.submit([cluster.transaction()], ALL);
      cluster.run(1000);
      expect([offsetMs, cluster.node(0).head.header.number]).toEqual([offsetMs, 1]);
    }
  });

  test("a minimum of a second or more is just below the interval of empty blocks", () => {
    const cluster = new TestCluster(4, { options: { minBlockGenerationTimeMs: 5000 } });
    cluster.submit([cluster.transaction()], ALL);
    cluster.run(998);
    expect(cluster.node(0).head.header.number).toBe(0);
    cluster.run(1);
    expect(cluster.node(0).head.header.number).toBe(1);
  });

  test("clocks of sealers may differ: a block is later than its parent, by a millisecond if it must", () => {
    const cluster = new TestCluster(4);
    cluster.node(0).clockOffsetMs = 3_600_000;
    for (let i = 0; i < 3; i++) {
      cluster.submit([cluster.transaction()], ALL);
      cluster.run(500);
    }
    const [first, second, third] = cluster.node(2).blocks.map(({ block }) => block.header.timestamp);
    expect(second).toBe((first ?? 0) + 1);
    expect(third).toBe((first ?? 0) + 2);
  });
});

describe("settings of the chain", () => {
  test("tx_count_limit holds from the block after the one that sets it", () => {
    const cluster = new TestCluster(4);
    cluster.submit([cluster.transaction("tx_count_limit 2"), cluster.transaction(), cluster.transaction()], ALL);
    cluster.run(500);
    cluster.submit([cluster.transaction(), cluster.transaction(), cluster.transaction()], ALL);
    cluster.run(2000);
    expect(cluster.node(3).blocks.map(({ block }) => block.transactions.length)).toEqual([3, 2, 1]);
  });

  test("consensus_timeout is the patience for a slow execution, and can go back to three seconds", () => {
    const cluster = new TestCluster(4);
    const timeouts = (): number => cluster.traces.filter(({ event }) => event.event === "round-timed-out").length;
    cluster.submit([cluster.transaction("consensus_timeout 9000")], ALL);
    cluster.run(500);
    for (const number of ALL) cluster.hold(number, "execute");
    cluster.submit([cluster.transaction("consensus_timeout 3000")], ALL);
    cluster.run(500 + 8900);
    expect(timeouts()).toBe(0);
    for (const number of ALL) cluster.release(number);
    cluster.run(0);
    expect(cluster.node(0).head.header.number).toBe(2);
    for (const number of ALL) cluster.hold(number, "execute");
    cluster.submit([cluster.transaction()], ALL);
    cluster.run(500 + 3000);
    expect(timeouts()).toBe(4);
  });

  test("a sealer waits while blocks are being fetched, and drops votes when it is far behind", () => {
    const cluster = new TestCluster(4);
    cluster.node(0).sync.downloading = true;
    cluster.submit([cluster.transaction()], ALL);
    cluster.run(2000);
    expect(cluster.node(0).head.header.number).toBe(0);
    cluster.node(0).sync.downloading = false;
    cluster.run(200);
    expect(cluster.node(0).head.header.number).toBe(1);
    cluster.node(3).sync.knownHighest = 22;
    cluster.submit([cluster.transaction()], ALL);
    cluster.run(500);
    expect(cluster.nodes.map(({ head }) => head.header.number)).toEqual([2, 2, 2, 1]);
  });
});

describe("a block that comes by synchronisation", () => {
  const cluster = decided(1);
  const { block, signatures } = cluster.node(0).blocks[0]!;
  const stored: SyncedBlock = { ...block, signatures, transactionCount: 1 };
  const genesis = new TestCluster(4).node(0).head;
  const check = (changes: Partial<SyncedBlock>): string => {
    const checked = cluster.machine(2).checkSyncedBlock({ ...stored, ...changes }, genesis);
    return checked.ok ? "fine" : checked.error.code;
  };

  test("passes with the signatures it was stored with, in any order", () => {
    expect(check({})).toBe("fine");
    expect(check({ signatures: [...signatures].reverse() })).toBe("fine");
  });

  test("needs a quorum of distinct sealers: repeated signatures do not make up for missing ones", () => {
    const [a, b] = signatures as [BlockSignature, BlockSignature];
    expect(check({ signatures: [a, b] })).toBe("block-signatures-too-few");
    expect(check({ signatures: [a, b, b] })).toBe("block-signatures-too-few");
    expect(check({ signatures: [...signatures, b] })).toBe("fine");
    expect(check({ signatures: Array.from({ length: 17 }, () => a) })).toBe("block-signatures-too-many");
  });

  test("is refused with one signature that does not hold, wherever it claims to come from", () => {
    const [a, b, c] = signatures as [BlockSignature, BlockSignature, BlockSignature];
    const missing = ALL.find((index) => !signatures.some((other) => other.index === index)) as NodeIndex;
    expect(check({ signatures: [a, b, { ...c, index: missing }] })).toBe("block-signature-invalid");
    expect(check({ signatures: [a, b, c, { ...c, index: 9 as NodeIndex }] })).toBe("block-signature-invalid");
  });

  test("must name the right sealers, follow the head, and keep to the limit", () => {
    const { header } = stored;
    expect(check({ header: { ...header, sealerList: header.sealerList.slice(1) } })).toBe("block-sealer-list-wrong");
    expect(check({ header: { ...header, sealer: 4n } })).toBe("block-sealer-unknown");
    expect(check({ transactionCount: 1001 })).toBe("block-transactions-too-many");
    expect(cluster.machine(2).checkSyncedBlock(stored, cluster.node(0).head).ok).toBe(false);
  });
});

describe("what clients are told", () => {
  test("the status has the keys of the C++ node, in its order", () => {
    const cluster = decided(2);
    const [status, views] = cluster.machine(1).status() as [Record<string, JsonValue>, JsonValue[]];
    const { head, nodeId } = cluster.node(1);
    expect(Object.entries(status)).toEqual([
      ["accountType", 1],
      ["allowFutureBlocks", true],
      ["cfgErr", false],
      ["connectedNodes", 3],
      ["consensusedBlockNumber", 3],
      ["currentView", 0],
      ["groupId", 1],
      ["highestblockHash", `0x${head.hash}`],
      ["highestblockNumber", 2],
      ["leaderFailed", false],
      ["max_faulty_leader", 1],
      ["nodeId", nodeId],
      ["nodeNum", 4],
      ["node_index", 1],
      ["omitEmptyBlock", true],
      ["protocolId", 65544],
      ...cluster.nodes.map((node, index): [string, JsonValue] => [`sealer.${index}`, node.nodeId]),
      ["toView", 0],
    ]);
    expect(views).toEqual(cluster.nodes.map((node) => ({ nodeId: node.nodeId, view: 0 })));
  });

  test("a node that is no sealer says so", () => {
    const cluster = new TestCluster(4);
    const observer = cluster.addObserver();
    const [status] = cluster.machine(observer.number).status() as [Record<string, JsonValue>];
    expect(status).toMatchObject({ accountType: 0, cfgErr: true, node_index: 65535, nodeNum: 4 });
    expect(cluster.machine(observer.number).wakeAtMs).toBeUndefined();
  });
});

test("what a former run has backed up but cannot be read is left aside with a warning", () => {
  const cluster = new TestCluster(4);
  cluster.crash(1);
  cluster.node(1).backedUp = new TextEncoder().encode("not hexadecimal");
  cluster.restart(1);
  expect(cluster.traces.filter(({ event }) => event.event === "backed-up-prepare-unreadable").length).toBe(1);
  cluster.submit([cluster.transaction()], ALL);
  cluster.run(500);
  expect(cluster.node(1).head.header.number).toBe(1);
});
