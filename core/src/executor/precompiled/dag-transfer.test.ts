import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ascii, bytesToBigInt } from "../../primitives/index.js";
import { V2_1_0 } from "../../protocol/index.js";
import type { AbiValue } from "../abi/index.js";
import { int, string } from "../abi/index.js";
import { BOB, TestChain } from "./test-chain.js";

const DAG = 0x5002;
const MAX = (1n << 256n) - 1n;

function run(chain: TestChain, method: string, user: string, amount: bigint | number): bigint {
  return chain.number(DAG, `${method}(string,uint256)`, [string(ascii(user)), int(amount)]);
}

function transfer(chain: TestChain, from: string, to: string, amount: bigint | number): bigint {
  const values: AbiValue[] = [string(ascii(from)), string(ascii(to)), int(amount)];
  return chain.number(DAG, "userTransfer(string,string,uint256)", values);
}

function balance(chain: TestChain, user: string): [bigint, bigint] {
  const { output } = chain.call(DAG, "userBalance(string)", [string(ascii(user))]);
  return [BigInt.asIntN(256, bytesToBigInt(output.subarray(0, 32))), bytesToBigInt(output.subarray(32))];
}

describe("balances by name", () => {
  it("move", () => {
    const chain = new TestChain();
    expect(run(chain, "userAdd", "a", 100)).toBe(0n);
    expect(run(chain, "userAdd", "a", 100)).toBe(-51403n);
    expect(run(chain, "userSave", "b", 5)).toBe(0n);
    expect(run(chain, "userSave", "b", 1)).toBe(0n);
    expect(run(chain, "userDraw", "b", 2)).toBe(0n);
    expect(transfer(chain, "a", "b", 30)).toBe(0n);
    expect(transfer(chain, "a", "new", 1)).toBe(0n);
    expect([balance(chain, "a"), balance(chain, "b"), balance(chain, "new")]).toEqual([
      [0n, 69n],
      [0n, 34n],
      [0n, 1n],
    ]);
  });

  it("refuse in the order of the checks", () => {
    const chain = new TestChain();
    run(chain, "userAdd", "a", 10);
    run(chain, "userAdd", "zero", 0);
    for (const method of ["userAdd", "userSave", "userDraw"]) expect(run(chain, method, "", 0)).toBe(-51400n);
    expect(balance(chain, "")).toEqual([-51400n, 0n]);
    for (const method of ["userSave", "userDraw"]) expect(run(chain, method, "x", 0)).toBe(-51401n);
    expect(run(chain, "userDraw", "x", 1)).toBe(-51402n);
    expect(run(chain, "userDraw", "a", 11)).toBe(-51404n);
    expect(run(chain, "userSave", "a", MAX)).toBe(-51405n);
    expect(balance(chain, "x")).toEqual([-51402n, 0n]);
    expect(transfer(chain, "", "a", 0)).toBe(-51400n);
    expect(transfer(chain, "a", "", 1)).toBe(-51400n);
    expect(transfer(chain, "a", "b", 0)).toBe(-51401n);
    expect(transfer(chain, "x", "a", 1)).toBe(-51402n);
    expect(transfer(chain, "a", "b", 11)).toBe(-51404n);
    expect(transfer(chain, "nobody", "nobody", 1)).toBe(0n);
  });

  it("keep a recipient that was added for a transfer that then overflows", () => {
    const chain = new TestChain();
    run(chain, "userAdd", "rich", MAX);
    run(chain, "userAdd", "full", MAX);
    expect(transfer(chain, "rich", "full", 1)).toBe(-51405n);
    expect(balance(chain, "rich")).toEqual([0n, MAX]);
  });

  it("open the table only when it is needed", () => {
    const chain = new TestChain();
    transfer(chain, "a", "a", 1);
    run(chain, "userSave", "a", 0);
    expect(chain.rowsOf("_sys_tables_", "u_dag_transfer")).toEqual([]);
    balance(chain, "a");
    expect(chain.rowsOf("_sys_tables_", "u_dag_transfer")).toHaveLength(1);
    const legacy = new TestChain({ version: V2_1_0 });
    balance(legacy, "a");
    expect(legacy.rowsOf("_sys_tables_", "_dag_transfer_")).toHaveLength(1);
  });

  it("respect the writer list", () => {
    const chain = new TestChain();
    run(chain, "userAdd", "a", 5);
    chain.put("_sys_table_access_", "u_dag_transfer", { address: BOB, enable_num: "1" });
    chain.nextBlock();
    expect(run(chain, "userAdd", "b", 5)).toBe(-50000n);
    expect(run(chain, "userSave", "a", 5)).toBe(-50000n);
    expect(run(chain, "userDraw", "a", 5)).toBe(-50000n);
    expect(transfer(chain, "a", "b", 5)).toBe(-50000n);
    expect(balance(chain, "a")).toEqual([0n, 5n]);
  });

  it("are read from whatever text users put into the table", () => {
    const chain = new TestChain();
    const values = ["dag_transfer", "user_name", "user_balance"].map((value) => string(ascii(value)));
    chain.call(0x1001, "createTable(string,string,string)", values);
    chain.put("u_dag_transfer", "hex", { user_balance: "0x10" });
    chain.put("u_dag_transfer", "text", { user_balance: "abc" });
    expect(balance(chain, "hex")).toEqual([0n, 16n]);
    expect(() => balance(chain, "text")).toThrow("PrecompiledError");
  });

  it("B10: come out the same in any order of transfers that share no user", () => {
    const users = ["a", "b", "c", "d", "e", "f"];
    const after = (order: readonly number[]): string => {
      const chain = new TestChain();
      for (const user of users) run(chain, "userAdd", user, 100);
      chain.nextBlock();
      for (const pair of order) transfer(chain, users[2 * pair] as string, users[2 * pair + 1] as string, pair + 1);
      return chain.context.tables.stateHash();
    };
    const orders = [0, 1, 2].flatMap((first) => [0, 1, 2].map((second) => [first, second, 3 - first - second]));
    const complete = orders.filter((order) => new Set(order).size === 3);
    expect(complete).toHaveLength(6);
    expect(new Set(complete.map(after)).size).toBe(1);
  });

  it("B10: never make or lose anything by transfers", () => {
    const user = fc.constantFrom("a", "b", "c");
    fc.assert(
      fc.property(fc.array(fc.tuple(user, user, fc.bigInt({ min: 0n, max: 150n })), { maxLength: 20 }), (transfers) => {
        const chain = new TestChain();
        for (const name of ["a", "b", "c"]) run(chain, "userAdd", name, 100);
        for (const [from, to, amount] of transfers) transfer(chain, from, to, amount);
        expect(["a", "b", "c"].reduce((sum, name) => sum + balance(chain, name)[1], 0n)).toBe(300n);
      }),
      { numRuns: 50 },
    );
  });
});
