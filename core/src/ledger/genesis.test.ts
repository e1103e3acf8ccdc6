import { describe, expect, test } from "vitest";
import { smSuite, standardSuite } from "../crypto/index.js";
import type { GroupId, NodeId } from "../primitives/index.js";
import { ascii, bytesToHex, utf8ToBytes } from "../primitives/index.js";
import type { SupportedVersion } from "../protocol/index.js";
import { V2_5_0, V2_6_0, V2_8_0, V2_9_0, headerHash } from "../protocol/index.js";
import { MemoryStore, SYS_CONFIG, SYS_CONSENSUS } from "../state/index.js";
import { Ledger, genesisMark } from "./index.js";
import type { ChainRules, GenesisConfig } from "./index.js";

const NODES = ["c", "a", "b", "d"].map((digit) => digit.repeat(128) as NodeId);

const GENESIS: GenesisConfig = {
  groupId: 1 as GroupId,
  timestamp: 1_600_000_000_000,
  consensusType: "pbft",
  stateType: "storage",
  nodes: NODES,
  maxTransactions: 1000,
  gasLimit: 300_000_000,
  consensusTimeoutSeconds: 3,
  epochSealerCount: 4,
  epochBlockCount: 1000,
  minElectTimeMs: 1000,
  maxElectTimeMs: 2000,
  freeStorage: false,
};

const RULES: ChainRules = {
  version: V2_9_0,
  suite: standardSuite,
  chainId: 1n,
  groupId: 1 as GroupId,
  freeStorage: false,
  consensusType: "pbft",
};

function opened(store: MemoryStore, rules = RULES, genesis = GENESIS): Ledger {
  const result = Ledger.open(store, rules, genesis);
  if (!result.ok) throw new Error(result.error.message);
  store.write(result.value.initialWrites);
  return result.value.ledger;
}

describe("the mark of a group", () => {
  const ids = (order: string): string => [...order].map((digit) => `${digit.repeat(128)},`).join("");

  test("has what the version knows", () => {
    expect(genesisMark(GENESIS, V2_9_0)).toBe(`1-${ids("abcd")}-pbft-storage-0-1000-300000000-3`);
    expect(genesisMark(GENESIS, V2_8_0)).toBe(`1-${ids("cabd")}-pbft-storage-0-1000-300000000-3`);
    expect(genesisMark(GENESIS, V2_5_0)).toBe(`1-${ids("cabd")}-pbft-storage-0-1000-300000000`);
    expect(genesisMark({ ...GENESIS, consensusType: "rPBFT", freeStorage: true }, V2_5_0)).toBe(
      `1-${ids("cabd")}-rPBFT-storage-9223372036854775808-1000-300000000-4-1000`,
    );
  });

  test("B13: the order of the nodes in the file counts below 2.9.0 only", () => {
    const reordered = { ...GENESIS, nodes: [...NODES].reverse() };
    expect(genesisMark(reordered, V2_9_0)).toBe(genesisMark(GENESIS, V2_9_0));
    expect(genesisMark(reordered, V2_8_0)).not.toBe(genesisMark(GENESIS, V2_8_0));
  });
});

describe("a new chain", () => {
  test("begins with block 0, before its rows are written and after", () => {
    const disk = new MemoryStore();
    const ledger = opened(disk);
    const head = ledger.head();
    expect(head.header).toMatchObject({ number: 0, timestamp: GENESIS.timestamp, sealerList: [] });
    expect(head.header.extraData).toEqual([utf8ToBytes(genesisMark(GENESIS, V2_9_0))]);
    expect(head.hash).toBe(head.genesisHash);
    expect(head.sealers).toEqual([...NODES].sort());
    expect([head.observers, head.workingSealers]).toEqual([[], []]);
    expect(head).toMatchObject({ totalTransactions: 0, failedTransactions: 0 });
    expect(ledger.numberOf(head.hash)).toBe(0);
    expect(ledger.block(0)).toMatchObject({ hash: head.hash, transactions: [], receipts: [], signatures: [] });
    expect(opened(disk).head()).toEqual(head);
  });

  test("has the configuration of its genesis", () => {
    const genesis = { ...GENESIS, maxTransactions: 77, gasLimit: 5_000_000_000, consensusTimeoutSeconds: 7 };
    const { settings } = opened(new MemoryStore(), RULES, genesis).head();
    expect(settings).toMatchObject({ txCountLimit: 77, txGasLimit: 5_000_000_000n, consensusTimeoutMs: 7000 });
    expect(settings).toMatchObject({
      chargeGas: false,
      notifyRotate: false,
      epochSealerCount: 4,
      epochBlockCount: 1000,
    });
    // The time-out became part of the chain with 2.6.0.
    const older = opened(new MemoryStore(), { ...RULES, version: V2_5_0 }, genesis).head();
    expect(older.settings.consensusTimeoutMs).toBe(3000);
  });

  test("gives its configuration rows ids in order of keys", () => {
    const ledger = opened(
      new MemoryStore(),
      { ...RULES, consensusType: "rpbft" },
      { ...GENESIS, consensusType: "rpbft" },
    );
    const keys = [
      "consensus_timeout",
      "notify_rotate",
      "rpbft_epoch_block_num",
      "rpbft_epoch_sealer_num",
      "tx_count_limit",
      "tx_gas_limit",
    ];
    expect(keys.map((key) => ledger.rows.first(SYS_CONFIG, ascii(key))?.id)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(
      ledger.rows.rows(SYS_CONSENSUS, ascii("node")).map(({ id, cells }) => [id, cells.get(ascii("node_id"))]),
    ).toEqual([...NODES].sort().map((node, index) => [7 + index, node]));
  });

  test("rPBFT marks its first working sealers from 2.6.0 on, drawn from the node ids", () => {
    const genesis = { ...GENESIS, consensusType: "rpbft", epochSealerCount: 2 };
    const at = (version: SupportedVersion): Ledger =>
      opened(new MemoryStore(), { ...RULES, version, consensusType: "rpbft" }, genesis);
    const { sealers, workingSealers } = at(V2_6_0).head();
    expect(sealers).toEqual([...NODES].sort());
    expect(workingSealers).toHaveLength(2);
    // The draw by hand: i from 3 to 1, swap with hash(node i) mod (i + 1), take the first two.
    const drawn = [...NODES].sort();
    for (let i = 3; i > 0; i--) {
      const digest = bytesToHex(
        standardSuite.hash(Uint8Array.from({ length: 64 }, () => Number(`0x${drawn[i]!.slice(0, 2)}`))),
      );
      const j = Number(BigInt(`0x${digest}`) % BigInt(i + 1));
      [drawn[i], drawn[j]] = [drawn[j]!, drawn[i]!];
    }
    expect(workingSealers).toEqual(drawn.slice(0, 2).sort());
    expect(at(V2_5_0).head().workingSealers).toEqual([]);
  });
});

test("the genesis block of an SM chain has an SM hash", () => {
  const { header, hash } = opened(new MemoryStore(), { ...RULES, suite: smSuite }).head();
  expect(hash).toBe(headerHash(header, smSuite));
  expect(hash).not.toBe(opened(new MemoryStore()).head().hash);
});
