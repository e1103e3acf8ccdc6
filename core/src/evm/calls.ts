/**
 * Instructions that send a message. They do not run it: they leave it in `frame.request`, and the frame waits until
 * {@link resume} tells it the outcome. So calls within calls cost no JavaScript stack.
 *
 * Results and conventions are those of `operations.ts`; what stays of the stack is one word, where the outcome goes.
 */
import { CALL_DEPTH_MAX, EMPTY_BYTES, ZERO_ADDRESS } from "../primitives/index.js";
import type { Frame } from "./frame.js";
import type { Host } from "./host.js";
import { Halt } from "./message.js";
import type { Message, MessageKind, Outcome } from "./message.js";
import { Opcode } from "./opcodes.js";
import { charge, memoryRange, stop, touch } from "./operations.js";
import * as words from "./words.js";

const NO_VALUE = new Uint32Array(8);

const KINDS: Readonly<Record<number, MessageKind>> = {
  [Opcode.Call]: "call",
  [Opcode.CallCode]: "call-code",
  [Opcode.DelegateCall]: "delegate-call",
  [Opcode.StaticCall]: "call",
  [Opcode.Create]: "create",
  [Opcode.Create2]: "create2",
};

/** All gas left but a 64th of it, where `gas` and `later` are what is charged and what is not used yet. */
function gasToPassOn(frame: Frame, gas: number, later: number): bigint {
  const left = frame.reserve + BigInt(gas + later);
  return left - left / 64n;
}

function valueOf(frame: Frame, at: number): Uint32Array {
  return words.isZero(frame.stack, at) ? NO_VALUE : frame.stack.slice(at, at + 8);
}

/** True when the running contract owns less than the value at `at`. */
function cannotPay(frame: Frame, host: Host, at: number): boolean {
  return host.balance(frame.recipient) < words.toBigInt(frame.stack, at);
}

/**
 * CALL, CALLCODE, DELEGATECALL and STATICCALL.
 *
 * @param later static gas of the instructions after this one in its block
 */
export function call(frame: Frame, host: Host, gas: number, top: number, opcode: number, later: number): number {
  const carriesValue = opcode === Opcode.Call || opcode === Opcode.CallCode;
  const input = top - (carriesValue ? 24 : 16);
  const result = input - 24;
  let left = touch(frame, gas, input, input - 8);
  if (left < 0) return left;
  left = touch(frame, left, input - 16, result);
  if (left < 0) return left;
  const withValue = carriesValue && !words.isZero(frame.stack, top - 16);
  let cost = 0;
  if (withValue) {
    if (opcode === Opcode.Call && frame.message.isStatic) return stop(frame, Halt.StaticViolation);
    cost = valueCost(frame, host, top, opcode);
    if (left + later < cost && frame.reserve === 0n) return stop(frame, Halt.OutOfGas);
  }
  return send(frame, host, { gas: left - cost, top, opcode, later, input, result, withValue });
}

function valueCost(frame: Frame, host: Host, top: number, opcode: number): number {
  const { rules } = frame;
  const isNew =
    opcode === Opcode.Call && rules.callNewAccountGas > 0 && !host.accountExists(words.toAddress(frame.stack, top - 8));
  return rules.callValueGas + (isNew ? rules.callNewAccountGas : 0);
}

interface Sending {
  /** Gas after the surcharge; may be below zero as long as `gas + later` is not. */
  readonly gas: number;
  readonly top: number;
  readonly opcode: number;
  readonly later: number;
  readonly input: number;
  readonly result: number;
  readonly withValue: boolean;
}

function send(frame: Frame, host: Host, sending: Sending): number {
  const { top, opcode, later, input, result, withValue } = sending;
  const s = frame.stack;
  const { message } = frame;
  const asked = words.toBigInt(s, top);
  const limit = gasToPassOn(frame, sending.gas, later);
  const passed = asked < limit ? asked : limit;
  if (opcode === Opcode.Call || opcode === Opcode.CallCode) frame.returnData = EMPTY_BYTES;
  const stipend = withValue ? frame.rules.callStipend : 0;
  if (message.depth >= CALL_DEPTH_MAX || (withValue && cannotPay(frame, host, top - 16))) {
    words.setLimb(s, result, 0);
    return charge(frame, sending.gas + stipend, 0);
  }
  const target = words.toAddress(s, top - 8);
  const isDelegate = opcode === Opcode.DelegateCall;
  frame.request = {
    kind: KINDS[opcode] as MessageKind,
    depth: message.depth + 1,
    isStatic: message.isStatic || opcode === Opcode.StaticCall,
    gas: passed + BigInt(stipend),
    sender: isDelegate ? message.sender : frame.recipient,
    recipient: isDelegate || opcode === Opcode.CallCode ? frame.recipient : target,
    codeAddress: target,
    input: memoryRange(frame, input, input - 8).slice(),
    value: isDelegate ? message.value : withValue ? valueOf(frame, top - 16) : NO_VALUE,
  };
  frame.returnSize = s[result] as number;
  frame.returnOffset = s[input - 16] as number;
  // The stipend is the callee's, not ours: what it leaves of its gas comes back whole.
  frame.exchangeGas(0n - passed, sending.gas);
  return frame.gas;
}

/** CREATE and CREATE2. */
export function create(frame: Frame, host: Host, gas: number, top: number, opcode: number, later: number): number {
  if (frame.message.isStatic) return stop(frame, Halt.StaticViolation);
  const s = frame.stack;
  let left = touch(frame, gas, top - 8, top - 16);
  if (left < 0) return left;
  const isSalted = opcode === Opcode.Create2;
  if (isSalted) {
    left = charge(frame, left, 6 * Math.ceil((s[top - 16] as number) / 32));
    if (left < 0) return left;
  }
  frame.returnData = EMPTY_BYTES;
  const result = top - (isSalted ? 24 : 16);
  const { message } = frame;
  if (message.depth >= CALL_DEPTH_MAX || (!words.isZero(s, top) && cannotPay(frame, host, top))) {
    words.setLimb(s, result, 0);
    return left;
  }
  const passed = gasToPassOn(frame, left, later);
  const request: Message = {
    kind: KINDS[opcode] as MessageKind,
    depth: message.depth + 1,
    isStatic: false,
    gas: passed,
    sender: frame.recipient,
    recipient: ZERO_ADDRESS,
    codeAddress: ZERO_ADDRESS,
    input: memoryRange(frame, top - 8, top - 16).slice(),
    value: valueOf(frame, top),
  };
  frame.request = isSalted ? { ...request, salt: words.toBytes(s, result) } : request;
  frame.returnSize = 0;
  frame.exchangeGas(0n - passed, left);
  return frame.gas;
}

/** Tells a waiting frame how its message ended; the outcome word is the uppermost of its stack already. */
export function resume(frame: Frame, outcome: Outcome): void {
  const { stack } = frame;
  const at = frame.height - 8;
  const isCreation = frame.request?.salt !== undefined || frame.request?.kind === "create";
  frame.request = undefined;
  frame.returnData = outcome.output;
  if (!outcome.success) words.setLimb(stack, at, 0);
  else if (isCreation) words.setAddress(stack, at, outcome.created ?? ZERO_ADDRESS);
  else words.setLimb(stack, at, 1);
  const size = Math.min(frame.returnSize, outcome.output.length);
  if (size > 0) frame.memory.set(outcome.output.subarray(0, size), frame.returnOffset);
  frame.exchangeGas(outcome.gas, frame.gas);
  if (frame.gas < 0) stop(frame, Halt.OutOfGas);
}
