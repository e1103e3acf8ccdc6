import { describe, expect, it } from "vitest";
import { keccak256, standardSuite } from "@tsbcos/core/crypto";
import { bytesToHex, hexToBytes } from "@tsbcos/core/primitives";
import { Accounts } from "./accounts.js";
import type { StateFixture, StateTest, VmTest } from "./fixtures.js";
import { numberOf } from "./fixtures.js";
import { runStateTest } from "./state-tests.js";
import { secureTrieRoot } from "./state-trie.js";
import { runVmTest } from "./vm-tests.js";

const NO_LOGS = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";
const CONTRACT = `0x${"c0".repeat(20)}`;
const SENDER = `0x${"5e".repeat(20)}`;
const COINBASE = `0x${"cb".repeat(20)}`;
const STORE_ONE = "0x6001600055";

const env = {
  currentCoinbase: COINBASE,
  currentDifficulty: "0x00",
  currentGasLimit: "0x1000000",
  currentNumber: "0x01",
  currentTimestamp: "0x01",
};

function account(fields: Partial<StateFixture[string]>): StateFixture[string] {
  return { balance: "0x00", code: "0x", nonce: "0x00", storage: {}, ...fields };
}

describe("VM tests", () => {
  const test: VmTest = {
    file: "",
    name: "store one",
    env,
    exec: {
      address: CONTRACT,
      caller: SENDER,
      code: STORE_ONE,
      data: "0x",
      gas: "0x0186a0",
      gasPrice: "0x01",
      origin: SENDER,
      value: "0x00",
    },
    pre: { [CONTRACT]: account({ code: STORE_ONE }) },
    post: { [CONTRACT]: account({ code: STORE_ONE, storage: { "0x00": "0x01" } }) },
    gas: `0x${(100_000 - 6 - 20_000).toString(16)}`,
    out: "0x",
    logs: NO_LOGS,
  };

  it("pass when everything agrees", () => {
    expect(runVmTest(test, standardSuite)).toEqual({ type: "passed" });
  });

  it.each<[string, Partial<VmTest>]>([
    ["gas left", { gas: "0x01" }],
    ["output", { out: "0x00" }],
    ["hash of logs", { logs: "0x00" }],
    ["root of the state", { post: test.pre }],
    ["how the call ended", { exec: { ...test.exec, code: "0xfe" } }],
  ])("fail when the %s differs", (what, change) => {
    expect(runVmTest({ ...test, ...change }, standardSuite)).toMatchObject({
      type: "failed",
      difference: expect.stringContaining(what) as string,
    });
  });

  it("without a result expect the call to fail", () => {
    const { file, name, pre, exec } = test;
    const failing: VmTest = { file, name, env, pre, exec };
    expect(runVmTest(failing, standardSuite).type).toBe("failed");
    expect(runVmTest({ ...failing, exec: { ...test.exec, gas: "0x05" } }, standardSuite).type).toBe("passed");
  });
});

describe("state tests", () => {
  const used = 21_000 + 6 + 20_000;
  const after: StateFixture = {
    [SENDER]: account({ balance: `0x${(1_000_000 - 5 - used).toString(16)}`, nonce: "0x01" }),
    [CONTRACT]: account({ balance: "0x05", code: STORE_ONE, storage: { "0x00": "0x01" } }),
    [COINBASE]: account({ balance: `0x${used.toString(16)}` }),
  };
  const hash = `0x${bytesToHex(new Accounts(after).root(keccak256))}`;
  const indexes = { data: 0, gas: 0, value: 0 };
  const test: StateTest = {
    file: "",
    name: "pay and store",
    env,
    pre: { [SENDER]: account({ balance: "0xf4240" }), [CONTRACT]: account({ code: STORE_ONE }) },
    transaction: {
      data: ["0x"],
      gasLimit: ["0x0186a0"],
      gasPrice: "0x01",
      nonce: "0x00",
      sender: SENDER,
      to: CONTRACT,
      value: ["0x05"],
    },
    post: { Istanbul: [{ hash, logs: NO_LOGS, indexes }] },
  };
  const run = (post: StateTest["post"]["Istanbul"][number], transaction = test.transaction) =>
    runStateTest({ ...test, transaction, post: { Istanbul: [post] } }, standardSuite, false)[0]?.type;

  it("pass when root and logs agree", () => {
    expect(run({ hash, logs: NO_LOGS, indexes })).toBe("passed");
  });

  it("fail when they do not, or when the transaction should have been refused", () => {
    expect(run({ hash: "0x00", logs: NO_LOGS, indexes })).toBe("failed");
    expect(run({ hash, logs: "0x00", indexes })).toBe("failed");
    expect(run({ hash, logs: NO_LOGS, indexes, expectException: "TR_NoFunds" })).toBe("failed");
  });

  it("leave the state alone when the transaction is refused", () => {
    const before = `0x${bytesToHex(new Accounts(test.pre).root(keccak256))}`;
    const refused = { hash: before, logs: NO_LOGS, indexes, expectException: "some reason" };
    for (const change of [{ nonce: "0x01" }, { gasLimit: ["0x5208", "0x5207"].slice(1) }, { value: ["0xf4240"] }]) {
      expect(run(refused, { ...test.transaction, ...change })).toBe("passed");
    }
  });

  it("skip typed transactions with a reason", () => {
    expect(run({ hash, logs: NO_LOGS, indexes, expectException: "TR_TypeNotSupported" })).toBe("skipped");
  });
});

describe("tries", () => {
  it("have the known root when they are empty", () => {
    expect(bytesToHex(secureTrieRoot([], keccak256))).toBe(
      "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    );
  });

  it("have roots that do not depend on the order of entries, but on every value", () => {
    const entries = Array.from({ length: 40 }, (_, i) => [Uint8Array.of(i), hexToBytes("820400")] as const);
    const root = bytesToHex(secureTrieRoot(entries, keccak256));
    expect(bytesToHex(secureTrieRoot([...entries].reverse(), keccak256))).toBe(root);
    const changed = entries.map(([key, value], i) => [key, i === 17 ? hexToBytes("820401") : value] as const);
    expect(bytesToHex(secureTrieRoot(changed, keccak256))).not.toBe(root);
  });
});

it("numbers are read in every form the tests write", () => {
  expect(["0x", "0x00", "0x0a", "0x:bigint 0x10000000000000000"].map(numberOf)).toEqual([0n, 0n, 10n, 2n ** 64n]);
});
