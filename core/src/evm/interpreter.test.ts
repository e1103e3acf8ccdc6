import { describe, expect, it, vi } from "vitest";
import { keccak256 } from "../crypto/index.js";
import { bytesToBigInt, bytesToHex } from "../primitives/index.js";
import { Halt } from "./message.js";
import { fiscoRules } from "./rules.js";
import { assemble } from "./testdata/assembler.js";
import { CALLER, CONTRACT, TinyHost } from "./testdata/tiny-host.js";

const RETURN_TOP = "0 mstore 32 0 return";

function call(source: string, options?: Parameters<TinyHost["call"]>[1], host = new TinyHost()) {
  const { outcome, frame } = host.call(assemble(source), options);
  return { halt: outcome.halt, left: Number(outcome.gas), output: outcome.output, frame, host };
}

/** The word that a program leaves uppermost. */
function top(source: string, options?: Parameters<TinyHost["call"]>[1], host = new TinyHost()): bigint {
  const { halt, output } = call(`${source} ${RETURN_TOP}`, options, host);
  expect(halt).toBe(Halt.Success);
  return bytesToBigInt(output);
}

describe("entering a block", () => {
  it("charges its static gas before anything runs", () => {
    const { halt, host } = call("1 1 sstore 1 pop 1 pop", { gas: 20n });
    expect(halt).toBe(Halt.OutOfGas);
    expect(host.slots.size).toBe(0);
  });

  it("finds an underflow before an earlier write, fault or log", () => {
    for (const first of ["1 1 sstore", "invalid", "0 0 log0", "1 2 returndatacopy 0"]) {
      const { halt, host } = call(`${first} add`);
      expect(halt, first).toBe(Halt.StackUnderflow);
      expect(host.slots.size).toBe(0);
    }
  });

  it("prefers out of gas to underflow, and underflow to overflow", () => {
    expect(call("add", { gas: 2n }).halt).toBe(Halt.OutOfGas);
    expect(call(`add ${"1 ".repeat(1100)}`).halt).toBe(Halt.StackUnderflow);
  });

  it("takes 1024 words on the stack and not one more", () => {
    expect(call(`${"1 ".repeat(1024)} stop`).halt).toBe(Halt.Success);
    expect(call(`${"1 ".repeat(1025)} stop`).halt).toBe(Halt.StackOverflow);
    expect(call(`${"1 ".repeat(1020)} x: 1 1 1 1 stop`).halt).toBe(Halt.Success);
    expect(call(`${"1 ".repeat(1020)} x: 1 1 1 1 1 stop`).halt).toBe(Halt.StackOverflow);
  });

  it("reaches an undefined instruction only by running to it", () => {
    expect(call("@x jump #0c x: stop").halt).toBe(Halt.Success);
    expect(call("#0c").halt).toBe(Halt.BadInstruction);
    expect(call("invalid").halt).toBe(Halt.BadInstruction);
  });
});

describe("jumps", () => {
  it("go to JUMPDEST only, given as a constant or computed", () => {
    expect(top("7 @x jump 8 x:")).toBe(7n);
    expect(top("7 0 @x add jump 8 x:")).toBe(7n);
    expect(call("0 jump").halt).toBe(Halt.BadJump);
    expect(call("1 2 add jump").halt).toBe(Halt.BadJump);
    expect(call(`${2n ** 32n} jump`).halt).toBe(Halt.BadJump);
  });

  it("take a condition of any word that is not zero", () => {
    expect(top(`7 ${2n ** 255n} @x jumpi 8 x:`)).toBe(7n);
    expect(top("7 0 @x jumpi pop 8 x:")).toBe(8n);
    expect(top(`7 ${2n ** 64n} 0 @x add jumpi 8 x:`)).toBe(7n);
    expect(top("7 0 0 @x add jumpi pop 8 x:")).toBe(8n);
    expect(call("0 3 jumpi stop").halt).toBe(Halt.Success);
  });

  it("end by running off the code", () => {
    expect(call("1 2 add").halt).toBe(Halt.Success);
  });
});

describe("stack", () => {
  it("copies and swaps at every depth", () => {
    for (let n = 1; n <= 16; n++) {
      const values = Array.from({ length: 17 }, (_, i) => 100 + i).join(" ");
      expect(top(`${values} dup${n}`)).toBe(BigInt(117 - n));
      expect(top(`${values} swap${n}`)).toBe(BigInt(116 - n));
    }
  });
});

describe("memory", () => {
  it("grows by words, and costs more the larger it is", () => {
    expect(top("0 mload pop msize")).toBe(32n);
    expect(top("1 mload pop msize")).toBe(64n);
    expect(top("255 31 mstore8 msize")).toBe(32n);
    const cost = (bytes: number) => 1_000_000 - call(`${bytes - 32} mload pop`).left;
    // 3 a word and a 512th of the square, on top of PUSH, MLOAD, POP.
    expect(cost(32) - 8).toBe(3);
    expect(cost(32 * 1024) - 8).toBe(3 * 1024 + 1024 * 2);
  });

  it("beyond 2^32 is out of gas, except for an empty range", () => {
    for (const program of [
      `${2n ** 32n} mload`,
      `1 ${2n ** 64n} mstore`,
      `1 ${2n ** 255n} mstore8`,
      `${2n ** 32n} 0 sha3`,
      `1 ${2n ** 32n} return`,
    ]) {
      expect(call(program, { gas: 2n ** 60n }).halt, program).toBe(Halt.OutOfGas);
    }
    expect(top(`0 ${2n ** 255n} sha3`)).toBe(bytesToBigInt(keccak256(new Uint8Array(0))));
    expect(call(`0 ${2n ** 255n} return`).halt).toBe(Halt.Success);
  });

  it("B30: with all the gas a chain can allow, memory is still bounded", () => {
    expect(call("1 4294967295 mstore", { gas: 2n ** 63n - 1n }).halt).toBe(Halt.OutOfGas);
  });

  it("keeps words and bytes where they are put, big-endian", () => {
    const { output } = call("258 1 mstore 255 0 mstore8 64 0 return");
    expect(bytesToHex(output)).toBe(`ff${"00".repeat(30)}0102${"00".repeat(31)}`);
  });

  it("starts empty in every frame", () => {
    const host = new TinyHost();
    call("1 not 0 mstore", {}, host);
    expect(top("0 mload", {}, host)).toBe(0n);
  });
});

describe("calldata and code", () => {
  const data = "0102030405";

  it("reads calldata, with zeros beyond its end", () => {
    expect(top("0 calldataload", { data })).toBe(0x0102030405n << 216n);
    expect(top("4 calldataload", { data })).toBe(5n << 248n);
    expect(top(`${2n ** 200n} calldataload`, { data })).toBe(0n);
    expect(top("calldatasize", { data })).toBe(5n);
  });

  it("copies with zeros beyond the source, over what was there", () => {
    expect(top("1 not 0 mstore 32 3 0 calldatacopy 0 mload", { data })).toBe(0x0405n << 240n);
    expect(top(`1 not 0 mstore 2 ${2n ** 64n} 0 calldatacopy 0 mload`)).toBe(2n ** 240n - 2n);
    expect(top("2 0 0 codecopy 0 mload") >> 240n).toBe(0x6002n);
    expect(top("codesize")).toBe(9n);
  });

  it("reads the code of others", () => {
    const host = new TinyHost();
    host.codes.set(CALLER, Uint8Array.of(1, 2, 3));
    expect(top("caller extcodesize", {}, host)).toBe(3n);
    expect(top("2 1 0 caller extcodecopy 0 mload", {}, host)).toBe(0x0203n << 240n);
    expect(top("caller extcodehash", {}, host)).toBe(bytesToBigInt(keccak256(Uint8Array.of(1, 2, 3))));
    expect(top("1 extcodehash", {}, host)).toBe(0n);
  });

  it("looks at the code of others also when it copies none of it", () => {
    const host = new TinyHost();
    const looked = vi.spyOn(host, "code");
    top("0 0 0 caller extcodecopy 7", {}, host);
    expect(looked).toHaveBeenCalledWith(CALLER);
  });
});

describe("environment", () => {
  it("shows message, transaction and block", () => {
    const host = new TinyHost();
    host.balances.set(CONTRACT, 5n);
    expect(top("address")).toBe(BigInt(`0x${CONTRACT}`));
    expect(top("caller")).toBe(BigInt(`0x${CALLER}`));
    expect(top("origin")).toBe(BigInt(`0x${CALLER}`));
    expect(top("callvalue", { value: 2n ** 255n })).toBe(2n ** 255n);
    expect(top("gasprice")).toBe(7n);
    expect(top("number")).toBe(300n);
    expect(top("timestamp")).toBe(1_700_000_000_123n);
    expect(top("selfbalance", {}, host)).toBe(5n);
    expect(top("address balance", {}, host)).toBe(5n);
  });

  it("B11: what no node can know the same way is zero", () => {
    for (const source of ["coinbase", "difficulty", "gaslimit", "chainid"]) expect(top(source), source).toBe(0n);
  });

  it("names the 256 blocks before this one", () => {
    expect(top("299 blockhash")).not.toBe(0n);
    expect(top("44 blockhash")).not.toBe(0n);
    for (const number of [300n, 43n, 2n ** 32n + 299n, 2n ** 64n + 299n]) {
      expect(top(`${number} blockhash`), String(number)).toBe(0n);
    }
  });

  it("knows where it is", () => {
    expect(top("pc")).toBe(0n);
    expect(top("1 pop pc")).toBe(3n);
  });

  it("tells the gas left as if each instruction were charged when it runs", () => {
    // GAS itself costs 2; what comes after it in the block is charged already and added again.
    expect(top("gas", { gas: 1000n })).toBe(998n);
    expect(top("1 pop gas", { gas: 1000n })).toBe(993n);
  });

  it("B30: counts gas that no number can hold exactly", () => {
    const gas = 2n ** 63n - 1n;
    expect(top("gas", { gas })).toBe(gas - 2n);
    expect(call("1 pop", { gas }).frame?.gasLeft()).toBe(gas - 5n);
  });
});

describe("storage", () => {
  const cost = (source: string, host: TinyHost) => {
    const { halt, left, frame } = call(source, {}, host);
    expect(halt).toBe(Halt.Success);
    return { gas: 1_000_000 - left - 6, refund: frame?.refund };
  };

  it.each([
    ["istanbul", false, [20000, 800, 5000, 5000, 15000]],
    ["constantinople", false, [20000, 5000, 5000, 5000, 15000]],
    ["istanbul", true, [1200, 800, 1200, 1200, 15000]],
    ["constantinople", true, [1200, 1200, 1200, 1200, 15000]],
  ] as const)("prices writes by the current value: %s, free storage %s", (revision, freeStorage, expected) => {
    const host = new TinyHost(fiscoRules({ revision, freeStorage, chargesNewAccount: false }));
    const added = cost("1 5 sstore", host);
    const same = cost("1 5 sstore", host);
    const changed = cost("2 5 sstore", host);
    const cleared = cost("0 5 sstore", host);
    expect([added.gas, same.gas, changed.gas, cleared.gas, cleared.refund]).toEqual(expected);
    expect([added.refund, same.refund, changed.refund]).toEqual([0, 0, 0]);
  });

  it("is out of gas with 2300 or less left, from Istanbul on", () => {
    expect(call("0 5 sstore", { gas: 2306n }).halt).toBe(Halt.OutOfGas);
    expect(call("0 5 sstore", { gas: 2307n }).halt).toBe(Halt.Success);
    // The rest of the block is charged already but counts as left.
    expect(call("0 5 sstore 0 sload", { gas: 2307n + 203n }).halt).toBe(Halt.Success);
    const old = new TinyHost(fiscoRules({ revision: "constantinople", freeStorage: true, chargesNewAccount: true }));
    expect(call("0 5 sstore", { gas: 1206n }, old).halt).toBe(Halt.Success);
  });

  it("reads back what was written, by contract", () => {
    const host = new TinyHost();
    expect(top(`7 ${2n ** 200n} sstore ${2n ** 200n} sload`, {}, host)).toBe(7n);
    expect(top("0 sload", {}, host)).toBe(0n);
  });

  it("ends the frame when the contract may not write", () => {
    const host = new TinyHost();
    host.refused.add(CONTRACT);
    expect(call("1 1 sstore", {}, host).halt).toBe(Halt.WriteRefused);
  });
});

describe("hashes, logs and ends", () => {
  it("hashes memory and charges by the word", () => {
    expect(top("97 0 mstore8 1 0 sha3")).toBe(bytesToBigInt(keccak256(Uint8Array.of(97))));
    const cost = (bytes: number) => 1_000_000 - call(`0 mload pop ${bytes} 0 sha3`).left;
    expect(cost(33) - cost(32)).toBe(6 + 3);
  });

  it("charges EXP by the bytes of the exponent", () => {
    const cost = (exponent: bigint) => 1_000_000 - call(`${exponent} 2 exp`).left;
    expect(cost(255n) - cost(0n)).toBe(50);
    expect(cost(2n ** 255n) - cost(0n)).toBe(50 * 32);
  });

  it("collects logs with their topics", () => {
    for (let n = 0; n <= 4; n++) {
      const topics = Array.from({ length: n }, (_, i) => n - i).join(" ");
      const { frame, left } = call(`171 0 mstore8 ${topics} 1 0 log${n}`);
      expect(frame?.logs).toEqual([
        {
          address: CONTRACT,
          topics: Array.from({ length: n }, (_, i) => (i + 1).toString(16).padStart(64, "0")),
          data: Uint8Array.of(171),
        },
      ]);
      // Pushes, MSTORE8 with its word, then 375 a log and topic and 8 a byte.
      expect(1_000_000 - left).toBe(3 * (4 + n) + 3 + 3 + 375 * (n + 1) + 8);
    }
  });

  it("drops logs and refunds of a frame that fails", () => {
    const host = new TinyHost();
    host.slots.set(`${CONTRACT} 1`, 1n);
    const { frame } = call("0 1 sstore 0 0 log0 0 0 revert", {}, host);
    expect([frame?.logs, frame?.refund]).toEqual([[], 0]);
  });

  it("reverts with data and the gas left", () => {
    const { halt, output, left } = call("171 0 mstore8 1 0 revert");
    expect(halt).toBe(Halt.Revert);
    expect([...output]).toEqual([171]);
    expect(left).toBe(1_000_000 - 3 * 4 - 3 - 3);
  });

  it("remembers a contract that destroys itself, once", () => {
    const { halt, frame } = call("1 selfdestruct");
    expect(halt).toBe(Halt.Success);
    expect([...(frame?.destroyed ?? [])]).toEqual([CONTRACT]);
  });

  it("refuses every change inside a static call", () => {
    for (const source of ["1 1 sstore", "0 0 log0", "0 0 0 create", "0 0 0 0 create2", "1 selfdestruct"]) {
      expect(call(source, { isStatic: true }).halt, source).toBe(Halt.StaticViolation);
    }
    expect(call("0 0 0 0 1 2 0 call", { isStatic: true }).halt).toBe(Halt.StaticViolation);
    expect(call("0 0 0 0 1 2 0 callcode", { isStatic: true }).halt).toBe(Halt.Success);
  });
});
