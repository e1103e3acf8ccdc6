/** Executes a recorded chain again, from genesis, and compares everything its nodes told about it. */
import { BlockExecutor } from "@tsbcos/core/executor";
import type { BlockInput } from "@tsbcos/core/executor";
import { Ledger } from "@tsbcos/core/ledger";
import type { ChainHead, ExecutedBlock, LedgerOptions } from "@tsbcos/core/ledger";
import { ZERO_HASH, height } from "@tsbcos/core/primitives";
import { BLOOM_BYTES, rawTransactionFromJson, transactionsRoot, verifyTransaction } from "@tsbcos/core/protocol";
import type { VerifiedTransaction } from "@tsbcos/core/protocol";
import { MemoryStore } from "@tsbcos/core/state";
import type { StateWrite } from "@tsbcos/core/state";
import { plain, signaturesOf } from "../vectors/index.js";
import type { RpcBlock } from "../vectors/index.js";
import { compareHeaders, compareReceipts, compareTables } from "./compare.js";
import type { FieldDifference, TableDifference } from "./compare.js";
import type { Recording } from "./recording.js";
import { decidingNodes } from "./sealers.js";

/** The first thing that is not as recorded. */
export interface ReplayDifference extends FieldDifference {
  readonly block: number;
  /** Set when the difference is about one transaction. */
  readonly transaction?: { readonly index: number; readonly hash: string };
  /** Names of the tables that entered the state hash as computed. */
  readonly touchedTables: readonly string[];
  /** Where the tables part, if their bytes were recorded and do. */
  readonly table?: TableDifference;
}

/** How a replay ended. Counts are of what was compared and found equal. */
export interface ReplayOutcome {
  readonly blocks: number;
  readonly transactions: number;
  readonly receipts: number;
  /** Blocks whose tables were compared byte by byte, too. */
  readonly blocksWithTables: number;
  readonly difference: ReplayDifference | undefined;
}

/** What a replay reports while it runs. */
export interface ReplayOptions {
  /** Called after each block; `ledger` has it as its head. */
  readonly onBlock?: (number: number, last: number, ledger: Ledger) => void;
  /** Takes every batch that the chain's store is written with, in order. */
  readonly onWrite?: (batch: readonly StateWrite[]) => void;
  /** What the ledger is opened with after a block, 0 being the start; between two of them it stays open. */
  readonly opened?: ReadonlyMap<number, LedgerOptions>;
}

/** Replays a chain in memory. Ends at the first difference. */
export function replayChain(recording: Recording, options: ReplayOptions = {}): ReplayOutcome {
  const replay = new Replay(recording, options);
  const difference = replay.all();
  return { ...replay.counts, difference: difference ?? replay.compareReopened() };
}

/**
 * The ledger at the end of a replayed chain.
 *
 * @throws Error when the replay finds a difference
 */
export function replayedLedger(recording: Recording, options: ReplayOptions = {}): Ledger {
  const replay = new Replay(recording, options);
  const found = replay.all();
  if (found !== undefined) {
    throw new Error(`block ${found.block}, ${found.field}: recorded ${found.recorded}, computed ${found.computed}`);
  }
  return replay.ledger;
}

class Replay {
  readonly counts = { blocks: 0, transactions: 0, receipts: 0, blocksWithTables: 0 };
  readonly #recording: Recording;
  readonly #options: ReplayOptions;
  readonly #store = new MemoryStore();
  ledger: Ledger;
  #executor: BlockExecutor;

  constructor(recording: Recording, options: ReplayOptions) {
    this.#recording = recording;
    this.#options = options;
    this.ledger = this.#open(options.opened?.get(0));
    this.#executor = this.#executorOf(this.ledger);
  }

  /** Every block in turn, up to the first difference. */
  all(): ReplayDifference | undefined {
    const last = this.#recording.blocks.length - 1;
    let difference = this.compareGenesis();
    for (let number = 1; number <= last && difference === undefined; number++) {
      difference = this.block(this.#recording.blocks[number] as RpcBlock);
      if (difference === undefined) this.#finish(number, last);
    }
    return difference;
  }

  #finish(number: number, last: number): void {
    this.#options.onBlock?.(number, last, this.ledger);
    const opened = this.#options.opened?.get(number);
    if (opened === undefined) return;
    this.ledger = this.#open(opened);
    this.#executor = this.#executorOf(this.ledger);
  }

  compareGenesis(): ReplayDifference | undefined {
    const [genesis] = this.#recording.blocks;
    if (genesis === undefined) return difference(0, "block 0", "in the recording", "not there");
    const { header, hash } = this.ledger.head();
    const found = compareHeaders(genesis, header) ?? compareTexts("hash", plain(genesis.hash), hash);
    return found === undefined ? undefined : { block: 0, touchedTables: [], ...found };
  }

  block(recorded: RpcBlock): ReplayDifference | undefined {
    const number = Number(recorded.number);
    const transactions: VerifiedTransaction[] = [];
    for (const [index, json] of recorded.transactions.entries()) {
      const verified = verifyTransaction(
        rawTransactionFromJson(json, this.#recording.rules.suite),
        this.#recording.rules.suite,
      );
      if (!verified.ok)
        return difference(number, "transaction", json.hash, verified.error.code, { index, hash: json.hash });
      const { hash, sender } = verified.value;
      const found = compareTexts("hash", plain(json.hash), hash) ?? compareTexts("from", plain(json.from), sender);
      if (found !== undefined) {
        return { block: number, transaction: { index, hash: json.hash }, touchedTables: [], ...found };
      }
      transactions.push(verified.value);
    }
    const input = this.#proposal(recorded, transactions);
    const executed = this.#executor.execute(input);
    if (!executed.ok) return difference(number, "execution", "a result", executed.error.code);
    return this.#compareBlock(recorded, input, executed.value) ?? this.#commit(recorded, executed.value);
  }

  /** A store that was written by a whole replay opens again, with the same head and an undamaged last block. */
  compareReopened(): ReplayDifference | undefined {
    const before = this.ledger.head();
    const { number } = before.header;
    const after = this.#open().head();
    const found = compareTexts("hash after reopening", before.hash, after.hash);
    return found === undefined ? undefined : { block: number, touchedTables: [], ...found };
  }

  #executorOf(ledger: Ledger): BlockExecutor {
    const { version, suite, chainId, groupId, freeStorage } = this.#recording.rules;
    const blockHashAt = (number: number): ReturnType<Ledger["hashAt"]> => ledger.hashAt(number);
    const { rows } = ledger;
    return new BlockExecutor({ rows, version, suite, chainId, groupId, freeStorage, blockHashAt });
  }

  #open(options: LedgerOptions = {}): Ledger {
    const opened = Ledger.open(this.#store, this.#recording.rules, this.#recording.genesis, options);
    if (!opened.ok) throw new Error(`the replayed chain cannot be opened: ${opened.error.message}`);
    this.#write(opened.value.initialWrites);
    return opened.value.ledger;
  }

  /**
   * The block as a proposer would have sent it. Only what a proposer decides is taken from the recording: timestamp,
   * proposer and transactions; the rest comes from the replayed chain.
   */
  #proposal(recorded: RpcBlock, transactions: readonly VerifiedTransaction[]): BlockInput {
    const head = this.ledger.head();
    const { version, suite } = this.#recording.rules;
    const header = {
      parentHash: head.hash,
      stateRoot: ZERO_HASH,
      transactionsRoot: transactionsRoot(transactions, version, suite),
      receiptsRoot: ZERO_HASH,
      dbHash: ZERO_HASH,
      logBloom: new Uint8Array(BLOOM_BYTES),
      number: height(head.header.number + 1),
      gasLimit: 0n,
      gasUsed: 0n,
      timestamp: Number(recorded.timestamp),
      extraData: [],
      sealer: BigInt(recorded.sealer),
      sealerList: decidingNodes(head, this.#recording.rules),
    };
    return { header, transactions, chargeGas: head.settings.chargeGas };
  }

  #write(batch: readonly StateWrite[]): void {
    this.#store.write(batch);
    this.#options.onWrite?.(batch);
  }

  #compareBlock(recorded: RpcBlock, input: BlockInput, executed: ExecutedBlock): ReplayDifference | undefined {
    const { number } = executed.header;
    const receipts = this.#compareReceipts(executed, "before the roots");
    const tables = this.#compareTables(number, input);
    const header =
      compareHeaders(recorded, executed.header) ?? compareTexts("hash", plain(recorded.hash), executed.hash);
    const found = receipts ?? header ?? this.#compareSealer(recorded) ?? this.#compareReceipts(executed, "all");
    if (found === undefined && tables === undefined) return undefined;
    return {
      block: number,
      touchedTables: this.#executor.explainState(input).map(({ name }) => name),
      ...(found ?? { field: "tables", recorded: "the recorded bytes", computed: "other bytes" }),
      ...(tables === undefined ? {} : { table: tables }),
    };
  }

  /** Receipts first without the state root, which every other difference of a block changes, then with it. */
  #compareReceipts(
    executed: ExecutedBlock,
    fields: "before the roots" | "all",
  ): (FieldDifference & Pick<ReplayDifference, "transaction">) | undefined {
    for (const [index, receipt] of executed.receipts.entries()) {
      const transaction = executed.transactions[index] as VerifiedTransaction;
      const hash = `0x${transaction.hash}`;
      const json = this.#recording.receipts.get(hash);
      if (json === undefined) {
        return { transaction: { index, hash }, field: "receipt", recorded: "not there", computed: "there" };
      }
      const computed =
        fields === "all" ? receipt : { ...receipt, stateRoot: plain(json.root) as typeof receipt.stateRoot };
      const blockHash = fields === "all" ? executed.hash : plain(json.blockHash);
      const place = { blockHash, blockNumber: executed.header.number, index, transaction };
      const found = compareReceipts(json, computed, place);
      if (found !== undefined) return { transaction: { index, hash }, ...found };
    }
    return undefined;
  }

  #compareTables(number: number, input: BlockInput): TableDifference | undefined {
    const recorded = this.#recording.stateBytes?.[String(number)];
    if (recorded === undefined) return undefined;
    const found = compareTables(recorded, this.#executor.explainState(input));
    if (found === undefined) this.counts.blocksWithTables++;
    return found;
  }

  #compareSealer(recorded: RpcBlock): FieldDifference | undefined {
    const count = this.ledger.head().sealers.length;
    if (Number(recorded.sealer) < count) return undefined;
    return { field: "sealer", recorded: recorded.sealer, computed: `one of ${String(count)} sealers` };
  }

  #commit(recorded: RpcBlock, executed: ExecutedBlock): ReplayDifference | undefined {
    const head: ChainHead = this.ledger.head();
    this.#write(this.ledger.prepareStore(executed, signaturesOf(recorded)));
    const { totalTransactions } = this.ledger.committed(executed);
    const { number } = executed.header;
    const expected = head.totalTransactions + recorded.transactions.length;
    if (totalTransactions !== expected) {
      return difference(number, "total transactions", String(expected), String(totalTransactions));
    }
    this.counts.blocks++;
    this.counts.transactions += executed.transactions.length;
    this.counts.receipts += executed.receipts.length;
    return undefined;
  }
}

function compareTexts(field: string, recorded: string, computed: string): FieldDifference | undefined {
  return recorded === computed ? undefined : { field, recorded, computed };
}

function difference(
  block: number,
  field: string,
  recorded: string,
  computed: string,
  transaction?: ReplayDifference["transaction"],
): ReplayDifference {
  return { block, field, recorded, computed, touchedTables: [], ...(transaction === undefined ? {} : { transaction }) };
}
