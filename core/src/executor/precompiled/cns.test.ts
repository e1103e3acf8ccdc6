import { describe, expect, it } from "vitest";
import { ascii } from "../../primitives/index.js";
import { V2_1_0, V2_6_0 } from "../../protocol/index.js";
import { StorageError } from "../../state/index.js";
import { string } from "../abi/index.js";
import { BOB, TestChain, addressOfNumber } from "./test-chain.js";

const CNS = 0x1004;
const texts = (...values: string[]) => values.map((value) => string(ascii(value)));
const ADDRESS = `0x${"12".repeat(20)}`;

function insert(chain: TestChain, name: string, version: string, contract = ADDRESS, abi = "[]"): bigint {
  return chain.number(CNS, "insert(string,string,string,string)", texts(name, version, contract, abi));
}

describe("contract names", () => {
  it("are found by name, by version, and as an address", () => {
    const chain = new TestChain();
    expect(insert(chain, "hello", "1.0")).toBe(1n);
    expect(insert(chain, "hello", "2.0", "Ab".repeat(20))).toBe(1n);
    expect(chain.text(CNS, "selectByName(string)", texts("hello"))).toBe(
      `[{"abi":"[]","address":"${ADDRESS}","name":"hello","version":"1.0"},` +
        `{"abi":"[]","address":"${"Ab".repeat(20)}","name":"hello","version":"2.0"}]\n`,
    );
    const both = "selectByNameAndVersion(string,string)";
    expect(chain.text(CNS, both, texts("hello", "2.0"))).toContain('"version":"2.0"');
    expect(chain.text(CNS, both, texts("hello", "3.0"))).toBe("[]\n");
    const getAddress = "getContractAddress(string,string)";
    expect(chain.address(CNS, getAddress, texts("hello", "2.0"))).toBe("ab".repeat(20));
    expect(() => chain.call(CNS, getAddress, texts("hello", "3.0"))).toThrow("Entries no exists: 0");
    expect(() => chain.call(CNS, getAddress, texts("none", "1.0"))).toThrow(StorageError);
  });

  it("are taken once a version", () => {
    const chain = new TestChain();
    insert(chain, "hello", "1.0");
    expect(insert(chain, "hello", "1.0")).toBe(-51200n);
    expect(insert(chain, "hello", "v".repeat(128))).toBe(1n);
    expect(insert(chain, "hello", "v".repeat(129))).toBe(-51201n);
    expect(insert(chain, "hello", "v".repeat(129), "nonsense")).toBe(-51201n);
    expect(insert(chain, "hello", "1.0", "nonsense")).toBe(-51200n);
  });

  it("need an address of hexadecimal digits, of any length", () => {
    const chain = new TestChain();
    expect(insert(chain, "n", "1", "0x12g4")).toBe(-50102n);
    expect(insert(chain, "n", "2", "0X12")).toBe(-50102n);
    expect(insert(chain, "n", "3", "")).toBe(1n);
    expect(insert(chain, "n", "4", "0x123")).toBe(1n);
    expect(chain.address(CNS, "getContractAddress(string,string)", texts("n", "4"))).toBe(addressOfNumber(0));
    expect(insert(new TestChain({ version: V2_1_0 }), "n", "1", "anything")).toBe(1n);
  });

  it("are limited in length from 2.7.0 on, unless the address is wrong anyway", () => {
    const long = "n".repeat(129);
    expect(() => insert(new TestChain(), long, "1")).toThrow("size of value/key greater than128");
    expect(insert(new TestChain(), long, "1", "nonsense")).toBe(-50102n);
    expect(insert(new TestChain({ version: V2_6_0 }), long, "1")).toBe(1n);
  });

  it("are written by whom the table allows", () => {
    const chain = new TestChain();
    chain.put("_sys_table_access_", "_sys_cns_", { address: BOB, enable_num: "1" });
    chain.nextBlock();
    expect(insert(chain, "hello", "1.0")).toBe(-50000n);
  });

  it("cost the rows of the name, and one operation less for an address", () => {
    const chain = new TestChain();
    insert(chain, "hello", "1.0");
    insert(chain, "hello", "2.0");
    const byVersion = texts("hello", "1.0");
    // 196 bytes of calldata are seven words, and the outputs are shorter.
    expect(chain.call(CNS, "selectByNameAndVersion(string,string)", byVersion).gasCost).toBe(403n + 21n);
    expect(chain.call(CNS, "getContractAddress(string,string)", byVersion).gasCost).toBe(400n + 21n);
    expect(chain.call(CNS, "selectByName(string)", texts("none")).gasCost).toBe(200n + 12n);
  });
});
