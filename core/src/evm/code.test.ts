import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodeCache, Prepared, prepareCode } from "./code.js";
import { Opcode } from "./opcodes.js";
import { fiscoRules } from "./rules.js";
import { assemble } from "./testdata/assembler.js";
import { RULES } from "./testdata/tiny-host.js";

const prepare = (source: string) => prepareCode(assemble(source), RULES);

describe("cutting code into blocks", () => {
  it("sums up the static gas of a block", () => {
    // Two pushes 3 each, ADD 3, POP 2; then JUMPDEST 1 and STOP 0.
    expect([...prepare("1 2 add pop target: stop").blockGas]).toEqual([11, 1, 0]);
  });

  it("starts a block at JUMPDEST and after jumps and ends, and nowhere else", () => {
    const ends = ["@x jump", "1 @x jumpi", "stop", "0 0 return", "0 0 revert", "0 selfdestruct"];
    for (const end of ends) expect(prepare(`${end} 1 pop x: stop`).blockGas.length, end).toBe(4);
    expect(prepare("invalid 1 pop").blockGas.length).toBe(1);
    expect(prepare("#21 1 pop").blockGas.length).toBe(1);
  });

  it("opens one block for a JUMPDEST at the start and one for each of two in a row", () => {
    expect([...prepare("x: 1 pop").blockGas]).toEqual([6]);
    expect([...prepare("x: y: stop").blockGas]).toEqual([1, 1, 0]);
  });

  it("knows what a block takes from the stack and how far it grows", () => {
    const code = prepare("add add 1 2 3 4 stop");
    expect(code.blockNeeds[0]).toBe(8 * 3);
    // Two words fewer after the additions, then four more: two above the start.
    expect(code.blockFits[0]).toBe(8 * (1024 - 2));
  });

  it("counts an undefined instruction as nothing and decodes what follows it", () => {
    const code = prepare("#0c 1 2 add");
    expect(code.blockGas[0]).toBe(9);
    expect(code.operations[1]).toBe(Opcode.Invalid);
    expect(code.blockNeeds[0]).toBe(0);
  });

  it("has no jump target inside the bytes of a push", () => {
    const code = prepareCode(Uint8Array.of(Opcode.Push1 + 1, Opcode.JumpDest, Opcode.JumpDest, Opcode.JumpDest), RULES);
    expect([...code.jumpTargets].map((target) => target >= 0)).toEqual([false, false, false, true]);
  });

  it("gives instructions that look at the gas left what is charged for those after them", () => {
    const code = prepare("gas pop 1 pop gas stop");
    expect([...code.laterGas]).toEqual([2 + 3 + 2 + 2, 0]);
  });
});

describe("constants", () => {
  it("keep every value of every length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 32 }), (bytes) => {
        const code = prepareCode(Uint8Array.of(Opcode.Push1 + bytes.length - 1, ...bytes), RULES);
        const operand = code.operands[1] as number;
        const value =
          code.operations[1] === Prepared.PushSmall
            ? BigInt(operand >>> 0)
            : [...code.constants.subarray(operand, operand + 8)].reduceRight(
                (sum, limb) => (sum << 32n) | BigInt(limb),
                0n,
              );
        expect(value).toBe(bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n));
      }),
    );
  });

  it("end with zeros where the code ends early", () => {
    const code = prepareCode(Uint8Array.of(Opcode.Push1 + 3, 0x12, 0x34), RULES);
    expect(code.operands[1]).toBe(0x12340000);
  });
});

describe("joined jumps", () => {
  it("jump straight to a good target and leave a bad one to fail when it is reached", () => {
    expect(prepare("@x jump x: stop").operations[1]).toBe(Prepared.JumpTo);
    expect(prepare("0 @x jumpi x: stop").operations[2]).toBe(Prepared.JumpIfTo);
    expect([...prepare("5 jump").operations.subarray(1, 3)]).toEqual([Prepared.PushSmall, Opcode.Jump]);
  });
});

describe("CodeCache", () => {
  it("prepares the same code once", () => {
    const cache = new CodeCache(RULES, 1 << 20);
    let loads = 0;
    const load = () => {
      loads++;
      return assemble("1 2 add");
    };
    expect(cache.get("a", load)).toBe(cache.get("a", load));
    expect(loads).toBe(1);
  });

  it("drops the oldest entries when it is full, and keeps the latest however large", () => {
    const cache = new CodeCache(RULES, 1000);
    let loads = 0;
    const load = () => {
      loads++;
      return new Uint8Array(200);
    };
    for (const name of ["a", "b", "b", "a"]) cache.get(name, load);
    expect(loads).toBe(3);
  });
});

it("prices instructions by rule set", () => {
  const constantinople = fiscoRules({ revision: "constantinople", freeStorage: false, chargesNewAccount: true });
  const free = fiscoRules({ revision: "istanbul", freeStorage: true, chargesNewAccount: false });
  const priced = [RULES, constantinople, free].map(({ staticGas }) =>
    [
      Opcode.Sload,
      Opcode.Create,
      Opcode.Create2,
      Opcode.Balance,
      Opcode.ExtCodeHash,
      Opcode.ChainId,
      Opcode.SelfBalance,
    ].map((opcode) => staticGas[opcode]),
  );
  expect(priced).toEqual([
    [200, 32000, 32000, 700, 700, 2, 5],
    [200, 32000, 32000, 400, 400, -1, -1],
    [1200, 16000, 16000, 700, 700, 2, 5],
  ]);
});
