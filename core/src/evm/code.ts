/**
 * Code made ready to run: cut into basic blocks whose gas and stack needs are summed up once, with constants decoded
 * and jumps resolved.
 *
 * A block starts at the start of the code, at each JUMPDEST, and after JUMP, JUMPI, STOP, RETURN, REVERT and
 * SELFDESTRUCT. What a block needs is checked when it is entered, before any of its instructions runs.
 *
 * @see docs/protocol/evm.md
 */
import { Opcode, STACK_PUTS, STACK_TAKES } from "./opcodes.js";
import type { EvmRules } from "./rules.js";

/** Deepest stack, in words. */
export const STACK_WORDS_MAX = 1024;

/** Instructions of prepared code that are not bytes of the original, numbered where PUSH1 and its like were. */
export const Prepared = {
  /** Entry of a block; the argument is its number. Takes the place of JUMPDEST. */
  Block: 0x5b,
  /** Push of a constant below 2^32; the argument is the constant. */
  PushSmall: 0x60,
  /** Push of another constant; the argument is its offset in the pool. */
  PushPooled: 0x61,
  /** Push of a constant and jump to it; the argument is the instruction to go on with. */
  JumpTo: 0x62,
  /** The same with JUMPI. */
  JumpIfTo: 0x63,
} as const;

/** Code ready to be run under one rule set. Instruction numbers index `operations` and `operands`. */
export interface PreparedCode {
  /** The code itself. */
  readonly bytes: Uint8Array;
  readonly operations: Uint8Array;
  readonly operands: Int32Array;
  /** Constants of {@link Prepared.PushPooled}, eight limbs each. */
  readonly constants: Uint32Array;
  /** By block: the static gas of all its instructions. */
  readonly blockGas: Float64Array;
  /** By block: limbs that must be on the stack. */
  readonly blockNeeds: Int32Array;
  /** By block: limbs that may at most be on the stack, so that the block does not overflow it. */
  readonly blockFits: Int32Array;
  /** Static gas of the instructions after this one in its block, for those that look at the gas left. */
  readonly laterGas: Float64Array;
  /** By byte offset: the instruction of a JUMPDEST, −1 where none may be jumped to. */
  readonly jumpTargets: Int32Array;
}

function looksAtGas(opcode: number): boolean {
  switch (opcode) {
    case Opcode.Gas:
    case Opcode.Sstore:
    case Opcode.Call:
    case Opcode.CallCode:
    case Opcode.DelegateCall:
    case Opcode.StaticCall:
    case Opcode.Create:
    case Opcode.Create2:
      return true;
    default:
      return false;
  }
}

function endsBlock(opcode: number): boolean {
  switch (opcode) {
    case Opcode.Jump:
    case Opcode.JumpI:
    case Opcode.Stop:
    case Opcode.Return:
    case Opcode.Revert:
    case Opcode.SelfDestruct:
      return true;
    default:
      return false;
  }
}

class Preparation {
  readonly #bytes: Uint8Array;
  readonly #rules: EvmRules;
  readonly #operations: Uint8Array;
  readonly #operands: Int32Array;
  readonly #jumpTargets: Int32Array;
  readonly #constants: number[] = [];
  readonly #blockGas: number[] = [];
  readonly #blockNeeds: number[] = [];
  readonly #blockFits: number[] = [];
  readonly #laterGas: number[] = [];
  /** Instruction number of the next instruction. */
  #next = 0;
  #gas = 0;
  #height = 0;
  #need = 0;
  #growth = 0;
  #firstLater = 0;

  constructor(bytes: Uint8Array, rules: EvmRules) {
    this.#bytes = bytes;
    this.#rules = rules;
    // Each byte gives at most one instruction and one block entry after it; one entry and one STOP frame the whole.
    this.#operations = new Uint8Array(2 * bytes.length + 2);
    this.#operands = new Int32Array(2 * bytes.length + 2);
    this.#jumpTargets = new Int32Array(bytes.length).fill(-1);
  }

  run(): PreparedCode {
    this.#openBlock();
    for (let at = 0; at < this.#bytes.length;) at = this.#take(at);
    this.#emit(Opcode.Stop, 0);
    this.#closeBlock();
    this.#resolveJumps();
    return {
      bytes: this.#bytes,
      operations: this.#operations.slice(0, this.#next),
      operands: this.#operands.slice(0, this.#next),
      constants: Uint32Array.from(this.#constants),
      blockGas: Float64Array.from(this.#blockGas),
      blockNeeds: Int32Array.from(this.#blockNeeds),
      blockFits: Int32Array.from(this.#blockFits),
      laterGas: Float64Array.from(this.#laterGas),
      jumpTargets: this.#jumpTargets,
    };
  }

  /** Takes the instruction at byte offset `at`; returns the offset of the next one. */
  #take(at: number): number {
    const opcode = this.#bytes[at] as number;
    const gas = this.#rules.staticGas[opcode] as number;
    if (gas < 0) {
      this.#emit(Opcode.Invalid, 0);
      return at + 1;
    }
    if (opcode === Opcode.JumpDest) {
      // A block that was opened by the instruction before and holds nothing yet is this one's own.
      if (this.#gas !== 0 || this.#operations[this.#next - 1] !== Prepared.Block) {
        this.#closeBlock();
        this.#openBlock();
      }
      this.#jumpTargets[at] = this.#next - 1;
      this.#gas += gas;
      return at + 1;
    }
    const takes = STACK_TAKES[opcode] as number;
    this.#need = Math.max(this.#need, takes - this.#height);
    this.#height += (STACK_PUTS[opcode] as number) - takes;
    this.#growth = Math.max(this.#growth, this.#height);
    this.#gas += gas;
    const next = this.#encode(opcode, at);
    if (endsBlock(opcode)) {
      this.#closeBlock();
      this.#openBlock();
    }
    return next;
  }

  #encode(opcode: number, at: number): number {
    if (opcode >= Opcode.Push1 && opcode <= Opcode.Push32) {
      const end = at + 2 + opcode - Opcode.Push1;
      this.#push(at + 1, end);
      return end;
    }
    if (opcode >= Opcode.Dup1 && opcode <= Opcode.Dup16) this.#emit(Opcode.Dup1, 8 * (opcode - Opcode.Dup1 + 1));
    else if (opcode >= Opcode.Swap1 && opcode <= Opcode.Swap16)
      this.#emit(Opcode.Swap1, 8 * (opcode - Opcode.Swap1 + 2));
    else if (opcode >= Opcode.Log0 && opcode <= Opcode.Log4) this.#emit(Opcode.Log0, opcode - Opcode.Log0);
    else if (opcode === Opcode.Pc) this.#emit(Prepared.PushSmall, at);
    else if (looksAtGas(opcode)) this.#emit(opcode, this.#laterGas.push(this.#gas) - 1);
    else this.#emit(opcode, 0);
    return at + 1;
  }

  /** A constant of the bytes from `at` to `end`, those beyond the code counting as zero. */
  #push(at: number, end: number): void {
    let first = at;
    while (first < end && (this.#bytes[first] ?? 0) === 0) first++;
    let value = 0;
    if (end - first <= 4) {
      for (let i = first; i < end; i++) value = (value << 8) | (this.#bytes[i] ?? 0);
      return this.#emit(Prepared.PushSmall, value);
    }
    const offset = this.#constants.length;
    for (let limb = 0; limb < 8; limb++) {
      const low = end - 4 * limb;
      value = 0;
      for (let i = Math.max(at, low - 4); i < low; i++) value = (value << 8) | (this.#bytes[i] ?? 0);
      this.#constants.push(value);
    }
    this.#emit(Prepared.PushPooled, offset);
  }

  #emit(operation: number, operand: number): void {
    this.#operations[this.#next] = operation;
    this.#operands[this.#next] = operand;
    this.#next++;
  }

  #openBlock(): void {
    this.#emit(Prepared.Block, this.#blockGas.length);
    this.#gas = 0;
    this.#height = 0;
    this.#need = 0;
    this.#growth = 0;
    this.#firstLater = this.#laterGas.length;
  }

  #closeBlock(): void {
    this.#blockGas.push(this.#gas);
    this.#blockNeeds.push(8 * this.#need);
    this.#blockFits.push(8 * (STACK_WORDS_MAX - this.#growth));
    for (let i = this.#firstLater; i < this.#laterGas.length; i++) {
      this.#laterGas[i] = this.#gas - (this.#laterGas[i] as number);
    }
  }

  /** Joins a push and the jump after it where the target is good; a bad one stays two instructions and fails there. */
  #resolveJumps(): void {
    for (let i = 0; i + 1 < this.#next; i++) {
      if (this.#operations[i] !== Prepared.PushSmall) continue;
      const jump = this.#operations[i + 1];
      if (jump !== Opcode.Jump && jump !== Opcode.JumpI) continue;
      const target = this.#jumpTargets[(this.#operands[i] as number) >>> 0] ?? -1;
      if (target < 0) continue;
      this.#operations[i] = jump === Opcode.Jump ? Prepared.JumpTo : Prepared.JumpIfTo;
      this.#operands[i] = target;
    }
  }
}

/** Prepares code to be run under `rules`. The bytes are kept, not copied: nobody may change them afterwards. */
export function prepareCode(bytes: Uint8Array, rules: EvmRules): PreparedCode {
  return new Preparation(bytes, rules).run();
}

/** Bytes of memory that prepared code takes, roughly: what {@link CodeCache} counts. */
function footprint(code: PreparedCode): number {
  return (
    code.bytes.length +
    code.operations.byteLength +
    code.operands.byteLength +
    code.constants.byteLength +
    code.jumpTargets.byteLength +
    16 * code.blockGas.length +
    code.laterGas.byteLength
  );
}

/** Prepared code by the hash of the code: the oldest entries go when the bound is reached. */
export class CodeCache {
  readonly #rules: EvmRules;
  readonly #bytesMax: number;
  readonly #entries = new Map<string, PreparedCode>();
  #bytes = 0;

  /** @param bytesMax memory that the entries may take together */
  constructor(rules: EvmRules, bytesMax: number) {
    this.#rules = rules;
    this.#bytesMax = bytesMax;
  }

  /** Code known by `hash`, prepared on the first request; `load` gives its bytes and is called only then. */
  get(hash: string, load: () => Uint8Array): PreparedCode {
    const known = this.#entries.get(hash);
    if (known !== undefined) return known;
    const code = prepareCode(load(), this.#rules);
    this.#entries.set(hash, code);
    this.#bytes += footprint(code);
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#bytesMax || oldest === hash) break;
      this.#entries.delete(oldest);
      this.#bytes -= footprint(entry);
    }
    return code;
  }
}
