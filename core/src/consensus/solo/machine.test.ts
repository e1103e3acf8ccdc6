import { describe, expect, test } from "vitest";
import { err, ok } from "../../primitives/index.js";
import type { Height, NodeIndex } from "../../primitives/index.js";
import { createConsensus } from "../index.js";
import type { Consensus, SyncedBlock } from "../index.js";
import { testRules } from "../testdata/chain.js";
import { TestCluster } from "../testdata/cluster.js";
import type { ClusterOptions } from "../testdata/cluster.js";

const SOLO: ClusterOptions = { kind: { consensusType: "solo" } };

function heights(cluster: TestCluster): number[] {
  return cluster.nodes.map((node) => node.head.header.number);
}

function blockOf(cluster: TestCluster, number: number): SyncedBlock {
  const { block, signatures } = cluster.node(0).blocks[number - 1]!;
  return { header: block.header, hash: block.hash, signatures, transactionCount: block.transactions.length };
}

describe("solo with one sealer", () => {
  test("a transaction is stored at once, signed by the one sealer", () => {
    const cluster = new TestCluster(1, SOLO);
    cluster.run(10_000);
    expect(heights(cluster)).toEqual([0]);
    cluster.submit([cluster.transaction()], [0]);
    expect(heights(cluster)).toEqual([1]);
    const [stored] = cluster.node(0).blocks;
    expect(stored!.signatures.map(({ index }) => index)).toEqual([0]);
    expect(stored!.block.header.sealerList).toEqual([cluster.node(0).nodeId]);
  });

  test("the next block keeps its distance, and holds what came meanwhile", () => {
    const cluster = new TestCluster(1, SOLO);
    for (let sent = 0; sent < 5; sent++) cluster.submit([cluster.transaction()], [0]);
    cluster.run(499);
    expect(heights(cluster)).toEqual([0]);
    cluster.run(1);
    expect(heights(cluster)).toEqual([1]);
    expect(cluster.node(0).blocks[0]!.block.transactions.length).toBe(5);
    cluster.submit([cluster.transaction()], [0]);
    cluster.run(499);
    expect(heights(cluster)).toEqual([1]);
    cluster.run(1);
    expect(heights(cluster)).toEqual([2]);
  });

  test("an idle chain does not wake anybody", () => {
    const cluster = new TestCluster(1, SOLO);
    expect(cluster.machine(0).wakeAtMs).toBeUndefined();
    cluster.submit([cluster.transaction()], [0]);
    cluster.run(1000);
    expect(cluster.machine(0).wakeAtMs).toBeUndefined();
  });

  test("a restarted node goes on", () => {
    const cluster = new TestCluster(1, SOLO);
    cluster.run(500);
    cluster.submit([cluster.transaction()], [0]);
    cluster.crash(0);
    cluster.restart(0);
    cluster.run(500);
    cluster.submit([cluster.transaction()], [0]);
    expect(heights(cluster)).toEqual([2]);
  });

  test("an execution that fails is reported, and tried again later", () => {
    const cluster = new TestCluster(1, SOLO);
    const machine = cluster.machine(0);
    cluster.hold(0, "execute");
    cluster.run(500);
    cluster.submit([cluster.transaction()], [0]);
    const now = cluster.now(cluster.node(0));
    machine.step({ type: "block-executed", token: 1, outcome: err({ code: "disk-full" }) }, now);
    expect(cluster.traces.at(-1)?.event).toMatchObject({ event: "block-not-executed", fields: { code: "disk-full" } });
    const again = machine.step({ type: "tick" }, { ...now, steadyMs: now.steadyMs + 500 });
    expect(again.map(({ type }) => type)).toEqual(["sealing", "execute-block"]);
  });

  test("its status has the keys that all algorithms have", () => {
    const [own] = new TestCluster(1, SOLO).machine(0).status() as Record<string, unknown>[];
    expect(own).toMatchObject({ accountType: 1, cfgErr: false, nodeNum: 1, node_index: 0, max_faulty_leader: 0 });
    expect(Object.keys(own!)).toEqual(Object.keys(own!).sort());
  });
});

describe("solo with several sealers", () => {
  test("they take turns, and the others follow by synchronisation", () => {
    const cluster = new TestCluster(3, SOLO);
    for (let number = 1; number <= 6; number++) {
      cluster.run(500);
      cluster.submit([cluster.transaction()], [0, 1, 2]);
      cluster.run(0);
      for (const node of [0, 1, 2]) cluster.sync(node);
      expect(heights(cluster)).toEqual([number, number, number]);
    }
    expect(cluster.node(0).blocks.map(({ signatures }) => signatures[0]!.index)).toEqual([0, 1, 2, 0, 1, 2]);
  });

  test("a synchronised block needs the signature of the one whose turn it was", () => {
    const cluster = new TestCluster(2, SOLO);
    const { head } = cluster.node(1);
    cluster.run(500);
    cluster.submit([cluster.transaction()], [0]);
    const block = blockOf(cluster, 1);
    const [signature] = block.signatures;
    const check = (changed: Partial<SyncedBlock>): ReturnType<Consensus["checkSyncedBlock"]> =>
      cluster.machine(1).checkSyncedBlock({ ...block, ...changed }, head);
    expect(check({})).toEqual(ok(undefined));
    const { header } = block;
    const wrong: readonly [string, Partial<SyncedBlock>][] = [
      ["block-number-not-next", { header: { ...header, number: 2 as Height } }],
      ["block-sealer-list-wrong", { header: { ...header, sealerList: [] } }],
      ["block-sealer-unknown", { header: { ...header, sealer: 2n } }],
      ["block-sealer-not-in-turn", { header: { ...header, sealer: 1n } }],
      ["block-transactions-too-many", { transactionCount: 1001 }],
      ["block-signatures-wrong", { signatures: [] }],
      ["block-signatures-wrong", { signatures: [signature!, signature!] }],
      ["block-signatures-wrong", { signatures: [{ ...signature!, index: 1 as NodeIndex }] }],
      ["block-signature-invalid", { hash: head.hash }],
    ];
    for (const [code, changed] of wrong) expect(check(changed)).toEqual(err({ code }));
  });

  test("an observer never proposes", () => {
    const cluster = new TestCluster(1, SOLO);
    const observer = cluster.addObserver();
    cluster.run(500);
    cluster.submit([cluster.transaction()], [observer.number]);
    cluster.run(5000);
    expect(heights(cluster)).toEqual([0, 0]);
  });
});

test("a consensus type that nobody knows is a failure that says what there is", () => {
  const rules = { ...testRules(new TestCluster(1).suite), consensusType: "ddos" as "solo" };
  const made = createConsensus({ rules } as Parameters<typeof createConsensus>[0]);
  expect(made).toMatchObject({ ok: false, error: { code: "consensus-type-unknown", consensusType: "ddos" } });
  expect((made as { error: { message: string } }).error.message).toContain("pbft, ");
});
