/** Execution of whole blocks and of read-only calls: docs/protocol/execution.md, sections 1 and 7. */
import { CodeCache, FramePool } from "../evm/index.js";
import { EMPTY_BYTES, EVM_CODE_CACHE_BYTES_MAX, ZERO_ADDRESS, err, ok } from "../primitives/index.js";
import type { Address, Hash, Result } from "../primitives/index.js";
import { BLOOM_BYTES, encodeReceipts, headerHash, logBloom, receiptsRoot } from "../protocol/index.js";
import type { Receipt, VerifiedTransaction } from "../protocol/index.js";
import { BlockContext } from "./block-context.js";
import type { Engine } from "./block-context.js";
import { ethereumContracts } from "./ethereum/index.js";
import { openDeclaredConflicts } from "./precompiled/parallel-config.js";
import { findPrecompiled } from "./precompiled/registry.js";
import { executorRulesOf } from "./rules.js";
import { executeTransaction } from "./transaction.js";
import type { ExecutableTransaction, TransactionOutcome } from "./transaction.js";
import type { BlockInput, BlockResult, CallInput, CallResult, ExecutionFailure, ExecutorOptions } from "./types.js";

/** Gas field of a read-only call, as the C++ node fills it in. */
const CALL_GAS = (1n << 63n) - 1n;
const CALL_GAS_PRICE = 1n;

const NO_BLOOM = new Uint8Array(BLOOM_BYTES);

/** Executes blocks of one group on top of its committed state, which it never changes. */
export class BlockExecutor {
  readonly #engine: Engine;

  constructor(options: ExecutorOptions) {
    const rules = executorRulesOf(options.version, options.freeStorage);
    this.#engine = {
      options,
      rules,
      codes: new CodeCache(rules.evm, EVM_CODE_CACHE_BYTES_MAX),
      ethereum: ethereumContracts(options.suite, options.version),
      frames: new FramePool(),
    };
  }

  /**
   * Executes a block on top of the committed state, which must be that of its parent. Fails only for a block that
   * others have executed to another result.
   */
  execute(input: BlockInput): Result<BlockResult, ExecutionFailure> {
    const { header, transactions, expectedHash } = input;
    const { options } = this.#engine;
    const block = this.#blockOf(input);
    const outcomes = transactions.map((tx) => executeTransaction(block, executable(tx)));
    const stateRoot = block.tables.stateHash();
    const receipts = this.#receipts(outcomes, stateRoot);
    const encodedReceipts = encodeReceipts(receipts, options.version);
    const executed = {
      ...header,
      stateRoot,
      dbHash: stateRoot,
      receiptsRoot: receiptsRoot(encodedReceipts, options.version, options.suite),
    };
    const hash = headerHash(executed, options.suite);
    if (expectedHash !== undefined && hash !== expectedHash) {
      return err({ code: "block-hash-mismatch", expected: expectedHash, computed: hash, header: executed });
    }
    return ok({ header: executed, hash, transactions, receipts, encodedReceipts, changes: block.tables.commit() });
  }

  /** Answers a read-only call. Whatever it changes is dropped with the tables it ran on. */
  call(input: CallInput): CallResult {
    // The C++ node fails to name the sender then, and answers as if nothing had happened.
    if (input.from === ZERO_ADDRESS) return { status: 0, output: EMPTY_BYTES, gasUsed: 0n };
    const { header, hash } = input.head;
    const block = new BlockContext(this.#engine, {
      header,
      parentNumber: header.number,
      parentHash: hash,
      chargeGas: input.chargeGas ?? false,
    });
    const { status, output, gasUsed } = executeTransaction(block, {
      sender: input.from,
      to: input.to,
      data: input.data,
      value: input.value ?? 0n,
      gas: CALL_GAS,
      gasPrice: CALL_GAS_PRICE,
      isSigned: false,
    });
    return { status, output, gasUsed };
  }

  /** Committed code of an account, empty when it has none; `head` is the latest block. Leaves no trace. */
  codeAt(address: Address, head: CallInput["head"]): Uint8Array {
    const { header, hash } = head;
    const block = new BlockContext(this.#engine, {
      header,
      parentNumber: header.number,
      parentHash: hash,
      chargeGas: false,
    });
    return block.accounts.code(address);
  }

  /**
   * What entered the state hash of a block, table by table: to find out where two nodes differ. Executes the block
   * once more.
   */
  explainState(input: BlockInput): ReturnType<BlockContext["tables"]["tableHashes"]> {
    const block = this.#blockOf(input);
    for (const tx of input.transactions) executeTransaction(block, executable(tx));
    return block.tables.tableHashes();
  }

  #blockOf({ header, chargeGas, transactions }: BlockInput): BlockContext {
    const block = new BlockContext(this.#engine, {
      header,
      parentNumber: header.number - 1,
      parentHash: header.parentHash,
      chargeGas,
    });
    if (!this.#engine.rules.opensDeclaredConflicts) return block;
    // 2.9.1 plans which transactions it executes side by side. Where opening shows in the state hash, so does the planning.
    for (const { to } of transactions) {
      if (to === undefined || findPrecompiled(block.precompiled, to) !== undefined) continue;
      openDeclaredConflicts(block.precompiled, to);
    }
    return block;
  }

  #receipts(outcomes: readonly TransactionOutcome[], stateRoot: Hash): Receipt[] {
    const { options, rules } = this.#engine;
    const bits = new Map<string, readonly number[]>();
    // One array for all: each for itself would cost more than filling it.
    const blooms = new Uint8Array(BLOOM_BYTES * outcomes.filter(({ logs }) => logs.length > 0).length);
    let bloomAt = 0;
    const bloomOf = (logs: TransactionOutcome["logs"]): Uint8Array =>
      logBloom(logs, options.suite, bits, blooms.subarray(bloomAt, (bloomAt += BLOOM_BYTES)));
    let total = 0n;
    return outcomes.map((outcome) => {
      total = BigInt.asUintN(256, total + outcome.gasUsed);
      const { status, output, contractAddress, remainGas, logs } = outcome;
      const gasUsed = rules.ownGasUsed ? outcome.gasUsed : total;
      const bloom = logs.length === 0 ? NO_BLOOM : bloomOf(logs);
      return { stateRoot, gasUsed, contractAddress, bloom, status, output, remainGas, logs };
    });
  }
}

function executable(tx: VerifiedTransaction): ExecutableTransaction {
  const { sender, to, data, value, gas, gasPrice } = tx;
  return { sender, to, data, value, gas, gasPrice, isSigned: true };
}
