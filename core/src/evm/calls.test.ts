import { describe, expect, it } from "vitest";
import type { Address } from "../primitives/index.js";
import { bytesToBigInt, bytesToHex } from "../primitives/index.js";
import { Halt } from "./message.js";
import { fiscoRules } from "./rules.js";
import { assemble } from "./testdata/assembler.js";
import { CALLER, CONTRACT, CREATED, TinyHost } from "./testdata/tiny-host.js";

const CALLEE = "ee".repeat(20) as Address;
const CALLEE_WORD = `0x${CALLEE}`;
const RETURN_TOP = "0 mstore 32 0 return";

/** A host where {@link CALLEE} has the given code. */
function hostWith(callee: string): TinyHost {
  const host = new TinyHost();
  host.codes.set(CALLEE, assemble(callee));
  return host;
}

function run(source: string, host: TinyHost, options?: Parameters<TinyHost["call"]>[1]) {
  const { outcome, frame } = host.call(assemble(source), options);
  return { ...outcome, frame, word: bytesToBigInt(outcome.output) };
}

describe("calls", () => {
  it("pass calldata and bring back return data", () => {
    const host = hostWith("0 calldataload 1 add 0 mstore 32 0 return");
    const program = `41 0 mstore 32 64 32 0 0 ${CALLEE_WORD} 100000 call pop 64 mload ${RETURN_TOP}`;
    expect(run(program, host).word).toBe(42n);
    expect(run(`32 0 0 0 0 ${CALLEE_WORD} 100000 call pop returndatasize ${RETURN_TOP}`, host).word).toBe(32n);
  });

  it("copy no more return data than was asked for and than there is", () => {
    const host = hostWith("1 not 0 mstore 4 0 return");
    const asked = (size: number) =>
      run(`5 0 mstore ${size} 0 0 0 0 ${CALLEE_WORD} 100000 call pop 0 mload ${RETURN_TOP}`, host).output;
    expect(bytesToHex(asked(2).subarray(0, 5))).toBe("ffff000000");
    expect(bytesToHex(asked(32).subarray(0, 5))).toBe("ffffffff00");
  });

  it.each([
    ["call", "0 ", CONTRACT, CALLEE, 0n],
    ["callcode", "0 ", CONTRACT, CONTRACT, 0n],
    ["delegatecall", "", CALLER, CONTRACT, 9n],
    ["staticcall", "", CONTRACT, CALLEE, 0n],
  ])("show the callee of %s its caller, itself and the value", (opcode, value, caller, self, callvalue) => {
    const shown = (source: string) => {
      const host = hostWith(`${source} ${RETURN_TOP}`);
      const program = `32 0 0 0 ${value} ${CALLEE_WORD} 100000 ${opcode} pop 0 mload ${RETURN_TOP}`;
      return run(program, host, { value: 9n }).word;
    };
    expect(shown("caller")).toBe(BigInt(`0x${caller}`));
    expect(shown("address")).toBe(BigInt(`0x${self}`));
    expect(shown("callvalue")).toBe(callvalue);
  });

  it("keep the static flag below a static call", () => {
    const host = hostWith("1 1 sstore");
    host.codes.set(CALLER, assemble(`0 0 0 0 0 ${CALLEE_WORD} 100000 call ${RETURN_TOP}`));
    const program = `32 0 0 0 0x${CALLER} 200000 staticcall pop 0 mload ${RETURN_TOP}`;
    expect(run(program, host).word).toBe(0n);
    expect(host.slots.size).toBe(0);
  });

  it("give at most all but a 64th of the gas, and back what is left", () => {
    const host = hostWith(`gas ${RETURN_TOP}`);
    const program = `32 0 0 0 0 ${CALLEE_WORD} gas call pop 0 mload ${RETURN_TOP}`;
    const { word, gas } = run(program, host, { gas: 100_000n });
    // Left at the call: pushes, GAS and CALL are paid, and the memory for the answer.
    const left = 100_000n - 3n * 6n - 2n - 700n - 3n;
    expect(word).toBe(left - left / 64n - 2n);
    expect(gas).toBe(left - 2n - 3n - 3n - 3n - 2n - 6n - (3n + 3n + 3n + 3n + 3n + 3n));
  });

  it("count what is charged already for the rest of the block as left", () => {
    const host = hostWith("");
    // A block whose rest is dear: half of the gas is charged when the call asks for it.
    const { halt } = run(`0 0 0 0 0 ${CALLEE_WORD} 0 call 0 sload 0 sload pop pop`, host, { gas: 1200n });
    expect(halt).toBe(Halt.Success);
  });

  it("lose what a faulty callee was given and keep the rest", () => {
    const host = hostWith("invalid");
    const { gas } = run(`0 0 0 0 0 ${CALLEE_WORD} 50000 call`, host, { gas: 100_000n });
    expect(gas).toBe(100_000n - 21n - 700n - 50_000n);
  });

  it("with a value nobody owns fail softly: surcharge, stipend back, no return data", () => {
    const host = hostWith("");
    const { gas, word } = run(`0 0 0 0 1 ${CALLEE_WORD} 0 call ${RETURN_TOP}`, host, { gas: 100_000n });
    expect(word).toBe(0n);
    expect(gas).toBe(100_000n - 21n - 700n - 9000n + 2300n - 12n - 3n);
  });

  it("with a value to nobody cost more below 2.5.0, and only CALL", () => {
    const host = new TinyHost(fiscoRules({ revision: "constantinople", freeStorage: false, chargesNewAccount: true }));
    const cost = (opcode: string, target: string) =>
      100_000n - run(`0 0 0 0 1 ${target} 0 ${opcode}`, host, { gas: 100_000n }).gas;
    expect(cost("call", "77") - cost("callcode", "77")).toBe(25000n);
    expect(cost("call", "address")).toBe(cost("callcode", "77") - 1n);
  });

  it("are out of gas when the surcharge cannot be paid", () => {
    expect(run(`0 0 0 0 1 ${CALLEE_WORD} 0 call`, hostWith(""), { gas: 9720n }).halt).toBe(Halt.OutOfGas);
  });

  it("go 1024 deep without JavaScript's stack, and no deeper", () => {
    const host = new TinyHost();
    // Each level counts in slot 0 and calls itself with all its gas.
    const program = "0 sload 1 add 0 sstore 0 0 0 0 0 address gas call pop";
    expect(run(program, host, { gas: 2n ** 62n }).halt).toBe(Halt.Success);
    expect(host.slots.get(`${CONTRACT} 0`)).toBe(1025n);
  });

  it("B30: pass on gas that no number can hold exactly", () => {
    const host = hostWith(`gas ${RETURN_TOP}`);
    const program = `32 0 0 0 0 ${CALLEE_WORD} ${2n ** 256n - 1n} call pop 0 mload ${RETURN_TOP}`;
    const gas = 2n ** 63n - 1n;
    const left = gas - 3n * 7n - 700n - 3n;
    expect(run(program, host, { gas }).word).toBe(left - left / 64n - 2n);
  });
});

describe("return data", () => {
  it("read beyond its end is a fault, also of an empty range", () => {
    const host = hostWith("4 0 return");
    const copy = (size: number, from: number | bigint) =>
      run(`0 0 0 0 0 ${CALLEE_WORD} 100000 call pop ${size} ${from} 0 returndatacopy`, host).halt;
    expect(copy(4, 0)).toBe(Halt.Success);
    expect(copy(0, 4)).toBe(Halt.Success);
    expect(copy(5, 0)).toBe(Halt.MemoryAccess);
    expect(copy(0, 5)).toBe(Halt.MemoryAccess);
    expect(copy(1, 2n ** 255n)).toBe(Halt.MemoryAccess);
  });

  it("is that of the latest call", () => {
    const host = hostWith("4 0 return");
    const program = `0 0 0 0 0 ${CALLEE_WORD} 100000 call pop 0 0 0 0 0 77 1000 call pop returndatasize ${RETURN_TOP}`;
    expect(run(program, host).word).toBe(0n);
  });
});

describe("creations", () => {
  // Init code that returns one byte of code: PUSH1 1, PUSH1 0, RETURN.
  const INIT = "0x60016000f3";

  it("leave code at an address and no return data", () => {
    const host = new TinyHost();
    const { word } = run(`${INIT} 0 mstore 5 27 0 create ${RETURN_TOP}`, host);
    expect(word).toBe(BigInt(`0x${CREATED}`));
    expect(host.codes.get(CREATED)).toEqual(Uint8Array.of(0));
    expect(run(`${INIT} 0 mstore 7 5 27 0 create2 pop returndatasize ${RETURN_TOP}`, host).word).toBe(0n);
  });

  it("that revert push zero and bring back their data", () => {
    const host = new TinyHost();
    // PUSH1 1, PUSH1 0, REVERT.
    const { word } = run(`0x60016000fd 0 mstore 5 27 0 create returndatasize 2 mul add ${RETURN_TOP}`, host);
    expect(word).toBe(2n);
  });

  it("charge a salted creation by the words of its init code", () => {
    const host = new TinyHost();
    const gas = (source: string) => run(source, host).gas;
    expect(gas("0 0 0 create") - gas("0 0 0 0 create2")).toBe(3n);
    expect(gas("32 mload pop 0 0 0 0 create2") - gas("32 mload pop 0 33 0 0 create2")).toBe(12n + 0n);
  });

  it("show their code no calldata", () => {
    const host = new TinyHost();
    // CALLDATASIZE, PUSH1 0, MSTORE, PUSH1 32, PUSH1 0, RETURN.
    run("0x3660005260206000f3 0 mstore 10 22 0 create", host);
    expect(bytesToBigInt(host.codes.get(CREATED) ?? Uint8Array.of(9))).toBe(0n);
  });

  it("with a value nobody owns push zero", () => {
    const host = new TinyHost();
    expect(run(`0 0 1 create ${RETURN_TOP}`, host).word).toBe(0n);
    expect(host.codes.has(CREATED)).toBe(false);
  });
});

it("gives the caller what a callee that succeeds has logged, refunded and destroyed, and nothing of one that fails", () => {
  const host = hostWith("0 1 sstore 0 0 log0 0 selfdestruct");
  host.slots.set(`${CALLEE} 1`, 1n);
  const kept = run(`0 0 0 0 0 ${CALLEE_WORD} 100000 call`, host).frame;
  expect([kept?.logs.length, kept?.refund, kept?.destroyed?.has(CALLEE)]).toEqual([1, 15000, true]);
  const failing = hostWith("0 1 sstore 0 0 log0 invalid");
  failing.slots.set(`${CALLEE} 1`, 1n);
  const dropped = run(`0 0 0 0 0 ${CALLEE_WORD} 100000 call`, failing).frame;
  expect([dropped?.logs.length, dropped?.refund, dropped?.destroyed]).toEqual([0, 0, undefined]);
});
