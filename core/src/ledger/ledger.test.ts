import { describe, expect, test } from "vitest";
import { smSuite, standardSuite } from "../crypto/index.js";
import type { Address, ByteString, GroupId, Hash, Height, NodeId, NodeIndex } from "../primitives/index.js";
import { ZERO_ADDRESS, ascii, utf8ToBytes } from "../primitives/index.js";
import type { BlockHeader, Receipt, VerifiedTransaction } from "../protocol/index.js";
import {
  BLOOM_BYTES,
  V2_8_0,
  V2_9_0,
  decodeBlock,
  encodeReceipt,
  headerHash,
  receiptsRoot,
  signTransaction,
  transactionsRoot,
} from "../protocol/index.js";
import {
  BlockTables,
  MemoryStore,
  Row,
  SYS_CONFIG,
  SYS_CONSENSUS,
  SYS_TABLE_ACCESS,
  stateRulesOf,
} from "../state/index.js";
import { Ledger } from "./index.js";
import type { ChainRules, ExecutedBlock, GenesisConfig } from "./index.js";

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

const KEY = standardSuite.keyPairOf(new Uint8Array(32).fill(7));
const SIGNATURES = [{ index: 2 as NodeIndex, signature: new Uint8Array(65).fill(9) }];

function opened(store: MemoryStore, rules = RULES, genesis = GENESIS): Ledger {
  const result = Ledger.open(store, rules, genesis);
  if (!result.ok) throw new Error(result.error.message);
  store.write(result.value.initialWrites);
  return result.value.ledger;
}

function refusal(store: MemoryStore, rules = RULES, genesis = GENESIS): { code: string; message: string } {
  const result = Ledger.open(store, rules, genesis);
  if (result.ok) throw new Error("the store was opened");
  return result.error;
}

function transaction(nonce: number): VerifiedTransaction {
  const fields = { gasPrice: 1n, gas: 1n, blockLimit: 500n, to: ZERO_ADDRESS, value: 0n, chainId: 1n, groupId: 1n };
  const bytes = { data: utf8ToBytes(`call ${nonce}`), extraData: new Uint8Array(0) };
  return signTransaction({ nonce: BigInt(nonce), ...fields, ...bytes }, KEY, standardSuite);
}

function receipt(status: number, stateRoot: Hash): Receipt {
  return {
    stateRoot,
    gasUsed: 21_000n,
    contractAddress: ZERO_ADDRESS,
    bloom: new Uint8Array(BLOOM_BYTES),
    status,
    output: new Uint8Array([status]),
    remainGas: 0n,
    logs: [],
  };
}

/** A block on top of the head, made without an executor: `write` is what its transactions do. */
function blockOn(
  ledger: Ledger,
  transactions: readonly VerifiedTransaction[],
  write: (tables: BlockTables, number: number) => void = () => undefined,
  statuses: readonly number[] = transactions.map(() => 0),
): ExecutedBlock {
  const { rules } = ledger;
  const parent = ledger.head();
  const number = (parent.header.number + 1) as Height;
  const tables = new BlockTables({
    rows: ledger.rows,
    rules: stateRulesOf(rules.version, rules.suite),
    parentNumber: parent.header.number,
    checkAuthority: true,
  });
  write(tables, number);
  const stateRoot = tables.stateHash();
  const receipts = statuses.map((status) => receipt(status, stateRoot));
  const header: BlockHeader = {
    ...parent.header,
    parentHash: parent.hash,
    number,
    timestamp: parent.header.timestamp + 1000,
    extraData: [],
    sealerList: parent.sealers,
    stateRoot,
    dbHash: stateRoot,
    transactionsRoot: transactionsRoot(transactions, rules.version, rules.suite),
    receiptsRoot: receiptsRoot(
      receipts.map((one) => encodeReceipt(one, rules.version)),
      rules.version,
      rules.suite,
    ),
  };
  return { header, hash: headerHash(header, rules.suite), transactions, receipts, changes: tables.commit() };
}

function store(ledger: Ledger, disk: MemoryStore, block: ExecutedBlock): void {
  disk.write(ledger.prepareStore(block, SIGNATURES));
  ledger.committed(block);
}

function put(tables: BlockTables, table: ByteString, key: string, cells: Record<string, string>): void {
  const row = new Row(Object.entries(cells) as [ByteString, ByteString][]);
  tables.openTable(table)!.insert(ascii(key), row);
}

function change(tables: BlockTables, table: ByteString, key: string, cells: Record<string, string>): void {
  tables.openTable(table)!.update(ascii(key), new Map(Object.entries(cells) as [ByteString, ByteString][]));
}

describe("storing blocks", () => {
  test("moves the head when the batch is durable, not before", () => {
    const disk = new MemoryStore();
    const ledger = opened(disk);
    const before = ledger.head();
    const block = blockOn(ledger, [transaction(1), transaction(2)], () => undefined, [0, 22]);
    const writes = ledger.prepareStore(block, SIGNATURES);
    disk.write(writes);
    expect(ledger.head()).toBe(before);
    expect(ledger.hashAt(1)).toBeUndefined();
    expect(ledger.numberOf(block.hash)).toBeUndefined();
    expect(ledger.encodedBlock(1)).toBeUndefined();
    expect(ledger.locateTransaction(transaction(1).hash)).toBeUndefined();
    const head = ledger.committed(block);
    expect(head).toMatchObject({ hash: block.hash, header: block.header, totalTransactions: 2, failedTransactions: 1 });
    expect(ledger.head()).toBe(head);
  });

  test("everything about a block can be read, at once and by a new process", () => {
    const disk = new MemoryStore();
    const ledger = opened(disk);
    const transactions = [transaction(1), transaction(2)];
    const block = blockOn(ledger, transactions, () => undefined, [0, 22]);
    store(ledger, disk, block);
    for (const reader of [ledger, opened(disk)]) {
      expect(reader.head().hash).toBe(block.hash);
      expect(reader.hashAt(1)).toBe(block.hash);
      expect(reader.numberOf(block.hash)).toBe(1);
      expect(reader.headerAt(1)).toEqual({ header: block.header, hash: block.hash, signatures: SIGNATURES });
      expect(reader.block(1)).toEqual({
        header: block.header,
        hash: block.hash,
        transactions,
        receipts: block.receipts,
        signatures: SIGNATURES,
      });
      expect(reader.locateTransaction(transactions[1]!.hash)).toEqual({ number: 1, index: 1 });
      expect(reader.locateTransaction(block.hash)).toBeUndefined();
      expect(reader.noncesAt(1)).toEqual([1n, 2n]);
      expect([reader.noncesAt(0), reader.noncesAt(2)]).toEqual([[], []]);
      expect([reader.block(2), reader.block(-1), reader.hashAt(1.5)]).toEqual([undefined, undefined, undefined]);
      expect(reader.checkBlock(1)).toEqual({ ok: true, value: undefined });
    }
  });

  test("the stored encoding is the one that is sent: with receipts and signatures", () => {
    const disk = new MemoryStore();
    const ledger = opened(disk);
    const block = blockOn(ledger, [transaction(1)]);
    store(ledger, disk, block);
    const decoded = decodeBlock(ledger.encodedBlock(1)!, standardSuite, V2_9_0);
    expect(decoded).toMatchObject({
      ok: true,
      value: {
        hash: block.hash,
        rawTransactions: [transaction(1).raw],
        signatures: SIGNATURES,
        receipts: block.receipts,
      },
    });
  });

  test("B16: after a restart the nonces of former blocks are known", () => {
    const disk = new MemoryStore();
    const ledger = opened(disk);
    for (let number = 1; number <= 3; number++) store(ledger, disk, blockOn(ledger, [transaction(number * 10)]));
    const reopened = opened(disk);
    expect([1, 2, 3].map((number) => reopened.noncesAt(number))).toEqual([[10n], [20n], [30n]]);
    expect(reopened.head()).toEqual(ledger.head());
  });

  test("only a child of the head can be stored, and only what was prepared last is committed", () => {
    const disk = new MemoryStore();
    const ledger = opened(disk);
    const first = blockOn(ledger, [transaction(1)]);
    const other = blockOn(ledger, [transaction(2)]);
    ledger.prepareStore(first, SIGNATURES);
    disk.write(ledger.prepareStore(other, SIGNATURES));
    expect(() => ledger.committed(first)).toThrow("prepared last");
    ledger.committed(other);
    expect(() => ledger.prepareStore(first, SIGNATURES)).toThrow("on top of the head");
    expect(() => ledger.committed(other)).toThrow("prepared last");
    const stranger = { ...blockOn(ledger, []), header: { ...blockOn(ledger, []).header, parentHash: first.hash } };
    expect(() => ledger.prepareStore(stranger, SIGNATURES)).toThrow("parent");
  });

  test("a transaction costs one row of the store beside what it changes", () => {
    const ledger = opened(new MemoryStore());
    const empty = ledger.prepareStore(blockOn(ledger, []), SIGNATURES).length;
    expect(ledger.prepareStore(blockOn(ledger, [1, 2, 3].map(transaction)), SIGNATURES).length).toBe(empty + 3);
  });
});

describe("membership and configuration", () => {
  test("a change in block N holds for block N + 1", () => {
    const disk = new MemoryStore();
    const ledger = opened(disk);
    const newcomer = "e".repeat(128);
    const watcher = "f".repeat(128);
    const block = blockOn(ledger, [], (tables, number) => {
      put(tables, SYS_CONSENSUS, "node", { type: "sealer", node_id: newcomer, enable_num: String(number) });
      put(tables, SYS_CONSENSUS, "node", { type: "observer", node_id: watcher, enable_num: String(number) });
      change(tables, SYS_CONFIG, "tx_count_limit", { value: "5", enable_num: String(number) });
      change(tables, SYS_CONFIG, "consensus_timeout", { value: "9", enable_num: String(number) });
    });
    expect(ledger.systemConfig("tx_count_limit", 0)).toBe("1000");
    store(ledger, disk, block);
    for (const head of [ledger.head(), opened(disk).head()]) {
      expect(head.sealers).toEqual([...NODES, newcomer].sort());
      expect(head.observers).toEqual([watcher]);
      expect(head.settings).toMatchObject({ txCountLimit: 5, consensusTimeoutMs: 9000 });
    }
    expect(ledger.systemConfig("tx_count_limit", 1)).toBe("5");
    expect(ledger.systemConfig("no_such_key", 1)).toBeUndefined();
  });

  test("a value that is not in force yet hides the one before", () => {
    const disk = new MemoryStore();
    const ledger = opened(disk);
    store(
      ledger,
      disk,
      blockOn(ledger, [], (tables) => change(tables, SYS_CONFIG, "tx_count_limit", { value: "5", enable_num: "9" })),
    );
    expect(ledger.systemConfig("tx_count_limit", 7)).toBeUndefined();
    expect(ledger.systemConfig("tx_count_limit", 8)).toBe("5");
  });

  test("removed nodes are gone", () => {
    const disk = new MemoryStore();
    const ledger = opened(disk);
    store(
      ledger,
      disk,
      blockOn(ledger, [], (tables) => tables.openTable(SYS_CONSENSUS)!.remove(ascii("node"))),
    );
    expect(ledger.head().sealers).toEqual([]);
  });

  test("gas charging: the switch, and who is free", () => {
    const disk = new MemoryStore();
    const ledger = opened(disk);
    const charger = "a".repeat(40) as Address;
    const member = "b".repeat(40) as Address;
    store(
      ledger,
      disk,
      blockOn(ledger, [], (tables) => {
        put(tables, SYS_CONFIG, "charger_list", { value: `${charger},`, enable_num: "1" });
        put(tables, SYS_TABLE_ACCESS, "_sys_table_access_", { address: `0x${member}`, enable_num: "1" });
        put(tables, SYS_TABLE_ACCESS, "_sys_table_access_", { address: "nobody", enable_num: "1" });
      }),
    );
    expect(ledger.head().settings).toMatchObject({ chargeGas: false, freeAccounts: new Set() });
    store(
      ledger,
      disk,
      blockOn(ledger, [], (tables) => put(tables, SYS_CONFIG, "enable_charge_mgr", { value: "on", enable_num: "2" })),
    );
    expect(ledger.head().settings).toMatchObject({ chargeGas: true, freeAccounts: new Set([charger, member]) });
  });
});

describe("opening refuses", () => {
  function chainOfTwo(): MemoryStore {
    const disk = new MemoryStore();
    const ledger = opened(disk);
    for (const nonce of [1, 2]) {
      store(
        ledger,
        disk,
        blockOn(ledger, [transaction(nonce)], (tables) => put(tables, SYS_CONFIG, `k${nonce}`, { value: "v" })),
      );
    }
    return disk;
  }

  test("another genesis, naming what differs", () => {
    const disk = chainOfTwo();
    const told = (other: Partial<GenesisConfig>): string => {
      const { code, message } = refusal(disk, RULES, { ...GENESIS, ...other });
      expect(code).toBe("genesis-differs");
      return /than the store holds: (.*)\. The file must/.exec(message)?.[1] ?? message;
    };
    expect(told({ timestamp: 5, maxTransactions: 2000 })).toBe(
      "consensus.max_trans_num was 1000 and is 2000; group.timestamp was 1600000000000 and is 5",
    );
    expect(told({ freeStorage: true })).toBe("evm.enable_free_storage was false and is true");
    const [first = "", ...others] = NODES;
    expect(told({ nodes: others })).toBe(`consensus.node ${first.slice(0, 8)}... is missing`);
    const stranger = "ee".repeat(64) as NodeId;
    expect(told({ nodes: [...NODES, stranger] })).toBe("consensus.node eeeeeeee... was not there");
    expect(told({ nodes: [...NODES, first as NodeId] })).toMatch(/another order, or one is there twice/);
    // The marks of rPBFT groups have two parts more: only what stands before them is compared.
    expect(told({ consensusType: "rpbft", gasLimit: 1 })).toBe("consensus.consensus_type was pbft and is rpbft");
  });

  test("another version or other cryptography", () => {
    const disk = chainOfTwo();
    expect(refusal(disk, { ...RULES, version: V2_8_0 })).toMatchObject({
      code: "store-of-another-chain",
      message: expect.stringContaining("2.9.0, the node is configured for 2.8.0") as string,
    });
    expect(refusal(disk, { ...RULES, suite: smSuite }).code).toBe("store-of-another-chain");
  });

  test("a format it does not know", () => {
    const disk = chainOfTwo();
    disk.write([{ key: ascii("chain"), value: Uint8Array.of(0xc1, 0x02) }]);
    expect(refusal(disk).code).toBe("store-format-unknown");
  });

  test("B15: a store from which any row of the head is missing, cut or exchanged, saying what is wrong", () => {
    const whole = chainOfTwo();
    const head = opened(whole).head();
    const hash2 = transaction(2).hash;
    const keys = [
      "chain",
      "head",
      "b2",
      "h2",
      "b1",
      "h1",
      "f2",
      "o2",
      "n" + head.hash,
      "t" + hash2,
      "row-id",
      "b0",
      "h0",
    ];
    for (const key of keys) {
      const value = whole.get(ascii(key));
      expect(value, key).toBeDefined();
      const damages = [value!.subarray(0, value!.length - 1), new Uint8Array(0), whole.get(ascii("h1"))!];
      for (const damage of key === "h1" ? damages.slice(0, 2) : damages) {
        const disk = new MemoryStore(whole);
        disk.write([{ key: ascii(key), value: damage }]);
        const { code, message } = refusal(disk);
        expect(code, key).toMatch(/^store-(damaged|format-unknown)$/);
        expect(message.length, key).toBeGreaterThan(20);
      }
    }
    expect(opened(new MemoryStore(whole)).head()).toEqual(head);
  });

  test("B15: a store whose head fell back or ran ahead of its blocks", () => {
    const disk = new MemoryStore();
    const ledger = opened(disk);
    store(ledger, disk, blockOn(ledger, [transaction(1)]));
    const older = disk.get(ascii("head"))!;
    const block = blockOn(ledger, [transaction(2)]);
    const writes = ledger.prepareStore(block, SIGNATURES);
    const ahead = new MemoryStore(disk);
    ahead.write(writes.filter(({ key }) => key === "head"));
    expect(refusal(ahead)).toMatchObject({ code: "store-damaged" });
    const behind = new MemoryStore(disk);
    behind.write(writes);
    behind.write([{ key: ascii("head"), value: older }]);
    expect(refusal(behind).message).toContain("block 2 is there although the head is block 1");
  });

  test("B15: tables that are older or newer than the head", () => {
    const disk = new MemoryStore();
    const ledger = opened(disk);
    const rowId = disk.get(ascii("row-id"))!;
    store(
      ledger,
      disk,
      blockOn(ledger, [], (tables) => put(tables, SYS_CONFIG, "k", { value: "v" })),
    );
    disk.write([{ key: ascii("row-id"), value: rowId }]);
    expect(refusal(disk).message).toMatch(/the tables have 7 rows, 8 belong to the head/);
  });
});

test("a damaged block below the head is noticed when it is read", () => {
  const disk = new MemoryStore();
  const ledger = opened(disk);
  for (const nonce of [1, 2, 3, 4]) store(ledger, disk, blockOn(ledger, [transaction(nonce)]));
  const bytes = disk.get(ascii("b1"))!;
  bytes[400]! ^= 1;
  disk.write([{ key: ascii("b1"), value: bytes }]);
  const reopened = opened(disk);
  expect(() => reopened.block(1)).toThrow(/block 1/);
  const senders = disk.get(ascii("f2"))!;
  disk.write([{ key: ascii("f2"), value: new Uint8Array(40) }]);
  expect(() => reopened.block(2)).toThrow(/block 2/);
  disk.write([{ key: ascii("f2"), value: senders.map((byte) => byte ^ 1) }]);
  expect(opened(disk).checkBlock(2)).toMatchObject({ error: { message: expect.stringContaining("sender") as string } });
  expect(() => reopened.checkBlock(1)).toThrow(/block 1/);
});
