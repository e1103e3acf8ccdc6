/** Random bytecode that goes far: arguments are pushed before each instruction, jumps have destinations, loops end. */
import type { Random } from "@tsbcos/core/primitives";
import { hexToBytes } from "@tsbcos/core/primitives";
import { pick } from "./target.js";

/** What an argument of an instruction shall look like for the instruction to do something. */
type Kind =
  "word" | "offset" | "length" | "source" | "start" | "returned" | "slot" | "address" | "gas" | "value" | "number";

interface Instruction {
  readonly opcode: number;
  /** Top of the stack first. */
  readonly takes: readonly Kind[];
  readonly puts: 0 | 1;
}

const MEMORY: readonly Kind[] = ["offset", "length"];
const COPY: readonly Kind[] = ["offset", "source", "length"];
const CALL_MEMORY: readonly Kind[] = [...MEMORY, ...MEMORY];

function group(takes: readonly Kind[], puts: 0 | 1, ...opcodes: readonly number[]): Instruction[] {
  return opcodes.map((opcode) => ({ opcode, takes, puts }));
}

/** Instructions by what they do, with their share of a program. */
const GROUPS: readonly (readonly [weight: number, instructions: readonly Instruction[]])[] = [
  [30, group(["word", "word"], 1, 1, 2, 3, 4, 5, 6, 7, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18)],
  [8, group(["number", "word"], 1, 0x0b, 0x1a, 0x1b, 0x1c, 0x1d)],
  [5, group(["word", "word", "word"], 1, 8, 9)],
  [2, group(["word", "number"], 1, 0x0a)],
  [5, group(["word"], 1, 0x15, 0x19)],
  [3, group(MEMORY, 1, 0x20)],
  [6, group([], 1, 0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x58)],
  [3, group([], 1, 0x59, 0x5a)],
  [3, group(["source"], 1, 0x35)],
  [3, group(["address"], 1, 0x31, 0x3b, 0x3f)],
  [1, group(["number"], 1, 0x40)],
  [4, group(COPY, 0, 0x37, 0x39)],
  [1, group(["offset", "start", "returned"], 0, 0x3e)],
  [1, group(["address", ...COPY], 0, 0x3c)],
  [5, group(["offset"], 1, 0x51)],
  [7, group(["offset", "word"], 0, 0x52, 0x53)],
  [4, group(["slot"], 1, 0x54)],
  [6, group(["slot", "word"], 0, 0x55)],
  [1, group(MEMORY, 0, 0xa0)],
  [1, group([...MEMORY, "word"], 0, 0xa1)],
  [1, group([...MEMORY, "word", "word", "word", "word"], 0, 0xa4)],
  [4, group(["gas", "address", "value", ...CALL_MEMORY], 1, 0xf1, 0xf2)],
  [4, group(["gas", "address", ...CALL_MEMORY], 1, 0xf4, 0xfa)],
  [1, group(["value", ...MEMORY], 1, 0xf0)],
  [1, group(["value", ...MEMORY, "number"], 1, 0xf5)],
];
const WEIGHTS_TOTAL = GROUPS.reduce((sum, [weight]) => sum + weight, 0);

/** Instructions that end a program, the usual ones more than once. */
const ENDS = [
  ...group(MEMORY, 0, 0xf3, 0xf3, 0xf3, 0xfd),
  ...group([], 0, 0, 0, 0, 0xfe),
  ...group(["address"], 0, 0xff),
];

const EDGE_WORDS = ["00", "01", "02", "1f", "20", "ff", "0100", "ffff", "ffffffff", "0100000000", "ffffffffffffffff"]
  .concat(["80".padEnd(64, "0"), "7f".padEnd(64, "f"), "f".repeat(64), "f".repeat(63) + "e", "01".padEnd(34, "0")])
  .map(hexToBytes);

const POP = 0x50;
const JUMP = 0x56;
const JUMPI = 0x57;
const JUMPDEST = 0x5b;
const PUSH1 = 0x60;
const DUP1 = 0x80;
const SWAP1 = 0x90;
const SUB = 0x03;
const GAS = 0x5a;
const RETURN_DATA_SIZE = 0x3d;
const STACK_COMFORTABLE = 40;

/** Writes one program. */
class Writer {
  readonly code: number[] = [];
  readonly #random: Random;
  readonly #addresses: readonly string[];
  /** Words on the stack when everything went as written. */
  #height = 0;
  /** Words below this block: counters of loops are among them and stay where they are. */
  #floor = 0;

  constructor(random: Random, addresses: readonly string[]) {
    this.#random = random;
    this.#addresses = addresses;
  }

  /** About `length` steps, which leave the stack as high as it was. `nesting` bounds loops within loops. */
  block(length: number, nesting: number): void {
    const outer = this.#floor;
    this.#floor = this.#height;
    for (let i = 0; i < length; i++) this.#step(nesting);
    while (this.#height > this.#floor) this.#drop();
    this.#floor = outer;
  }

  end(): void {
    this.#instruction(pick(this.#random, ENDS));
  }

  #step(nesting: number): void {
    const random = this.#random;
    const own = this.#height - this.#floor;
    if (own > STACK_COMFORTABLE) return this.#drop();
    const choice = random.below(100);
    if (choice < 2 && nesting > 0) return this.#loop(nesting);
    if (choice < 7 && nesting > 0) return this.#skip(nesting);
    if (choice < 12) return this.#push(this.#word());
    if (choice < 18 && own > 1) return this.#swap(own);
    if (choice < 22 && own > 0) return this.#drop();
    if (choice < 23) return this.#jumpAnywhere();
    let weight = random.below(WEIGHTS_TOTAL);
    for (const [share, instructions] of GROUPS) {
      weight -= share;
      if (weight < 0) return this.#instruction(pick(random, instructions));
    }
  }

  #instruction({ opcode, takes, puts }: Instruction): void {
    for (const kind of [...takes].reverse()) this.#argument(kind);
    this.code.push(opcode);
    this.#height += puts - takes.length;
  }

  #argument(kind: Kind): void {
    const random = this.#random;
    // Whatever is there serves as well, now and then.
    if (this.#height > 0 && random.chance(kind === "word" ? 0.6 : 0.003)) {
      this.code.push(DUP1 + random.below(Math.min(this.#height, 16)));
      this.#height++;
      return;
    }
    if ((kind === "gas" && random.chance(0.7)) || (kind === "returned" && random.chance(0.8))) {
      this.code.push(kind === "gas" ? GAS : RETURN_DATA_SIZE);
      this.#height++;
      return;
    }
    this.#push(this.#constant(kind));
  }

  #constant(kind: Kind): Uint8Array {
    const random = this.#random;
    switch (kind) {
      case "word":
        return this.#word();
      case "offset":
      case "source":
        return random.chance(0.003) ? this.#word() : Uint8Array.of(random.below(3), random.below(256));
      case "length":
        return random.chance(0.003) ? this.#word() : Uint8Array.of(random.below(random.chance(0.1) ? 256 : 70));
      case "start":
        return Uint8Array.of(random.chance(0.95) ? 0 : random.below(10));
      case "returned":
        return Uint8Array.of(random.below(random.chance(0.9) ? 1 : 10));
      case "slot":
        return Uint8Array.of(random.below(4));
      case "number":
        return random.chance(0.1) ? this.#word() : Uint8Array.of(random.below(random.chance(0.5) ? 40 : 256));
      case "address":
        return hexToBytes(pick(random, this.#addresses));
      case "gas":
        return Uint8Array.of(random.below(4), random.below(256), random.below(256));
      case "value":
        return Uint8Array.of(random.chance(0.7) ? 0 : random.below(256));
    }
  }

  #word(): Uint8Array {
    const random = this.#random;
    return random.chance(0.6) ? pick(random, EDGE_WORDS) : random.bytes(1 + random.below(32));
  }

  #push(bytes: Uint8Array): void {
    this.code.push(PUSH1 + bytes.length - 1, ...bytes);
    this.#height++;
  }

  #swap(own: number): void {
    this.code.push(SWAP1 + this.#random.below(Math.min(own - 1, 16)));
  }

  #drop(): void {
    this.code.push(POP);
    this.#height--;
  }

  /** Counts down from a small number. */
  #loop(nesting: number): void {
    this.#push(Uint8Array.of(2 + this.#random.below(16)));
    const start = this.code.length;
    this.code.push(JUMPDEST);
    this.block(3 + this.#random.below(20), nesting - 1);
    this.code.push(PUSH1, 1, SWAP1, SUB, DUP1);
    this.#jump(start, JUMPI);
    this.#drop();
  }

  /** Goes around a block, or through it. */
  #skip(nesting: number): void {
    this.#argument("word");
    const at = this.code.length;
    this.#jump(0, JUMPI);
    this.#height--;
    this.block(1 + this.#random.below(10), nesting - 1);
    const target = this.code.length;
    this.code.push(JUMPDEST);
    this.code[at + 1] = target >> 8;
    this.code[at + 2] = target & 255;
  }

  #jumpAnywhere(): void {
    if (this.#random.chance(0.95)) return;
    this.#jump(this.#random.below(this.code.length + 20), JUMP);
  }

  #jump(target: number, opcode: number): void {
    this.code.push(PUSH1 + 1, target >> 8, target & 255, opcode);
  }
}

function mutate(code: number[], random: Random): void {
  for (let i = 1 + random.below(3); i > 0; i--) {
    const at = random.below(code.length + 1);
    switch (random.below(3)) {
      case 0:
        code[Math.min(at, code.length - 1)] = random.below(256);
        break;
      case 1:
        code.splice(at, 0, random.below(256));
        break;
      default:
        code.splice(at, 1 + random.below(4));
    }
  }
}

/**
 * A program.
 *
 * @param addresses hexadecimal text of addresses that calls shall go to
 */
export function randomProgram(random: Random, addresses: readonly string[]): Uint8Array {
  if (random.chance(0.05)) return random.bytes(random.below(200));
  const writer = new Writer(random, addresses);
  writer.block(5 + random.below(60), 2);
  writer.end();
  if (random.chance(0.2)) mutate(writer.code, random);
  return Uint8Array.from(writer.code);
}
