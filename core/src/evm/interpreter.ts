/**
 * The instruction loop.
 *
 * It runs one frame until it halts or sends a message. Gas, stack height and position live in local variables while
 * it runs; the frame holds them in between.
 *
 * @see docs/protocol/evm.md
 */
import * as arithmetic from "./arithmetic.js";
import * as calls from "./calls.js";
import { Prepared } from "./code.js";
import type { Frame } from "./frame.js";
import type { Host } from "./host.js";
import { Halt } from "./message.js";
import { Opcode, STACK_TAKES } from "./opcodes.js";
import * as operations from "./operations.js";
import * as words from "./words.js";

/** Operations on two words that leave one and cannot fail. */
function binary(operation: number, s: Uint32Array, at: number): void {
  switch (operation) {
    case Opcode.Mul:
      return arithmetic.multiply(s, at);
    case Opcode.Div:
      return arithmetic.divide(s, at);
    case Opcode.Sdiv:
      return arithmetic.divideSigned(s, at);
    case Opcode.Mod:
      return arithmetic.modulo(s, at);
    case Opcode.Smod:
      return arithmetic.moduloSigned(s, at);
    case Opcode.SignExtend:
      return words.signExtend(s, at);
    case Opcode.Slt:
      return words.signedLessThan(s, at);
    case Opcode.Sgt:
      return words.signedGreaterThan(s, at);
    case Opcode.Or:
      return words.or(s, at);
    case Opcode.Xor:
      return words.xor(s, at);
    case Opcode.Byte:
      return words.byte(s, at);
    case Opcode.Shl:
      return words.shiftLeft(s, at);
    case Opcode.Shr:
      return words.shiftRight(s, at);
    default:
      return words.shiftRightSigned(s, at);
  }
}

/** Instructions that push one word about the message, the transaction or the block. */
function pushFact(operation: number, frame: Frame, host: Host, at: number): void {
  const s = frame.stack;
  switch (operation) {
    case Opcode.Address:
      return words.setAddress(s, at, frame.recipient);
    case Opcode.Origin:
      return words.setAddress(s, at, host.environment.origin);
    case Opcode.Caller:
      return words.setAddress(s, at, frame.message.sender);
    case Opcode.CallValue:
      return s.set(frame.message.value, at);
    case Opcode.CallDataSize:
      return words.setNumber(s, at, frame.callData.length);
    case Opcode.CodeSize:
      return words.setNumber(s, at, frame.code.bytes.length);
    case Opcode.GasPrice:
      return words.setBigInt(s, at, host.environment.gasPrice);
    case Opcode.ReturnDataSize:
      return words.setNumber(s, at, frame.returnData.length);
    case Opcode.Coinbase:
      return words.setAddress(s, at, host.environment.coinbase);
    case Opcode.Timestamp:
      return words.setBigInt(s, at, host.environment.timestamp);
    case Opcode.Number:
      return words.setBigInt(s, at, host.environment.number);
    case Opcode.Difficulty:
      return words.setBigInt(s, at, host.environment.difficulty);
    case Opcode.GasLimit:
      return words.setBigInt(s, at, host.environment.gasLimit);
    case Opcode.ChainId:
      return words.setBigInt(s, at, host.environment.chainId);
    case Opcode.SelfBalance:
      return words.setBigInt(s, at, host.balance(frame.recipient));
    default:
      return words.setNumber(s, at, frame.memoryBytes);
  }
}

/** Instructions that replace the top word by something looked up with it, at no dynamic cost. */
function lookUp(operation: number, frame: Frame, host: Host, top: number): void {
  const s = frame.stack;
  switch (operation) {
    case Opcode.Balance:
      return words.setBigInt(s, top, host.balance(words.toAddress(s, top)));
    case Opcode.CallDataLoad:
      return operations.loadCallData(frame, top);
    case Opcode.ExtCodeSize:
      return words.setNumber(s, top, host.codeSize(words.toAddress(s, top)));
    case Opcode.ExtCodeHash:
      return operations.codeHash(frame, host, top);
    case Opcode.BlockHash:
      return operations.blockHash(frame, host, top);
    default:
      return frame.storage.load(s, top);
  }
}

/** Instructions with dynamic costs that leave nothing on the stack: they return the gas left, see `operations.ts`. */
function consume(operation: number, frame: Frame, gas: number, top: number, host: Host): number {
  switch (operation) {
    case Opcode.CallDataCopy:
      return operations.copyToMemory(frame, gas, top, () => frame.callData);
    case Opcode.CodeCopy:
      return operations.copyToMemory(frame, gas, top, () => frame.code.bytes);
    case Opcode.ExtCodeCopy:
      return operations.copyToMemory(frame, gas, top - 8, () => host.code(words.toAddress(frame.stack, top)));
    default:
      return operations.copyReturnData(frame, gas, top);
  }
}

/**
 * Runs `frame` until `frame.halt` is set or a message waits in `frame.request`; in the latter case go on with
 * {@link calls.resume} and another run.
 */
// eslint-disable-next-line max-lines-per-function -- one switch over all instructions: taking it apart would cost a call for each
export function run(frame: Frame, host: Host): void {
  const { operations: code, operands, constants, blockGas, blockNeeds, blockFits, laterGas, jumpTargets } = frame.code;
  const s = frame.stack;
  let at = frame.next;
  let height = frame.height;
  let gas = frame.gas;
  let halt: Halt = frame.halt;
  while (halt === Halt.None) {
    const operation = code[at] as number;
    const operand = operands[at] as number;
    at++;
    switch (operation) {
      case Prepared.Block:
        gas -= blockGas[operand] as number;
        if (gas < 0) gas = frame.refill(gas);
        if (gas < 0) halt = Halt.OutOfGas;
        else if (height < (blockNeeds[operand] as number)) halt = Halt.StackUnderflow;
        else if (height > (blockFits[operand] as number)) halt = Halt.StackOverflow;
        break;
      case Prepared.PushSmall:
        words.setLimb(s, height, operand);
        height += 8;
        break;
      case Prepared.PushPooled:
        for (let i = 0; i < 8; i++) s[height + i] = constants[operand + i] as number;
        height += 8;
        break;
      case Prepared.JumpTo:
        at = operand;
        break;
      case Prepared.JumpIfTo:
        height -= 8;
        at = words.isZero(s, height) ? at + 1 : operand;
        break;
      case Opcode.Dup1:
        words.copyWord(s, height, height - operand);
        height += 8;
        break;
      case Opcode.Swap1:
        words.swapWords(s, height - 8, height - operand);
        break;
      case Opcode.Pop:
        height -= 8;
        break;
      case Opcode.Add:
        height -= 8;
        words.add(s, height - 8);
        break;
      case Opcode.Sub:
        height -= 8;
        words.subtract(s, height - 8);
        break;
      case Opcode.And:
        height -= 8;
        words.and(s, height - 8);
        break;
      case Opcode.Lt:
        height -= 8;
        words.lessThan(s, height - 8);
        break;
      case Opcode.Gt:
        height -= 8;
        words.greaterThan(s, height - 8);
        break;
      case Opcode.Eq:
        height -= 8;
        words.equal(s, height - 8);
        break;
      case Opcode.IsZero:
        words.setLimb(s, height - 8, words.isZero(s, height - 8) ? 1 : 0);
        break;
      case Opcode.Not:
        words.not(s, height - 8);
        break;
      case Opcode.Mul:
      case Opcode.Div:
      case Opcode.Sdiv:
      case Opcode.Mod:
      case Opcode.Smod:
      case Opcode.SignExtend:
      case Opcode.Slt:
      case Opcode.Sgt:
      case Opcode.Or:
      case Opcode.Xor:
      case Opcode.Byte:
      case Opcode.Shl:
      case Opcode.Shr:
      case Opcode.Sar:
        height -= 8;
        binary(operation, s, height - 8);
        break;
      case Opcode.Addmod:
        height -= 16;
        arithmetic.addModulo(s, height - 8);
        break;
      case Opcode.Mulmod:
        height -= 16;
        arithmetic.multiplyModulo(s, height - 8);
        break;
      case Opcode.Exp:
        gas = operations.power(frame, gas, height - 8);
        if (gas < 0) halt = frame.halt;
        height -= 8;
        break;
      case Opcode.Mload:
        gas = operations.loadMemory(frame, gas, height - 8);
        if (gas < 0) halt = frame.halt;
        break;
      case Opcode.Mstore:
        gas = operations.storeMemory(frame, gas, height - 8);
        if (gas < 0) halt = frame.halt;
        height -= 16;
        break;
      case Opcode.Mstore8:
        gas = operations.storeMemoryByte(frame, gas, height - 8);
        if (gas < 0) halt = frame.halt;
        height -= 16;
        break;
      case Opcode.Jump:
      case Opcode.JumpI: {
        height -= 8;
        if (operation === Opcode.JumpI) {
          height -= 8;
          if (words.isZero(s, height)) break;
        }
        const target = operation === Opcode.Jump ? height : height + 8;
        const next = words.fitsLimb(s, target) ? (jumpTargets[s[target] as number] ?? -1) : -1;
        if (next < 0) halt = Halt.BadJump;
        else at = next;
        break;
      }
      case Opcode.Address:
      case Opcode.Origin:
      case Opcode.Caller:
      case Opcode.CallValue:
      case Opcode.CallDataSize:
      case Opcode.CodeSize:
      case Opcode.GasPrice:
      case Opcode.ReturnDataSize:
      case Opcode.Coinbase:
      case Opcode.Timestamp:
      case Opcode.Number:
      case Opcode.Difficulty:
      case Opcode.GasLimit:
      case Opcode.ChainId:
      case Opcode.SelfBalance:
      case Opcode.Msize:
        pushFact(operation, frame, host, height);
        height += 8;
        break;
      case Opcode.Gas:
        words.setBigInt(s, height, frame.reserve + BigInt(gas + (laterGas[operand] as number)));
        height += 8;
        break;
      case Opcode.Balance:
      case Opcode.CallDataLoad:
      case Opcode.ExtCodeSize:
      case Opcode.ExtCodeHash:
      case Opcode.BlockHash:
      case Opcode.Sload:
        lookUp(operation, frame, host, height - 8);
        break;
      case Opcode.Sstore:
        gas = operations.storeWord(frame, gas, height - 8, laterGas[operand] as number);
        if (gas < 0) halt = frame.halt;
        height -= 16;
        break;
      case Opcode.Sha3:
        gas = operations.hashMemory(frame, host, gas, height - 8);
        if (gas < 0) halt = frame.halt;
        height -= 8;
        break;
      case Opcode.CallDataCopy:
      case Opcode.CodeCopy:
      case Opcode.ReturnDataCopy:
      case Opcode.ExtCodeCopy:
        gas = consume(operation, frame, gas, height - 8, host);
        if (gas < 0) halt = frame.halt;
        height -= operation === Opcode.ExtCodeCopy ? 32 : 24;
        break;
      case Opcode.Log0:
        gas = operations.log(frame, gas, height - 8, operand);
        if (gas < 0) halt = frame.halt;
        height -= 16 + 8 * operand;
        break;
      case Opcode.Call:
      case Opcode.CallCode:
      case Opcode.DelegateCall:
      case Opcode.StaticCall:
      case Opcode.Create:
      case Opcode.Create2: {
        const later = laterGas[operand] as number;
        const isCreation = operation === Opcode.Create || operation === Opcode.Create2;
        const send = isCreation ? calls.create : calls.call;
        gas = send(frame, host, gas, height - 8, operation, later);
        halt = frame.halt;
        height -= 8 * ((STACK_TAKES[operation] as number) - 1);
        if (frame.request === undefined) break;
        frame.next = at;
        frame.height = height;
        return;
      }
      case Opcode.Return:
      case Opcode.Revert: {
        gas = operations.finish(frame, gas, height - 8, operation === Opcode.Return ? Halt.Success : Halt.Revert);
        halt = frame.halt;
        break;
      }
      case Opcode.SelfDestruct:
        gas = operations.selfDestruct(frame, host, gas, height - 8);
        halt = frame.halt;
        break;
      case Opcode.Stop:
        halt = Halt.Success;
        break;
      default:
        halt = Halt.BadInstruction;
    }
  }
  frame.halt = halt;
  frame.gas = gas;
}
