/** One running message: its stack, memory, gas, and what it has produced so far. */
import type { Address } from "../primitives/index.js";
import { EMPTY_BYTES, EVM_MEMORY_BYTES_MAX } from "../primitives/index.js";
import { STACK_WORDS_MAX } from "./code.js";
import type { PreparedCode } from "./code.js";
import type { ContractStorage } from "./host.js";
import type { EvmLog, Message } from "./message.js";
import { Halt } from "./message.js";
import type { EvmRules } from "./rules.js";

/** Gas moved from the reserve to the running counter at a time: sums with it stay exact as numbers. */
const RUNNING_GAS_MAX = 2 ** 52;

/** Memory up to this size is kept for the next frame of the same depth. */
const KEPT_MEMORY_BYTES = 1 << 16;

/** Depths whose buffers are kept for the next transaction: a single deep one must not hold on to its megabytes. */
const KEPT_DEPTHS = 16;

/** Stack and memory of one depth, reused from frame to frame. */
export interface FrameBuffers {
  readonly stack: Uint32Array;
  memory: Uint8Array;
}

/** Buffers by depth, and the count of memory that the frames of one transaction hold together. */
export class FramePool {
  readonly #buffers: FrameBuffers[] = [];
  /** Bytes of memory of all live frames. */
  memoryBytes = 0;

  /** Buffers for a frame at `depth`. Frames end in the reverse order of their start, so a depth has one user at a time. */
  take(depth: number): FrameBuffers {
    let buffers = this.#buffers[depth];
    if (buffers === undefined) {
      buffers = { stack: new Uint32Array(8 * STACK_WORDS_MAX), memory: EMPTY_BYTES };
      this.#buffers[depth] = buffers;
    }
    return buffers;
  }

  /** Drops the buffers that only deep calls need, when no frame is left. */
  trim(): void {
    if (this.#buffers.length > KEPT_DEPTHS) this.#buffers.length = KEPT_DEPTHS;
  }
}

/** Runs the code of one message; see `interpreter.ts` for the instructions. */
export class Frame {
  readonly message: Message;
  readonly rules: EvmRules;
  readonly code: PreparedCode;
  readonly storage: ContractStorage;
  /** Calldata that the code sees: none in a creation. */
  readonly callData: Uint8Array;
  /** Address whose storage and name the code works with. */
  readonly recipient: Address;
  readonly #pool: FramePool;
  readonly #buffers: FrameBuffers;

  /** Words on the stack, deepest first, eight limbs each. */
  readonly stack: Uint32Array;
  /** Limbs on the stack. */
  height = 0;
  /** Bytes that may be addressed without growing: a multiple of 32, `memory` may be longer. */
  memoryBytes = 0;
  memory: Uint8Array;
  /** Gas left, apart from {@link reserve}. Always at most 2^52, so that it is exact. */
  gas: number;
  /** Gas beyond {@link gas}, for chains whose limits do not fit a number. */
  reserve: bigint;
  /** Instruction to go on with. */
  next = 0;
  halt: Halt = Halt.None;
  /** Output of RETURN or REVERT. */
  output: Uint8Array = EMPTY_BYTES;
  /** Return data of the latest inner message. */
  returnData: Uint8Array = EMPTY_BYTES;
  /** The message the frame waits for. */
  request: Message | undefined = undefined;
  /** Where the return data of that message goes, and how much of it. */
  returnOffset = 0;
  returnSize = 0;

  logs: EvmLog[] = [];
  refund = 0;
  destroyed: Set<Address> | undefined = undefined;

  /**
   * @param parts.recipient of a creation the new address, otherwise the recipient of the message
   * @param parts.code what to run: of a creation its init code
   */
  constructor(parts: {
    message: Message;
    recipient: Address;
    rules: EvmRules;
    code: PreparedCode;
    storage: ContractStorage;
    pool: FramePool;
  }) {
    const { message, pool } = parts;
    this.message = message;
    this.rules = parts.rules;
    this.code = parts.code;
    this.storage = parts.storage;
    this.recipient = parts.recipient;
    this.callData = message.kind === "create" || message.kind === "create2" ? EMPTY_BYTES : message.input;
    this.#pool = pool;
    this.#buffers = pool.take(message.depth);
    this.stack = this.#buffers.stack;
    this.memory = this.#buffers.memory;
    this.gas = 0;
    this.reserve = 0n;
    this.#setGas(message.gas);
  }

  /** Gas left in all. */
  gasLeft(): bigint {
    return this.reserve + BigInt(this.gas);
  }

  /**
   * Moves gas to or from an inner message. The counter may go below zero while the message runs: its instruction may
   * pass on gas that is charged already for instructions after it.
   *
   * @param gas added, or taken when negative
   * @param running the running counter so far
   */
  exchangeGas(gas: bigint, running: number): void {
    this.#setGas(this.reserve + BigInt(running) + gas);
  }

  #setGas(left: bigint): void {
    const isSmall = left <= BigInt(RUNNING_GAS_MAX);
    this.gas = isSmall ? Number(left) : RUNNING_GAS_MAX;
    this.reserve = isSmall ? 0n : left - BigInt(RUNNING_GAS_MAX);
  }

  /** Moves gas out of the reserve when the running counter went below zero; returns the counter after that. */
  refill(gas: number): number {
    if (this.reserve === 0n) return gas;
    const moved = this.reserve < BigInt(RUNNING_GAS_MAX) ? this.reserve : BigInt(RUNNING_GAS_MAX);
    this.reserve -= moved;
    return gas + Number(moved);
  }

  /** `gas` less `cost`; below zero when there is not that much. */
  charge(gas: number, cost: number): number {
    const left = gas - cost;
    return left < 0 ? this.refill(left) : left;
  }

  /** Makes `bytes` (a multiple of 32) addressable; false when that exceeds what all frames together may hold. */
  growMemory(bytes: number): boolean {
    const pool = this.#pool;
    if (pool.memoryBytes + bytes - this.memoryBytes > EVM_MEMORY_BYTES_MAX) return false;
    pool.memoryBytes += bytes - this.memoryBytes;
    if (bytes > this.memory.length) {
      const larger = new Uint8Array(Math.max(bytes, Math.min(2 * this.memory.length, EVM_MEMORY_BYTES_MAX), 4096));
      larger.set(this.memory.subarray(0, this.memoryBytes));
      this.memory = larger;
    }
    this.memoryBytes = bytes;
    return true;
  }

  /** Adds what a successful inner frame has produced. */
  absorb(inner: Frame): void {
    for (const log of inner.logs) this.logs.push(log);
    this.refund += inner.refund;
    if (inner.destroyed === undefined) return;
    this.destroyed ??= new Set();
    for (const address of inner.destroyed) this.destroyed.add(address);
  }

  /** Drops what the frame has produced, after a failure. */
  discard(): void {
    this.logs = [];
    this.refund = 0;
    this.destroyed = undefined;
  }

  /** Gives the buffers back. The frame must not run any more; its output is its own. */
  release(): void {
    this.#pool.memoryBytes -= this.memoryBytes;
    if (this.message.depth === 0) this.#pool.trim();
    if (this.memory.length > KEPT_MEMORY_BYTES) {
      this.#buffers.memory = EMPTY_BYTES;
      return;
    }
    this.memory.fill(0, 0, this.memoryBytes);
    this.#buffers.memory = this.memory;
  }
}
