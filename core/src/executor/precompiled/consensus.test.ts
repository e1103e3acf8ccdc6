import { describe, expect, it } from "vitest";
import { ascii } from "../../primitives/index.js";
import { V2_0_0 } from "../../protocol/index.js";
import { string } from "../abi/index.js";
import { BOB, TestChain } from "./test-chain.js";

const id = (digit: string): string => digit.repeat(128);

function run(chain: TestChain, method: string, nodeId: string): bigint {
  return chain.number(0x1003, `${method}(string)`, [string(ascii(nodeId))]);
}

function chainOf(types: Readonly<Record<string, string>>): TestChain {
  const chain = new TestChain({ parentNumber: 7 });
  for (const [digit, type] of Object.entries(types)) {
    chain.put("_sys_consensus_", "node", { type, node_id: id(digit), enable_num: "0" });
  }
  chain.nextBlock();
  return chain;
}

function typesOf(chain: TestChain): Record<string, string> {
  const rows = chain.rowsOf("_sys_consensus_", "node");
  return Object.fromEntries(
    rows.map((row) => [row["node_id"]?.charAt(0) ?? "", `${row["type"]}@${row["enable_num"]}`]),
  );
}

describe("node lists", () => {
  it("take in sealers and observers and move them", () => {
    const chain = chainOf({ a: "sealer", b: "sealer" });
    expect(run(chain, "addObserver", id("c"))).toBe(1n);
    expect(run(chain, "addSealer", id("C"))).toBe(1n);
    expect(run(chain, "addObserver", id("a"))).toBe(1n);
    expect(run(chain, "addSealer", id("d"))).toBe(1n);
    expect(typesOf(chain)).toEqual({ a: "observer@9", b: "sealer@0", c: "sealer@9", d: "sealer@9" });
    expect(run(chain, "remove", id("c"))).toBe(1n);
    expect(run(chain, "remove", id("e"))).toBe(0n);
    expect(Object.keys(typesOf(chain))).toEqual(["a", "b", "d"]);
  });

  it("ask for 128 characters and look at nothing else", () => {
    const chain = chainOf({ a: "sealer" });
    for (const method of ["addSealer", "addObserver", "remove"]) {
      expect(run(chain, method, "abc")).toBe(-51100n);
      expect(run(chain, method, id("a").slice(1))).toBe(-51100n);
    }
    expect(run(chain, "addObserver", "z".repeat(128))).toBe(1n);
  });

  it("keep the last sealer", () => {
    const chain = chainOf({ a: "sealer", b: "observer" });
    expect(run(chain, "addObserver", id("a"))).toBe(-51101n);
    expect(run(chain, "remove", id("a"))).toBe(-51101n);
    expect(run(chain, "remove", id("b"))).toBe(1n);
    expect(run(chain, "addSealer", id("a"))).toBe(1n);
  });

  it("keep the last working sealer, and let a lone sealer go while others work", () => {
    const chain = chainOf({ a: "sealer", b: "wSealer" });
    expect(run(chain, "remove", id("b"))).toBe(-51101n);
    expect(run(chain, "remove", id("a"))).toBe(1n);
    expect(run(chain, "addObserver", id("b"))).toBe(-51101n);
    const pair = chainOf({ a: "wSealer", b: "wSealer" });
    expect(run(pair, "remove", id("a"))).toBe(1n);
    expect(run(pair, "remove", id("b"))).toBe(-51101n);
  });

  it("can be changed by whom the table allows", () => {
    const chain = chainOf({ a: "sealer", b: "sealer" });
    chain.put("_sys_table_access_", "_sys_consensus_", { address: BOB, enable_num: "1" });
    chain.nextBlock();
    expect(run(chain, "addSealer", id("a"))).toBe(-50000n);
    expect(run(chain, "addSealer", id("c"))).toBe(-50000n);
    expect(run(chain, "remove", id("a"))).toBe(-50000n);
  });

  it("count as written when an unknown node was removed", () => {
    const chain = chainOf({ a: "sealer" });
    run(chain, "remove", id("b"));
    expect(chain.context.tables.tableHashes().map(({ name }) => name)).toEqual(["_sys_consensus_"]);
  });

  it("are opened by every call, which old versions show in the state", () => {
    const chain = new TestChain({ version: V2_0_0 });
    expect(chain.number(0x1003, "nonsense()")).toBe(0n);
    expect(chain.context.tables.tableHashes().map(({ name }) => name)).toContain("_sys_consensus_");
  });
});
