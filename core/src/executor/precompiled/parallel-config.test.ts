import { describe, expect, it } from "vitest";
import { ascii } from "../../primitives/index.js";
import { V2_1_0 } from "../../protocol/index.js";
import { addressValue, int, string } from "../abi/index.js";
import { TestChain, addressOfNumber } from "./test-chain.js";

const CONTRACT = addressOfNumber(0xc0de);
const TRANSFER = "transfer(string,string,uint256)";

function register(chain: TestChain, name: string, criticalSize: number): bigint {
  const values = [addressValue(CONTRACT), string(ascii(name)), int(criticalSize)];
  return chain.number(0x1006, "registerParallelFunctionInternal(address,string,uint256)", values);
}

function unregister(chain: TestChain, name: string): bigint {
  const values = [addressValue(CONTRACT), string(ascii(name))];
  return chain.number(0x1006, "unregisterParallelFunctionInternal(address,string)", values);
}

describe("declared conflicts", () => {
  it("are stored by selector, one row each", () => {
    const chain = new TestChain();
    expect(register(chain, TRANSFER, 2)).toBe(0n);
    expect(register(chain, TRANSFER, 1)).toBe(0n);
    expect(register(chain, "set(string)", 1)).toBe(0n);
    // Selectors 9b80b050 and 4ed3885e as decimals.
    expect(chain.rowsOf(`cp_${CONTRACT}`, "parallel")).toEqual([
      { parallel: "parallel", selector: "2608902224", functionName: TRANSFER, criticalSize: "1" },
      { parallel: "parallel", selector: "1322485854", functionName: "set(string)", criticalSize: "1" },
    ]);
    expect(unregister(chain, TRANSFER)).toBe(0n);
    expect(unregister(chain, TRANSFER)).toBe(0n);
    expect(chain.rowsOf(`cp_${CONTRACT}`, "parallel")).toHaveLength(1);
  });

  it("make their table when one is taken back that was never given", () => {
    const chain = new TestChain();
    expect(unregister(chain, TRANSFER)).toBe(0n);
    expect(chain.rowsOf("_sys_tables_", `cp_${CONTRACT}`)).toHaveLength(1);
  });

  it("stand in a table of another name before 2.2.0", () => {
    const chain = new TestChain({ version: V2_1_0 });
    register(chain, TRANSFER, 2);
    expect(chain.rowsOf(`_contract_parafunc_${CONTRACT}_`, "parallel")).toHaveLength(1);
  });
});
