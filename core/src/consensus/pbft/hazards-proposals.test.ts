import { describe, expect, test } from "vitest";
import { EMPTY_BYTES, ZERO_HASH } from "../../primitives/index.js";
import type { Hash, Height, NodeId } from "../../primitives/index.js";
import type { BlockHeader } from "../../protocol/index.js";
import { forgePrepare, honestHeader, sendForgery } from "../testdata/adversary.js";
import { TestCluster } from "../testdata/cluster.js";
import type { ClusterEvent } from "../testdata/cluster.js";
import { executions, heights, traced } from "../testdata/questions.js";

const ALL = [0, 1, 2, 3];

describe("B4: a proposal that breaks a rule is refused before it is executed, and the next leader goes on", () => {
  const wrong = "1".repeat(64) as Hash;
  const forgeries: [string, string, Partial<BlockHeader>][] = [
    ["another parent", "block-parent-unknown", { parentHash: wrong }],
    ["a sealer list of its own", "block-sealer-list-wrong", { sealerList: [] }],
    ["a stranger in the sealer list", "block-sealer-list-wrong", { sealerList: ["1".repeat(128) as NodeId] }],
    ["a proposer that does not exist", "block-sealer-unknown", { sealer: 4n }],
    ["a state root", "block-header-not-a-proposal", { stateRoot: wrong }],
    ["a receipts root, as an executed block has", "block-header-not-a-proposal", { receiptsRoot: wrong }],
    ["a database hash", "block-header-not-a-proposal", { dbHash: wrong }],
    ["a bloom", "block-header-not-a-proposal", { logBloom: new Uint8Array(256).fill(1) }],
    ["gas used", "block-header-not-a-proposal", { gasUsed: 1n }],
    ["another gas limit", "block-header-not-a-proposal", { gasLimit: 1n }],
    ["extra data", "block-header-not-a-proposal", { extraData: [EMPTY_BYTES] }],
    ["the time of its parent", "block-timestamp-out-of-range", { timestamp: 1_600_000_000_000 }],
    ["a time far ahead", "block-timestamp-out-of-range", { timestamp: 1_700_000_000_000 }],
    ["a root of other transactions", "block-transactions-root-wrong", { transactionsRoot: ZERO_HASH }],
  ];

  test.each(forgeries)("%s", (_, code, forged) => {
    const events: ClusterEvent[] = [];
    const cluster = new TestCluster(4, { log: (event) => events.push(event) });
    const transaction = cluster.transaction();
    const header = { ...honestHeader(cluster, 0, [transaction]), ...forged };
    sendForgery(cluster, forgePrepare(cluster, 0, header, [transaction]), [1, 2, 3]);
    cluster.stabilize();
    expect(executions(events)).toBe(0);
    const refusals = cluster.traces.filter(({ event }) => event.event === "proposal-refused");
    expect(refusals.map(({ event }) => event.fields?.["code"])).toEqual([code, code, code]);
    // The liar also keeps silent as a leader, so that its turn has to time out.
    cluster.crash(0);
    cluster.submit([transaction], [1, 2, 3]);
    cluster.run(6000);
    expect(heights(cluster).slice(1)).toEqual([1, 1, 1]);
  });

  test("a number that is not the next is not even for later", () => {
    const events: ClusterEvent[] = [];
    const cluster = new TestCluster(4, { log: (event) => events.push(event) });
    const transaction = cluster.transaction();
    const header = { ...honestHeader(cluster, 0, [transaction]), number: 0 as Height };
    const prepare = forgePrepare(cluster, 0, header, [transaction]);
    sendForgery(cluster, prepare, [1]);
    // The message says 1, the block in it 0.
    sendForgery(cluster, { ...prepare, height: 1 }, [1]);
    expect(executions(events)).toBe(0);
    expect(traced(cluster, "prepare-accepted")).toEqual([]);
  });

  test("a hash that is not the block's", () => {
    const cluster = new TestCluster(4);
    const transaction = cluster.transaction();
    const prepare = forgePrepare(cluster, 0, honestHeader(cluster, 0, [transaction]), [transaction]);
    sendForgery(cluster, { ...prepare, blockHash: "2".repeat(64) as Hash }, [1]);
    expect(traced(cluster, "prepare-accepted")).toEqual([]);
    expect(traced(cluster, "prepare-malformed")).toEqual([1]);
  });

  test("more transactions than the chain allows", () => {
    const cluster = new TestCluster(4, { settings: { txCountLimit: 2 } });
    const transactions = [cluster.transaction(), cluster.transaction(), cluster.transaction()];
    sendForgery(cluster, forgePrepare(cluster, 0, honestHeader(cluster, 0, transactions), transactions), [1]);
    const [refusal] = cluster.traces.filter(({ event }) => event.event === "proposal-refused");
    expect(refusal?.event.fields?.["code"]).toBe("block-transactions-too-many");
  });

  test("B27: the same transaction twice in a block, or once more after it was stored", () => {
    const cluster = new TestCluster(4);
    const transaction = cluster.transaction();
    const twice = [transaction, transaction];
    sendForgery(cluster, forgePrepare(cluster, 0, honestHeader(cluster, 0, twice), twice), [3]);
    cluster.submit([transaction], ALL);
    cluster.run(500);
    expect(heights(cluster)).toEqual([1, 1, 1, 0]);
    sendForgery(cluster, forgePrepare(cluster, 1, honestHeader(cluster, 1, [transaction]), [transaction]), [2]);
    const refusals = cluster.traces.filter(({ event }) => event.event === "proposal-refused");
    expect(refusals.map(({ event }) => event.fields?.["code"])).toEqual([
      "block-transactions-repeated",
      "block-transaction-not-includable",
    ]);
  });

  test("a transaction that nobody signed", () => {
    const cluster = new TestCluster(4);
    const genuine = cluster.transaction();
    const raw = genuine.raw.slice();
    // The last byte belongs to the signature.
    raw[raw.length - 1] = (raw[raw.length - 1] as number) ^ 1;
    const other = new TestCluster(4).transaction("never seen here");
    const header = honestHeader(cluster, 0, [other]);
    sendForgery(cluster, forgePrepare(cluster, 0, header, [other]), [1]);
    sendForgery(cluster, forgePrepare(cluster, 0, honestHeader(cluster, 0, [genuine]), [{ ...genuine, raw }]), [2]);
    expect(traced(cluster, "proposal-refused")).toEqual([1, 2]);
    expect(traced(cluster, "sign-sent")).toEqual([]);
  });

  test("B26: a leader checks its own proposal like any other", () => {
    const cluster = new TestCluster(1);
    const transaction = cluster.transaction();
    cluster.node(0).pool.isIncludable = () => false;
    cluster.submit([transaction], [0]);
    cluster.run(500);
    expect(traced(cluster, "proposal-refused")).toEqual([0]);
    expect(heights(cluster)).toEqual([0]);
  });
});
