/** One transaction from its base gas to its receipt: docs/protocol/execution.md, section 2. */
import { runMessage } from "../evm/index.js";
import type { EvmLog, Frame, Message } from "../evm/index.js";
import { EMPTY_BYTES, ZERO_ADDRESS } from "../primitives/index.js";
import type { Address } from "../primitives/index.js";
import { TransactionStatus } from "../protocol/index.js";
import type { BlockContext } from "./block-context.js";
import { ChainWorld, UnpaidCreation } from "./world.js";
import type { ChainOutcome } from "./world.js";

const CREATION_GAS = 53000;
const CALL_GAS = 21000;
const ZERO_BYTE_GAS = 4;
const OTHER_BYTE_GAS = 68;
const FREE_STORAGE_GAS = 20000n;
/** Refund for each contract that destroyed itself. */
const DESTROYED_REFUND = 24000;

/** What of a transaction its execution depends on. */
export interface ExecutableTransaction {
  readonly sender: Address;
  /** Undefined creates a contract. */
  readonly to: Address | undefined;
  readonly data: Uint8Array;
  readonly value: bigint;
  readonly gasPrice: bigint;
  /** Bounds the refund and nothing else. */
  readonly gas: bigint;
  /** False for read-only calls. */
  readonly isSigned: boolean;
}

/** Outcome of a transaction: its receipt without what is known only after the whole block. */
export interface TransactionOutcome {
  readonly status: number;
  readonly gasUsed: bigint;
  readonly output: Uint8Array;
  readonly contractAddress: Address;
  readonly logs: readonly EvmLog[];
  readonly remainGas: bigint;
}

/** How far the steps before the settlement came. */
interface Execution {
  readonly status: number;
  readonly gas: bigint;
  readonly output: Uint8Array;
  readonly contractAddress: Address;
  /** Undefined when no code ran, and for transactions that end by an exception. */
  readonly frame: Frame | undefined;
}

/** Gas of a transaction before anything is executed, by its data. */
export function intrinsicGas(data: Uint8Array, isCreation: boolean): bigint {
  let zeros = 0;
  for (let i = 0; i < data.length; i++) if (data[i] === 0) zeros++;
  const bytes = ZERO_BYTE_GAS * zeros + OTHER_BYTE_GAS * (data.length - zeros);
  return BigInt((isCreation ? CREATION_GAS : CALL_GAS) + bytes);
}

/** Executes one transaction on the tables of its block and makes its changes part of the block. */
export function executeTransaction(block: BlockContext, tx: ExecutableTransaction): TransactionOutcome {
  const required = intrinsicGas(tx.data, tx.to === undefined);
  const base = block.engine.rules.freeStorage ? FREE_STORAGE_GAS : required;
  const execution = refusalOf(block, tx, required, base) ?? run(block, tx, block.txGasLimit - base);
  const { frame } = execution;
  const gas = block.charging.settle(tx, {
    txGasLimit: block.txGasLimit,
    base,
    gas: execution.gas,
    refunded: frame === undefined ? 0n : refundOf(frame, tx.gas, execution.gas),
  });
  for (const address of [...(frame?.destroyed ?? [])].sort()) block.accounts.kill(address);
  const outcome = {
    status: execution.status,
    gasUsed: BigInt.asUintN(256, block.txGasLimit - gas),
    output: execution.output,
    contractAddress: execution.contractAddress,
    logs: frame?.logs ?? [],
    remainGas: block.accounts.remainGas(tx.sender),
  };
  block.tables.clearUndo();
  return outcome;
}

/** The transaction's own gas bounds the refund: half of what it exceeds the gas left by, wrapping below zero. */
function refundOf(frame: Frame, txGas: bigint, gas: bigint): bigint {
  const refund = BigInt(frame.refund + DESTROYED_REFUND * (frame.destroyed?.size ?? 0));
  const bound = BigInt.asUintN(256, txGas - gas) / 2n;
  return refund < bound ? refund : bound;
}

function refused(status: number, gas: bigint): Execution {
  return { status, gas, output: EMPTY_BYTES, contractAddress: ZERO_ADDRESS, frame: undefined };
}

/** Tests before anything is executed, in their order; undefined when all are passed. */
function refusalOf(
  block: BlockContext,
  tx: ExecutableTransaction,
  required: bigint,
  base: bigint,
): Execution | undefined {
  const { charging, txGasLimit } = block;
  if (required > txGasLimit) return refused(TransactionStatus.OutOfGasIntrinsic, 0n);
  if (charging.isTooPoor(tx, required)) return refused(TransactionStatus.NotEnoughRemainGas, txGasLimit);
  if (base > txGasLimit) return refused(TransactionStatus.OutOfGasBase, 0n);
  if (charging.isTooPoor(tx, base)) return refused(TransactionStatus.NotEnoughRemainGas, txGasLimit);
  return undefined;
}

function messageOf(tx: ExecutableTransaction, gas: bigint): Message {
  const value = new Uint32Array(8);
  // Next to no transaction carries anything.
  if (tx.value !== 0n) for (let i = 0; i < 8; i++) value[i] = Number((tx.value >> BigInt(32 * i)) & 0xffffffffn);
  const target = tx.to ?? ZERO_ADDRESS;
  return {
    kind: tx.to === undefined ? "create" : "call",
    depth: 0,
    isStatic: false,
    gas,
    sender: tx.sender,
    recipient: target,
    codeAddress: target,
    input: tx.data,
    value,
  };
}

function run(block: BlockContext, tx: ExecutableTransaction, gas: bigint): Execution {
  const world = new ChainWorld(block, { origin: tx.sender, gasPrice: tx.gasPrice });
  try {
    const { outcome, frame } = runMessage<ChainOutcome>(world, messageOf(tx, gas));
    const contractAddress = outcome.created ?? ZERO_ADDRESS;
    return { status: outcome.status, gas: outcome.gas, output: outcome.output, contractAddress, frame };
  } catch (error) {
    if (!(error instanceof UnpaidCreation)) throw error;
    return { ...refused(TransactionStatus.None, gas), contractAddress: error.address };
  }
}
