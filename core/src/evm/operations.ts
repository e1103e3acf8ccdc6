/**
 * Instructions that touch memory, storage or the host.
 *
 * Each takes the gas left and returns what is left after it; a negative result means that the frame has stopped and
 * `frame.halt` says why. `top` is the offset of the uppermost word; the caller moves the stack height afterwards.
 */
import type { Hash } from "../primitives/index.js";
import { significantBytes, exponentiate } from "./arithmetic.js";
import type { Frame } from "./frame.js";
import type { Host } from "./host.js";
import { Halt } from "./message.js";
import { StoreChange } from "./rules.js";
import * as words from "./words.js";

/** Stops the frame; the result is what an operation returns then. */
export function stop(frame: Frame, halt: Halt): number {
  frame.halt = halt;
  return -1;
}

/** `gas` less `cost`, or the frame out of gas. */
export function charge(frame: Frame, gas: number, cost: number): number {
  const left = frame.charge(gas, cost);
  return left < 0 ? stop(frame, Halt.OutOfGas) : left;
}

function memoryGas(size: number): number {
  return 3 * size + Math.floor((size * size) / 512);
}

/** Makes memory addressable up to byte `end`. */
function reach(frame: Frame, gas: number, end: number): number {
  if (end <= frame.memoryBytes) return gas;
  const size = Math.ceil(end / 32);
  const left = charge(frame, gas, memoryGas(size) - memoryGas(frame.memoryBytes / 32));
  if (left >= 0 && !frame.growMemory(32 * size)) return stop(frame, Halt.OutOfGas);
  return left;
}

/** Makes the range given by two words addressable. An empty range needs nothing, wherever it lies. */
export function touch(frame: Frame, gas: number, offset: number, size: number): number {
  const s = frame.stack;
  if (words.isZero(s, size)) return gas;
  if (!words.fitsLimb(s, size) || !words.fitsLimb(s, offset)) return stop(frame, Halt.OutOfGas);
  return reach(frame, gas, (s[offset] as number) + (s[size] as number));
}

/** The range given by two words that {@link touch} has made addressable; a view, valid until memory changes. */
export function memoryRange(frame: Frame, offset: number, size: number): Uint8Array {
  const length = frame.stack[size] as number;
  const start = length === 0 ? 0 : (frame.stack[offset] as number);
  return frame.memory.subarray(start, start + length);
}

function wordCount(bytes: number): number {
  return Math.ceil(bytes / 32);
}

/** MLOAD. */
export function loadMemory(frame: Frame, gas: number, top: number): number {
  const s = frame.stack;
  if (!words.fitsLimb(s, top)) return stop(frame, Halt.OutOfGas);
  const offset = s[top] as number;
  const left = reach(frame, gas, offset + 32);
  if (left >= 0) words.setBytes(s, top, frame.memory, offset);
  return left;
}

/** MSTORE. */
export function storeMemory(frame: Frame, gas: number, top: number): number {
  const s = frame.stack;
  if (!words.fitsLimb(s, top)) return stop(frame, Halt.OutOfGas);
  const offset = s[top] as number;
  const left = reach(frame, gas, offset + 32);
  if (left >= 0) words.writeBytes(s, top - 8, frame.memory, offset);
  return left;
}

/** MSTORE8. */
export function storeMemoryByte(frame: Frame, gas: number, top: number): number {
  const s = frame.stack;
  if (!words.fitsLimb(s, top)) return stop(frame, Halt.OutOfGas);
  const offset = s[top] as number;
  const left = reach(frame, gas, offset + 1);
  if (left >= 0) frame.memory[offset] = s[top - 8] as number;
  return left;
}

/** SHA3. */
export function hashMemory(frame: Frame, host: Host, gas: number, top: number): number {
  let left = touch(frame, gas, top, top - 8);
  if (left < 0) return left;
  left = charge(frame, left, 6 * wordCount(frame.stack[top - 8] as number));
  if (left >= 0) words.setBytes(frame.stack, top - 8, host.hash(memoryRange(frame, top, top - 8)), 0);
  return left;
}

/** EXP. */
export function power(frame: Frame, gas: number, top: number): number {
  const left = charge(frame, gas, frame.rules.expByteGas * significantBytes(frame.stack, top - 8));
  if (left >= 0) exponentiate(frame.stack, top - 8);
  return left;
}

/** CALLDATALOAD. */
export function loadCallData(frame: Frame, top: number): void {
  const offset = words.toNumber(frame.stack, top);
  if (offset < frame.callData.length) words.setBytes(frame.stack, top, frame.callData, offset);
  else words.setLimb(frame.stack, top, 0);
}

/**
 * CALLDATACOPY, CODECOPY, EXTCODECOPY: copies from `source` into memory, bytes beyond its end counting as zero.
 * Memory offset, source offset and size lie from `top` downwards.
 */
export function copyToMemory(frame: Frame, gas: number, top: number, source: () => Uint8Array): number {
  const s = frame.stack;
  let left = touch(frame, gas, top, top - 16);
  if (left < 0) return left;
  const size = s[top - 16] as number;
  left = charge(frame, left, 3 * wordCount(size));
  if (left < 0) return left;
  // Looked at also for no bytes at all: up to 2.4.0 whose code was looked at shows in the state hash.
  const bytes = source();
  if (size === 0) return left;
  const target = s[top] as number;
  const from = words.toNumber(s, top - 8);
  const copied = from < bytes.length ? bytes.subarray(from, from + size) : bytes.subarray(0, 0);
  frame.memory.set(copied, target);
  frame.memory.fill(0, target + copied.length, target + size);
  return left;
}

/** RETURNDATACOPY: the range must lie within the return data, which is looked at before the copy is paid. */
export function copyReturnData(frame: Frame, gas: number, top: number): number {
  const s = frame.stack;
  let left = touch(frame, gas, top, top - 16);
  if (left < 0) return left;
  const size = s[top - 16] as number;
  const from = words.toNumber(s, top - 8);
  if (from + size > frame.returnData.length) return stop(frame, Halt.MemoryAccess);
  left = charge(frame, left, 3 * wordCount(size));
  if (left >= 0 && size > 0) frame.memory.set(frame.returnData.subarray(from, from + size), s[top]);
  return left;
}

/** SSTORE. `later` is the static gas of the instructions after it in its block, which is charged already. */
export function storeWord(frame: Frame, gas: number, top: number, later: number): number {
  if (frame.message.isStatic) return stop(frame, Halt.StaticViolation);
  const { rules } = frame;
  if (gas + later <= rules.storeGasFloor && frame.reserve === 0n) return stop(frame, Halt.OutOfGas);
  const change = frame.storage.store(frame.stack, top, top - 8);
  if (change === StoreChange.Refused) return stop(frame, Halt.WriteRefused);
  frame.refund += rules.storeRefund[change] as number;
  return charge(frame, gas, rules.storeGas[change] as number);
}

/** LOG0 to LOG4. */
export function log(frame: Frame, gas: number, top: number, topicCount: number): number {
  if (frame.message.isStatic) return stop(frame, Halt.StaticViolation);
  const s = frame.stack;
  let left = touch(frame, gas, top, top - 8);
  if (left < 0) return left;
  left = charge(frame, left, 8 * (s[top - 8] as number));
  if (left < 0) return left;
  const topics: Hash[] = [];
  for (let i = 0; i < topicCount; i++) topics.push(words.toHex(s, top - 16 - 8 * i) as Hash);
  frame.logs.push({ address: frame.recipient, topics, data: memoryRange(frame, top, top - 8).slice() });
  return left;
}

/** RETURN and REVERT. */
export function finish(frame: Frame, gas: number, top: number, halt: Halt): number {
  const left = touch(frame, gas, top, top - 8);
  if (left < 0) return left;
  frame.output = memoryRange(frame, top, top - 8).slice();
  frame.halt = halt;
  return left;
}

/** SELFDESTRUCT. */
export function selfDestruct(frame: Frame, host: Host, gas: number, top: number): number {
  if (frame.message.isStatic) return stop(frame, Halt.StaticViolation);
  const beneficiary = words.toAddress(frame.stack, top);
  let left = gas;
  if (host.balance(frame.recipient) !== 0n && !host.accountExists(beneficiary)) {
    left = charge(frame, gas, frame.rules.selfDestructNewAccountGas);
    if (left < 0) return left;
  }
  host.selfDestruct(frame.recipient, beneficiary);
  frame.destroyed ??= new Set();
  frame.destroyed.add(frame.recipient);
  frame.halt = Halt.Success;
  return left;
}

/** BLOCKHASH. */
export function blockHash(frame: Frame, host: Host, top: number): void {
  const current = Number(host.environment.number);
  const asked = words.toNumber(frame.stack, top);
  const hash = asked < current && asked >= current - 256 ? host.blockHash(asked) : undefined;
  if (hash === undefined) words.setLimb(frame.stack, top, 0);
  else words.setBytes(frame.stack, top, hash, 0);
}

/** EXTCODEHASH. */
export function codeHash(frame: Frame, host: Host, top: number): void {
  const hash = host.codeHash(words.toAddress(frame.stack, top));
  if (hash === undefined) words.setLimb(frame.stack, top, 0);
  else words.setBytes(frame.stack, top, hash, 0);
}
