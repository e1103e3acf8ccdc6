import { expect, test } from "vitest";
import { standardSuite } from "../crypto/index.js";
import { assemble } from "../evm/testdata/assembler.js";
import { BlockExecutor } from "../executor/index.js";
import { deploying } from "../executor/testdata/test-chain.js";
import { Ledger } from "../ledger/index.js";
import type { ChainRules, ExecutedBlock, GenesisConfig } from "../ledger/index.js";
import { ZERO_HASH, ascii, assert, bytesToBigInt, bytesToHex } from "../primitives/index.js";
import type { Address, ByteString, GroupId, Height, NodeId } from "../primitives/index.js";
import { V2_9_0, headerHash, receiptsRoot, signTransaction, transactionsRoot } from "../protocol/index.js";
import type { BlockHeader } from "../protocol/index.js";
import { BlockTables, MemoryStore, SYS_CONFIG, stateRulesOf } from "../state/index.js";
import type { KeyValueReader } from "../state/index.js";
import { ChainWorker, PastCalls } from "./index.js";

const RULES: ChainRules = {
  ...{ version: V2_9_0, suite: standardSuite, chainId: 1n, groupId: 1 as GroupId },
  ...{ freeStorage: false, consensusType: "pbft" },
};
const GENESIS: GenesisConfig = {
  ...{ groupId: 1 as GroupId, timestamp: 1_600_000_000_000, consensusType: "pbft", stateType: "storage" },
  ...{ nodes: ["a".repeat(128) as NodeId], maxTransactions: 1000, gasLimit: 300_000_000, consensusTimeoutSeconds: 3 },
  ...{ epochSealerCount: 1, epochBlockCount: 1000, minElectTimeMs: 1000, maxElectTimeMs: 2000, freeStorage: false },
};
const KEY = standardSuite.keyPairOf(new Uint8Array(32).fill(7));
const ALICE = "a1".repeat(20) as Address;

/** Returns number, time, gas left, hash of the block before, and what hash the next block is said to have. */
const ENVIRONMENT = assemble(`
  number 0 mstore  timestamp 32 mstore  gas 64 mstore
  1 number sub blockhash 96 mstore  number 1 add blockhash 128 mstore
  160 0 return`);

/** A chain of one node that keeps history. */
class Chain {
  readonly disk = new MemoryStore();
  readonly ledger: Ledger;

  constructor(historyBlocks = 0) {
    const opened = Ledger.open(this.disk, RULES, GENESIS, { keepsHistory: true, historyBlocks });
    assert(opened.ok, "an empty store opens");
    this.disk.write(opened.value.initialWrites);
    this.ledger = opened.value.ledger;
  }

  deploy(code: Uint8Array): Address {
    const fields = { nonce: 1n, gasPrice: 1n, gas: 1n, blockLimit: 500n, value: 0n, chainId: 1n, groupId: 1n };
    const bytes = { to: undefined, data: deploying(code), extraData: new Uint8Array(0) };
    const transactions = [signTransaction({ ...fields, ...bytes }, KEY, standardSuite)];
    const { rows } = this.ledger;
    const executor = new BlockExecutor({ ...RULES, rows, blockHashAt: (number) => this.ledger.hashAt(number) });
    const executed = executor.execute({ header: this.#header(), transactions, chargeGas: false });
    assert(executed.ok && executed.value.receipts[0]?.status === 0, "the contract is created");
    this.#store(executed.value);
    return executed.value.receipts[0].contractAddress;
  }

  /** A block that sets a value agreed on the chain, in force from the next block on; or an empty one. */
  block(settings: Readonly<Record<string, string>> = {}): void {
    const header = this.#header();
    const rules = stateRulesOf(V2_9_0, standardSuite);
    const parentNumber = header.number - 1;
    const tables = new BlockTables({ rows: this.ledger.rows, rules, parentNumber, checkAuthority: false });
    for (const [key, value] of Object.entries(settings)) {
      const cells: [ByteString, ByteString][] = [
        [ascii("value"), ascii(value)],
        [ascii("enable_num"), ascii(String(header.number + 1))],
      ];
      tables.openTable(SYS_CONFIG)!.update(ascii(key), new Map(cells));
    }
    const hash = headerHash(header, standardSuite);
    this.#store({ header, hash, transactions: [], receipts: [], changes: tables.commit() });
  }

  #header(): BlockHeader {
    const { header: parent, hash: parentHash } = this.ledger.head();
    const roots = { transactionsRoot: transactionsRoot([], V2_9_0, standardSuite), stateRoot: ZERO_HASH };
    return {
      ...{ ...parent, ...roots, receiptsRoot: receiptsRoot([], V2_9_0, standardSuite), parentHash, extraData: [] },
      ...{ number: (parent.number + 1) as Height, timestamp: parent.timestamp + 1000 + 7 * parent.number },
    };
  }

  #store(block: ExecutedBlock): void {
    this.disk.write(this.ledger.prepareStore(block, []));
    this.ledger.committed(block);
  }
}

const wordOf = (output: Uint8Array, index: number): Uint8Array => output.subarray(32 * index, 32 * index + 32);

test("a call sees number, time, hashes, gas limit and configuration of its height, as a call then did", () => {
  const chain = new Chain();
  const to = chain.deploy(ENVIRONMENT);
  const call = { from: ALICE, to, data: new Uint8Array(0) };
  const live: { number: number; timestamp: number; parentHash: string; result: ReturnType<ChainWorker["call"]> }[] = [];
  const look = (): void => {
    const { number, timestamp, parentHash } = chain.ledger.head().header;
    live.push({ number, timestamp, parentHash, result: new ChainWorker(chain.ledger).call(call) });
  };
  look();
  for (const settings of [{}, { tx_gas_limit: "1000000" }, {}, { tx_gas_limit: "2000000" }, {}, {}]) {
    chain.block(settings);
    look();
  }
  const past = new PastCalls(chain.disk, RULES, GENESIS);
  const gas: bigint[] = [];
  // Out of order: nothing of one height is left for another.
  for (const { number, timestamp, parentHash, result } of [...live.slice(3), ...live.slice(0, 3)]) {
    const answer = past.call(number, call);
    assert(answer.ok, "the state of every block is there");
    expect(answer.value).toEqual(result);
    const { output } = answer.value;
    expect(bytesToBigInt(wordOf(output, 0))).toBe(BigInt(number));
    expect(bytesToBigInt(wordOf(output, 1))).toBe(BigInt(timestamp));
    expect(bytesToHex(wordOf(output, 3))).toBe(parentHash);
    // The next block exists by now, but did not then.
    expect(bytesToBigInt(wordOf(output, 4))).toBe(0n);
    gas[number] = bytesToBigInt(wordOf(output, 2));
  }
  // Blocks 3 and 5 set a limit that is in force from the next block on, and until then hides the one before it.
  const limits = gas.slice(1).map((left) => Math.ceil(Number(left) / 1_000_000));
  expect(limits).toEqual([300, 300, 300, 1, 300, 2, 2]);
  expect(past.call(0, call)).toMatchObject({ ok: true, value: { status: 26 } });
  expect(past.call(99, call)).toEqual({ ok: false, error: { code: "block-missing", from: 0 } });
});

test("a call changes nothing, for later calls at its height or any other", () => {
  const chain = new Chain();
  // Adds one to its first slot, and returns it.
  const to = chain.deploy(assemble("0 sload 1 add dup1 0 sstore 0 mstore 32 0 return"));
  chain.block();
  chain.block();
  const past = new PastCalls(chain.disk, RULES, GENESIS);
  const call = { from: ALICE, to, data: new Uint8Array(0) };
  for (const number of [1, 1, 2, 1, 2]) {
    const answer = past.call(number, call);
    assert(answer.ok, "the state of every block is there");
    expect(bytesToBigInt(answer.value.output)).toBe(1n);
  }
});

test("a state that is removed while a call reads it is refused as one that is not kept, and damage is not", () => {
  const chain = new Chain(2);
  const to = chain.deploy(assemble("0 sload 1 add dup1 0 sstore 0 mstore 32 0 return"));
  const call = { from: ALICE, to, data: new Uint8Array(0) };
  chain.block({ tx_gas_limit: "1000000" });
  // Blocks are stored in the middle of the call: after its state was found, before the first row is read.
  let during: (() => void) | undefined;
  const reader: KeyValueReader = {
    get: (key) => {
      const value = chain.disk.get(key);
      if (key === "history") {
        const act = during;
        during = undefined;
        act?.();
      }
      return value;
    },
  };
  const past = new PastCalls(reader, RULES, GENESIS);
  expect(past.call(1, call)).toMatchObject({ ok: true });
  const other = new PastCalls(reader, RULES, GENESIS);
  during = () => {
    for (const limit of [2_000_000, 3_000_000, 4_000_000]) chain.block({ tx_gas_limit: String(limit) });
  };
  expect(other.call(1, call)).toEqual({ ok: false, error: { code: "state-not-kept", from: 3 } });
  // What was read once is kept by whoever read it.
  expect(past.call(1, call)).toMatchObject({ ok: true });
  const damaged = new PastCalls(
    { get: (key) => (key.startsWith("v") ? undefined : chain.disk.get(key)) },
    RULES,
    GENESIS,
  );
  expect(() => damaged.call(3, call)).toThrow(/the store holds an earlier version/);
});
