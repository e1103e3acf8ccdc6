/** Bytecode for tests, written as words: mnemonics, numbers to push, `name:` for a jump target and `@name` to push it. */
import { Opcode } from "../opcodes.js";

const MNEMONICS = new Map<string, number>(Object.entries(Opcode).map(([name, code]) => [name.toLowerCase(), code]));
for (let i = 1; i <= 16; i++) {
  MNEMONICS.set(`dup${i}`, Opcode.Dup1 + i - 1);
  MNEMONICS.set(`swap${i}`, Opcode.Swap1 + i - 1);
}
for (let i = 0; i <= 4; i++) MNEMONICS.set(`log${i}`, Opcode.Log0 + i);

function pushOf(value: bigint): number[] {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  const bytes = (hex.match(/../g) ?? []).map((pair) => parseInt(pair, 16));
  return [Opcode.Push1 + bytes.length - 1, ...bytes];
}

/** The bytes of a program. A number stands for the shortest push of it, `#xx` for a raw byte. */
export function assemble(source: string): Uint8Array {
  const words = source.split(/\s+/).filter((word) => word !== "");
  const code: number[] = [];
  const targets = new Map<string, number>();
  const uses: { at: number; name: string }[] = [];
  for (const word of words) {
    if (word.endsWith(":")) {
      targets.set(word.slice(0, -1), code.length);
      code.push(Opcode.JumpDest);
    } else if (word.startsWith("@")) {
      uses.push({ at: code.length + 1, name: word.slice(1) });
      code.push(Opcode.Push1 + 1, 0, 0);
    } else if (word.startsWith("#")) {
      code.push(parseInt(word.slice(1), 16));
    } else if (/^[0-9]/.test(word)) {
      code.push(...pushOf(BigInt(word)));
    } else {
      const opcode = MNEMONICS.get(word.toLowerCase());
      if (opcode === undefined) throw new Error(`no such instruction: ${word}`);
      code.push(opcode);
    }
  }
  for (const { at, name } of uses) {
    const target = targets.get(name);
    if (target === undefined) throw new Error(`no such target: ${name}`);
    code[at] = target >> 8;
    code[at + 1] = target & 255;
  }
  return Uint8Array.from(code);
}
