/** Random calls of the chain's own contracts, in transactions on a real executor: nothing may break or be half done. */
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { BlockExecutor, describeContracts } from "@tsbcos/core/executor";
import type { BlockResult } from "@tsbcos/core/executor";
import { Ledger } from "@tsbcos/core/ledger";
import { concatBytes, groupId, hash, height, hexToBytes, ZERO_HASH } from "@tsbcos/core/primitives";
import type { Address, ByteString, NodeId, Random } from "@tsbcos/core/primitives";
import * as versions from "@tsbcos/core/protocol";
import type { SupportedVersion, VerifiedTransaction } from "@tsbcos/core/protocol";
import { MemoryStore } from "@tsbcos/core/state";
import type { CommittedRows, FrozenRow, StateChanges } from "@tsbcos/core/state";
import { randomCalldata } from "./calldata.js";
import type { CalldataWorld } from "./calldata.js";
import { cpuMs, demand, pick } from "./target.js";
import type { Figures, Target } from "./target.js";

const VERSIONS: readonly SupportedVersion[] = [
  ...[versions.V2_0_0, versions.V2_2_0, versions.V2_3_0, versions.V2_5_0, versions.V2_6_0],
  ...[versions.V2_7_0, versions.V2_8_0, versions.V2_9_0, versions.V2_9_0, versions.V2_9_1],
];
const BLOCKS_PER_CASE = 25;
const CALLS_PER_BLOCK_MAX = 8;
/** Far beyond what any block of these calls takes: what takes longer hangs. */
const BLOCK_PATIENCE_MS = 20_000;

const numbered = (number: number): Address => number.toString(16).padStart(40, "0") as Address;
const PEOPLE = ["a", "b", "c"].map((digit) => digit.repeat(40) as Address);
const FIRST_OBJECT = 0x10001;
const OBJECTS = Array.from({ length: 12 }, (_, i) => numbered(FIRST_OBJECT + i));
const CONTRACTS = describeContracts();

/** Creation of a contract that passes the calldata behind a 20-byte address on to it, in one of four ways. */
function forwarder(opcode: number, ending: "return" | "revert"): Uint8Array {
  const takesValue = opcode === 0xf1 || opcode === 0xf2;
  const parts = [
    "60143603", // length behind the address
    "806014600037", // copied to memory
    `60006000826000${takesValue ? "6000" : ""}`, // no room for output, all of the input, no value
    "60003560601c5a", // the address, all gas
    opcode.toString(16),
    "3d600060003e3d6000", // whatever came back
    ending === "return" ? "f3" : "fd",
  ];
  const runtime = hexToBytes(parts.join(""));
  const { length } = runtime;
  return concatBytes(Uint8Array.of(0x60, length, 0x60, 12, 0x60, 0, 0x39, 0x60, length, 0x60, 0, 0xf3), runtime);
}

const FORWARDERS = [
  ...[0xf1, 0xf2, 0xf4, 0xfa].map((opcode) => forwarder(opcode, "return")),
  forwarder(0xf1, "revert"),
];

interface Call {
  readonly sender: Address;
  readonly to: Address | undefined;
  readonly data: Uint8Array;
  /** True when the call reaches no object of the block: those can be changed behind the back of the undo log. */
  readonly isUndoable: boolean;
}

function transaction({ sender, to, data }: Call): VerifiedTransaction {
  return {
    nonce: 1n,
    gasPrice: 1n,
    gas: 300_000_000n,
    blockLimit: 100n,
    to,
    value: 0n,
    data,
    chainId: 1n,
    groupId: 1n,
    extraData: new Uint8Array(0),
    signature: new Uint8Array(65),
    raw: data,
    isCanonical: true,
    hash: ZERO_HASH,
    sender,
  };
}

/** A chain in memory that takes blocks of such transactions. */
class FuzzChain {
  readonly suite: CryptoSuite;
  readonly version: SupportedVersion;
  readonly rows: CommittedRows;
  readonly chargeGas: boolean;
  readonly #store = new MemoryStore();
  readonly #executor: BlockExecutor;
  #number = 0;
  #parentHash = hash("1".repeat(64));

  constructor(options: { suite: CryptoSuite; version: SupportedVersion; freeStorage: boolean; chargeGas: boolean }) {
    const { suite, version, freeStorage } = options;
    this.suite = suite;
    this.version = version;
    this.chargeGas = options.chargeGas;
    const rules = { version, suite, chainId: 1n, groupId: groupId(1), freeStorage, consensusType: "pbft" as const };
    const nodes = ["1", "2", "3", "4"].map((digit) => digit.repeat(128) as NodeId);
    const opened = Ledger.open(this.#store, rules, {
      ...{ groupId: groupId(1), timestamp: 0, consensusType: "pbft", stateType: "storage", nodes, freeStorage },
      ...{ maxTransactions: 1000, gasLimit: 300_000_000, consensusTimeoutSeconds: 3 },
      ...{ epochSealerCount: 4, epochBlockCount: 1000, minElectTimeMs: 1000, maxElectTimeMs: 2000 },
    });
    demand(opened.ok, "the chain opens");
    this.#store.write(opened.value.initialWrites);
    this.rows = opened.value.ledger.rows;
    this.#executor = new BlockExecutor({ rows: this.rows, ...rules, blockHashAt: () => undefined });
  }

  /** Executes a block on the committed state and leaves it at that. */
  execute(calls: readonly Call[]): BlockResult {
    const started = cpuMs();
    const outcome = this.#executor.execute({
      header: {
        parentHash: this.#parentHash,
        ...{ stateRoot: ZERO_HASH, transactionsRoot: ZERO_HASH, receiptsRoot: ZERO_HASH, dbHash: ZERO_HASH },
        ...{ logBloom: new Uint8Array(256), number: height(this.#number + 1), gasLimit: 0n, gasUsed: 0n },
        ...{ timestamp: this.#number, extraData: [], sealer: 0n, sealerList: [] },
      },
      transactions: calls.map(transaction),
      chargeGas: this.chargeGas,
    });
    demand(outcome.ok, "a block has a result");
    demand(cpuMs() - started < BLOCK_PATIENCE_MS, "a block is executed in time");
    return outcome.value;
  }

  /** Answers a read-only call. */
  call({ sender, to, data }: Call): void {
    const header = this.execute([]).header;
    const target = to ?? numbered(0);
    this.#executor.call({ from: sender, to: target, data, head: { header, hash: this.#parentHash } });
  }

  commit(block: BlockResult): void {
    const prepared = this.rows.prepare(block.changes);
    this.#store.write(prepared.writes);
    this.rows.apply(prepared);
    this.#number++;
    this.#parentHash = block.hash;
  }
}

/** Cells that can be seen: empty ones cannot be told from missing ones. */
function visibleCells(row: FrozenRow): string {
  const cells = [...row.cells].filter(([, value]) => value !== "").sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(row.status === 0 ? cells : "removed");
}

/** What a select finds after the changes under every key that one of two results names. */
function visible(
  rows: CommittedRows,
  changes: StateChanges,
  keys: ReadonlyMap<string, readonly [ByteString, ByteString]>,
) {
  const changed = new Map<string, Map<number, FrozenRow>>();
  for (const { name, rows: list } of changes.tables) {
    for (const { key, row } of list) {
      const at = JSON.stringify([name, key]);
      const byId = changed.get(at) ?? new Map<number, FrozenRow>();
      changed.set(at, byId.set(row.id, row));
    }
  }
  return [...keys].map(([at, [table, key]]) => {
    const byId = new Map(rows.rows(table, key).map((row) => [row.id, row]));
    for (const [id, row] of changed.get(at) ?? []) byId.set(id, row);
    const found = [...byId.values()].map(visibleCells).filter((cells) => cells !== '"removed"');
    return `${at}: ${found.sort().join(" ")}`;
  });
}

/** A failed call at the end of a block must leave everything as it is without that call. */
function demandNothingDone(chain: FuzzChain, calls: readonly Call[], block: BlockResult): void {
  const without = chain.execute(calls.slice(0, -1));
  const keys = new Map<string, readonly [ByteString, ByteString]>();
  for (const { changes } of [block, without]) {
    for (const { name, rows } of changes.tables) {
      for (const { key } of rows) keys.set(JSON.stringify([name, key]), [name, key]);
    }
  }
  const [after, before] = [block, without].map(({ changes }) => visible(chain.rows, changes, keys));
  const different = after?.find((line, index) => line !== before?.[index]);
  demand(different === undefined, `a failed call left something: ${String(different)}`);
}

function randomCall(random: Random, world: CalldataWorld, forwarders: readonly Address[]): Call {
  const { address, signatures } = pick(random, CONTRACTS);
  const target = address ?? pick(random, OBJECTS);
  const calldata = randomCalldata(pick(random, signatures), random, world);
  const sender = pick(random, PEOPLE);
  const isUndoable = address !== undefined;
  if (random.chance(0.6)) return { sender, to: target, data: calldata, isUndoable };
  return { sender, to: pick(random, forwarders), data: concatBytes(hexToBytes(target), calldata), isUndoable };
}

function runCase(chain: FuzzChain, random: Random): Figures {
  const setUp = chain.execute(
    FORWARDERS.map((data) => ({ sender: PEOPLE[0] as Address, to: undefined, data, isUndoable: true })),
  );
  chain.commit(setUp);
  const forwarders = setUp.receipts.map(({ contractAddress }) => contractAddress);
  const fixed = CONTRACTS.flatMap(({ address }) => address ?? []);
  const addresses = [...PEOPLE, ...forwarders, ...OBJECTS.slice(0, 6), ...fixed, numbered(0), numbered(0xdead)];
  const world = { suite: chain.suite, addresses };
  const figures = { calls: 0, failed: 0, undone: 0 };
  for (let at = 0; at < BLOCKS_PER_CASE; at++) {
    const count = 1 + random.below(CALLS_PER_BLOCK_MAX);
    const calls = Array.from({ length: count }, () => randomCall(random, world, forwarders));
    const block = chain.execute(calls);
    figures.calls += count;
    figures.failed += block.receipts.filter(({ status }) => status !== 0).length;
    if (random.chance(0.1)) demand(chain.execute(calls).hash === block.hash, "the same block has the same hash again");
    const last = calls[count - 1] as Call;
    if (block.receipts[count - 1]?.status !== 0 && last.isUndoable && !chain.chargeGas) {
      demandNothingDone(chain, calls, block);
      figures.undone++;
    }
    if (random.chance(0.1)) chain.call(last);
    if (random.chance(0.8)) chain.commit(block);
  }
  return figures;
}

/** Random calls of the chain's own contracts. */
export function precompiledTarget(suites: readonly CryptoSuite[]): Target {
  return {
    name: "precompiled",
    description: "random calldata for the contracts built into the node, from accounts and from contracts",
    run: (random) =>
      runCase(
        new FuzzChain({
          suite: pick(random, suites),
          version: pick(random, VERSIONS),
          freeStorage: random.chance(0.1),
          chargeGas: random.chance(0.1),
        }),
        random,
      ),
  };
}
