import { describe, expect, test } from "vitest";
import { standardSuite } from "../crypto/index.js";
import type { ByteString, GroupId, Height, NodeId } from "../primitives/index.js";
import { ascii } from "../primitives/index.js";
import { V2_9_0, headerHash, receiptsRoot, transactionsRoot } from "../protocol/index.js";
import type { KeyValueReader } from "../state/index.js";
import { BlockTables, MemoryStore, SYS_CONFIG, stateRulesOf } from "../state/index.js";
import { Ledger, PastStates } from "./index.js";
import type { ChainRules, ExecutedBlock, GenesisConfig, LedgerOptions } from "./index.js";

const GENESIS: GenesisConfig = {
  groupId: 1 as GroupId,
  timestamp: 0,
  consensusType: "pbft",
  stateType: "storage",
  nodes: ["a", "b"].map((digit) => digit.repeat(128) as NodeId),
  maxTransactions: 1000,
  gasLimit: 300_000_000,
  consensusTimeoutSeconds: 3,
  epochSealerCount: 2,
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

function opened(store: MemoryStore, options?: LedgerOptions): Ledger {
  const result = Ledger.open(store, RULES, GENESIS, options);
  if (!result.ok) throw new Error(result.error.message);
  store.write(result.value.initialWrites);
  return result.value.ledger;
}

/** A block that changes a value agreed on the chain, so that each state shows which it is. */
function nextBlock(ledger: Ledger): ExecutedBlock {
  const { header: parent, hash: parentHash } = ledger.head();
  const number = (parent.number + 1) as Height;
  const rules = stateRulesOf(V2_9_0, standardSuite);
  const tables = new BlockTables({ rows: ledger.rows, rules, parentNumber: parent.number, checkAuthority: false });
  const cells: readonly [ByteString, ByteString][] = [
    [ascii("value"), ascii(String(1000 + number))],
    [ascii("enable_num"), ascii(String(number + 1))],
  ];
  tables.openTable(SYS_CONFIG)!.update(ascii("tx_count_limit"), new Map(cells));
  const roots = {
    transactionsRoot: transactionsRoot([], V2_9_0, standardSuite),
    receiptsRoot: receiptsRoot([], V2_9_0, standardSuite),
  };
  const header = { ...parent, ...roots, parentHash, number, extraData: [] };
  const hash = headerHash(header, standardSuite);
  return { header, hash, transactions: [], receipts: [], changes: tables.commit() };
}

function store(ledger: Ledger, disk: MemoryStore, count: number): void {
  for (let done = 0; done < count; done++) {
    const block = nextBlock(ledger);
    disk.write(ledger.prepareStore(block, []));
    ledger.committed(block);
  }
}

const KEPT = { keepsHistory: true };

/** The states that can be read, as the value each of them shows, or the failure. */
function seen(reader: KeyValueReader, numbers: readonly number[]): (number | string)[] {
  const states = new PastStates(reader, RULES, GENESIS);
  return numbers.map((number) => {
    const state = states.after(number);
    if (state.ok) return state.value.settings.txCountLimit;
    return `${state.error.code} ${String(state.error.from)}`;
  });
}

test("a chain that keeps history from its beginning shows what held after each block, genesis included", () => {
  const disk = new MemoryStore();
  store(opened(disk, KEPT), disk, 3);
  store(opened(disk, KEPT), disk, 2);
  expect(seen(disk, [0, 1, 2, 3, 4, 5])).toEqual([1000, 1001, 1002, 1003, 1004, 1005]);
  expect(seen(disk, [6, -1, 0.5])).toEqual(Array(3).fill("block-missing 0"));
});

test("turned on later, history begins with the head of that moment", () => {
  const disk = new MemoryStore();
  store(opened(disk), disk, 3);
  expect(seen(disk, [2, 3])).toEqual(Array(2).fill("state-not-kept undefined"));
  const ledger = opened(disk, KEPT);
  expect(seen(disk, [2, 3])).toEqual(["state-not-kept 3", 1003]);
  store(ledger, disk, 2);
  expect(seen(disk, [2, 3, 4, 5])).toEqual(["state-not-kept 3", 1003, 1004, 1005]);
});

test("blocks stored without history cut the way back; being off without a block does not", () => {
  const disk = new MemoryStore();
  store(opened(disk, KEPT), disk, 2);
  opened(disk);
  store(opened(disk, KEPT), disk, 1);
  expect(seen(disk, [0, 1, 2, 3])).toEqual([1000, 1001, 1002, 1003]);
  store(opened(disk), disk, 1);
  expect(seen(disk, [0, 3, 4])).toEqual(Array(3).fill("state-not-kept undefined"));
  store(opened(disk, KEPT), disk, 2);
  expect(seen(disk, [0, 3, 4, 5, 6])).toEqual(["state-not-kept 4", "state-not-kept 4", 1004, 1005, 1006]);
});

test("a block that is prepared twice, or replaced by another before it is stored, leaves one history", () => {
  const disk = new MemoryStore();
  const ledger = opened(disk, KEPT);
  const block = nextBlock(ledger);
  ledger.prepareStore(block, []);
  disk.write(ledger.prepareStore(block, []));
  // Between the disk and the head moving, past states show what they will show for ever.
  expect(seen(disk, [0, 1])).toEqual([1000, 1001]);
  ledger.committed(block);
  store(ledger, disk, 1);
  expect(seen(disk, [0, 1, 2])).toEqual([1000, 1001, 1002]);
});

describe("a history of bounded length", () => {
  const bounded = (historyBlocks: number): LedgerOptions => ({ ...KEPT, historyBlocks });

  test("moves with the head, and a state that is too old is refused with the first one that is kept", () => {
    const disk = new MemoryStore();
    const ledger = opened(disk, bounded(3));
    store(ledger, disk, 3);
    expect(seen(disk, [0, 1, 2, 3])).toEqual([1000, 1001, 1002, 1003]);
    store(ledger, disk, 5);
    expect(seen(disk, [0, 4, 5, 6, 7, 8])).toEqual([
      ...["state-not-kept 5", "state-not-kept 5"],
      ...[1005, 1006, 1007, 1008],
    ]);
    // It goes on where it was, also by a ledger that was opened anew.
    store(opened(disk, bounded(3)), disk, 1);
    expect(seen(disk, [5, 6, 9])).toEqual(["state-not-kept 6", 1006, 1009]);
  });

  test("removes what belongs to it and nothing else", () => {
    const [all, some] = [new MemoryStore(), new MemoryStore()];
    store(opened(all), all, 60);
    store(opened(some, bounded(7)), some, 60);
    const kinds = (disk: MemoryStore): Record<string, number> => {
      const counts: Record<string, number> = {};
      for (const key of disk.keys()) if (/^[vwx]/.test(key)) counts[key.charAt(0)] = (counts[key.charAt(0)] ?? 0) + 1;
      return counts;
    };
    expect(kinds(all)).toEqual({});
    expect(kinds(some)).toEqual({ v: 7, x: 7 });
    const rest = [...some.keys()].filter((key) => !/^[vwx]|^history$/.test(key));
    expect(rest).toEqual([...all.keys()]);
  });

  test("that was made shorter is shortened some blocks at a time; made longer, or unbounded, it grows", () => {
    const disk = new MemoryStore();
    store(opened(disk, bounded(20)), disk, 30);
    expect(seen(disk, [9, 10])).toEqual(["state-not-kept 10", 1010]);
    const shorter = opened(disk, bounded(2));
    store(shorter, disk, 1);
    expect(seen(disk, [13, 14])).toEqual(["state-not-kept 14", 1014]);
    store(shorter, disk, 9);
    expect(seen(disk, [37, 38])).toEqual(["state-not-kept 38", 1038]);
    store(opened(disk, bounded(4)), disk, 3);
    expect(seen(disk, [38, 39])).toEqual(["state-not-kept 39", 1039]);
    store(opened(disk, KEPT), disk, 10);
    expect(seen(disk, [38, 39, 53])).toEqual(["state-not-kept 39", 1039, 1053]);
  });

  test("that was unbounded before forgets earlier states, too", () => {
    const disk = new MemoryStore();
    store(opened(disk, KEPT), disk, 6);
    store(opened(disk, bounded(2)), disk, 4);
    expect(seen(disk, [7, 8, 10])).toEqual(["state-not-kept 8", 1008, 1010]);
  });

  test("is the same when a block is prepared twice", () => {
    const disk = new MemoryStore();
    const ledger = opened(disk, bounded(1));
    store(ledger, disk, 2);
    const block = nextBlock(ledger);
    ledger.prepareStore(block, []);
    disk.write(ledger.prepareStore(block, []));
    ledger.committed(block);
    store(ledger, disk, 1);
    expect(seen(disk, [2, 3, 4])).toEqual(["state-not-kept 3", 1003, 1004]);
  });
});

test("an empty store has no block to read the state of", () => {
  expect(seen(new MemoryStore(), [0])).toEqual(["block-missing undefined"]);
});
