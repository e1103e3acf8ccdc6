import { performance } from "node:perf_hooks";
import { beforeEach, describe, expect, test, vi } from "vitest";
import {
  EMPTY_BYTES,
  LOG_PUSHES_UNTAKEN_MAX,
  LOG_PUSH_BYTES,
  ZERO_ADDRESS,
  ZERO_HASH,
  bytesToUtf8,
  height,
  type Address,
  type Hash,
} from "@tsbcos/core/primitives";
import { standardSuite } from "@tsbcos/core/crypto";
import type { Ledger } from "@tsbcos/core/ledger";
import {
  V2_9_0,
  encodeBlock,
  headerHash,
  signTransaction,
  type LogEntry,
  type VerifiedTransaction,
} from "@tsbcos/core/protocol";
import { LogWatches, type LogFinding, type LogWatch } from "./log-watches.js";

const A = "aa".repeat(20) as Address;
const B = "bb".repeat(20) as Address;
const T = "77".repeat(32) as Hash;
const key = standardSuite.keyPairOf(new Uint8Array(32).fill(1));

function transactionOf(nonce: number): VerifiedTransaction {
  const plain = { gasPrice: 1n, gas: 1n, blockLimit: 500n, to: undefined, value: 0n, chainId: 1n, groupId: 1n };
  const unsigned = { ...plain, nonce: BigInt(nonce), data: EMPTY_BYTES, extraData: EMPTY_BYTES };
  return signTransaction(unsigned, key, standardSuite);
}

/** A chain of blocks with the given logs, transaction by transaction. */
class TestLedger {
  readonly #blocks: { encoded: Uint8Array; block: NonNullable<ReturnType<Ledger["block"]>> }[] = [];
  readonly rules = { suite: standardSuite, version: V2_9_0 } as Ledger["rules"];
  decoded = 0;

  add(...logs: readonly (readonly LogEntry[])[]): void {
    const number = this.#blocks.length;
    const transactions = logs.map((_, index) => transactionOf(number * 1000 + index));
    const receipts = logs.map((of) => ({
      ...{ stateRoot: ZERO_HASH, gasUsed: 0n, contractAddress: ZERO_ADDRESS, bloom: new Uint8Array(256), status: 0 },
      ...{ output: EMPTY_BYTES, remainGas: 0n, logs: of },
    }));
    const header = {
      ...{ parentHash: ZERO_HASH, stateRoot: ZERO_HASH, transactionsRoot: ZERO_HASH, receiptsRoot: ZERO_HASH },
      ...{ dbHash: ZERO_HASH, logBloom: new Uint8Array(256), number: height(number), gasLimit: 0n, gasUsed: 0n },
      ...{ timestamp: 0, extraData: [], sealer: 0n, sealerList: [] },
    };
    const hash = headerHash(header, standardSuite);
    const parts = { header, hash, signatures: [], receipts, rawTransactions: transactions.map(({ raw }) => raw) };
    const block = { header, hash, signatures: [], receipts, transactions };
    this.#blocks.push({ encoded: encodeBlock(parts, V2_9_0), block });
  }

  head(): ReturnType<Ledger["head"]> {
    return { header: { number: this.#blocks.length - 1 } } as unknown as ReturnType<Ledger["head"]>;
  }

  block(number: number): ReturnType<Ledger["block"]> {
    return this.#blocks[number]?.block;
  }

  encodedBlock(number: number): Uint8Array | undefined {
    this.decoded++;
    return this.#blocks[number]?.encoded;
  }
}

const logOf = (address: Address, data = EMPTY_BYTES, topics: readonly Hash[] = []): LogEntry => ({
  address,
  topics,
  data,
});

let ledger: TestLedger;
let watches: LogWatches;
let findings: LogFinding[];
let turns: (() => void)[];

beforeEach(() => {
  ledger = new TestLedger();
  ledger.add();
  findings = [];
  turns = [];
  watches = new LogWatches({
    ledger,
    blocksPerSliceMax: 3,
    found: (finding) => findings.push(finding),
    later: (run) => turns.push(run),
  });
});

/** Lets the searches go on until they wait; clients take what they get. */
function run(takes = true): void {
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
    const before = findings.length;
    turn();
    if (takes) for (const { watchId } of findings.slice(before)) watches.taken(watchId);
  }
}

const watch = (changes: Partial<LogWatch> = {}): LogWatch => ({
  ...{ id: 1, filterId: "f", fromBlock: 1, toBlock: undefined, addresses: [], topics: [] },
  ...changes,
});

interface Push {
  readonly filterID: string;
  readonly result: number;
  readonly logs: readonly Record<string, unknown>[] | null;
}

const pushes = (): Push[] => findings.map(({ data }) => JSON.parse(bytesToUtf8(data)) as Push);
const blocksOf = ({ logs }: Push): unknown[] | "end" => logs?.map(({ blockNumber }) => blockNumber) ?? "end";

describe("a search", () => {
  test("looks through the past three blocks at a time, and ends after its last block", () => {
    for (let i = 0; i < 9; i++) ledger.add([logOf(A)]);
    watches.add(watch({ toBlock: 8 }));
    run();
    expect(pushes().map(blocksOf)).toEqual([["1", "2", "3"], ["4", "5", "6"], ["7", "8"], "end"]);
    expect(findings.map(({ isLast }) => isLast)).toEqual([false, false, false, true]);
    expect(watches.size).toBe(0);
  });

  test("shows where each log stands", () => {
    ledger.add([], [logOf(B), logOf(A, Uint8Array.of(255), [T])]);
    ledger.add();
    watches.add(watch({ addresses: [A], topics: [[T]] }));
    run();
    expect(pushes()[0]).toEqual({
      filterID: "f",
      result: 0,
      logs: [
        {
          address: `0x${A}`,
          blockHash: `0x${ledger.block(1)!.hash}`,
          blockNumber: "1",
          data: "0xff",
          logIndex: "0x1",
          topics: [`0x${T}`],
          transactionHash: `0x${transactionOf(1001).hash}`,
          transactionIndex: "0x1",
        },
      ],
    });
  });

  test("B18: goes on with each new block, gets each log once, and says nothing of blocks without any", () => {
    ledger.add([logOf(A)]);
    watches.add(watch({ fromBlock: 1 }));
    run();
    for (let i = 2; i < 30; i++) {
      ledger.add(i % 3 === 0 ? [logOf(A)] : [logOf(B)]);
      watches.headMoved();
      if (i % 4 === 0) run();
    }
    run();
    const found = pushes().flatMap(({ logs }) => (logs ?? []).filter(({ address }) => address === `0x${A}`));
    expect(found.map(({ blockNumber }) => Number(blockNumber))).toEqual([1, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
    findings = [];
    ledger.add();
    watches.headMoved();
    run();
    expect(findings).toEqual([]);
  });

  test("waits for blocks that are not there yet", () => {
    watches.add(watch({ fromBlock: 3, toBlock: 4 }));
    run();
    for (let i = 1; i <= 4; i++) {
      ledger.add([logOf(A)]);
      watches.headMoved();
      run();
    }
    expect(pushes().map(blocksOf)).toEqual([["3"], ["4"], "end"]);
  });

  test("waits for a client that does not read, and loses nothing", () => {
    for (let i = 0; i < 60; i++) ledger.add([logOf(A)]);
    watches.add(watch());
    run(false);
    expect(findings).toHaveLength(LOG_PUSHES_UNTAKEN_MAX);
    watches.taken(1);
    run(false);
    expect(findings).toHaveLength(LOG_PUSHES_UNTAKEN_MAX + 1);
    for (let i = 0; i < LOG_PUSHES_UNTAKEN_MAX; i++) watches.taken(1);
    run();
    expect(pushes().flatMap(blocksOf).map(Number)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  });

  test("ends when it is removed", () => {
    for (let i = 0; i < 9; i++) ledger.add([logOf(A)]);
    watches.add(watch());
    turns.shift()?.();
    watches.remove(1);
    const before = findings.length;
    run();
    watches.taken(1);
    expect(findings).toHaveLength(before);
  });

  test("pushes many logs in parts", () => {
    const data = new Uint8Array(LOG_PUSH_BYTES / 4);
    ledger.add(Array.from({ length: 10 }, () => logOf(A, data)));
    ledger.add();
    watches.add(watch({ toBlock: 1 }));
    run();
    const counts = pushes().map(({ logs }) => logs?.length ?? "end");
    expect(counts).toEqual([4, 4, 2, "end"]);
    const places = pushes()
      .flatMap(({ logs }) => logs ?? [])
      .map(({ logIndex }) => Number(logIndex));
    expect(places).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

test("many searches share the work of reading a block, and none waits for another that is stuck", () => {
  for (let i = 0; i < 5; i++) ledger.add([logOf(A)]);
  for (let id = 1; id <= 50; id++) watches.add(watch({ id, filterId: `f${id}`, fromBlock: 5 }));
  run(false);
  expect(findings).toHaveLength(50);
  expect(ledger.decoded).toBe(0);
  for (let i = 0; i < 10; i++) {
    ledger.add([logOf(A)]);
    watches.headMoved();
    while (turns.length > 0) {
      const from = findings.length;
      turns.shift()?.();
      // Search 1 never takes anything.
      for (const { watchId } of findings.slice(from)) if (watchId !== 1) watches.taken(watchId);
    }
    for (let id = 2; i === 0 && id <= 50; id++) watches.taken(id);
  }
  const of = (id: number): number => findings.filter(({ watchId }) => watchId === id).length;
  expect(of(1)).toBe(LOG_PUSHES_UNTAKEN_MAX);
  expect(of(2)).toBe(11);
  expect(of(50)).toBe(11);
});

test("a turn ends when its time is over: the rest comes later, after whatever else the group has to do", () => {
  for (let i = 0; i < 300; i++) ledger.add([logOf(A)]);
  let nowMs = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => nowMs++);
  watches.add(watch({ toBlock: 300 }));
  let turnsTaken = 0;
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
    const before = ledger.decoded;
    turn();
    turnsTaken++;
    expect(ledger.decoded - before).toBeLessThan(6);
    expect(turns.length).toBeLessThanOrEqual(1);
    for (let i = 0; i < LOG_PUSHES_UNTAKEN_MAX; i++) watches.taken(1);
  }
  clock.mockRestore();
  expect(turnsTaken).toBeGreaterThan(300 / 6);
  expect(findings.at(-1)?.isLast).toBe(true);
});
