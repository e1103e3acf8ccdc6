import { describe, expect, it } from "vitest";
import { ascii } from "../../primitives/index.js";
import { V2_6_0 } from "../../protocol/index.js";
import { UnknownColumnError } from "../../state/index.js";
import type { AbiValue } from "../abi/index.js";
import { ArgumentReader, string } from "../abi/index.js";
import { BOB, TestChain } from "./test-chain.js";

const CRUD = 0x1002;
const texts = (...values: string[]): AbiValue[] => values.map((value) => string(ascii(value)));

function chainWithTable(version?: typeof V2_6_0): TestChain {
  const chain = new TestChain(version === undefined ? {} : { version });
  chain.call(0x1001, "createTable(string,string,string)", texts("t", "id", "name,amount"));
  return chain;
}

const insert = (chain: TestChain, key: string, entry: string, table = "t"): bigint =>
  chain.number(CRUD, "insert(string,string,string,string)", texts(table, key, entry, ""));
const update = (chain: TestChain, entry: string, condition: string): bigint =>
  chain.number(CRUD, "update(string,string,string,string,string)", texts("t", "k", entry, condition, ""));
const remove = (chain: TestChain, condition: string): bigint =>
  chain.number(CRUD, "remove(string,string,string,string)", texts("t", "k", condition, ""));
const select = (chain: TestChain, condition: string, table = "t", key = "k"): string =>
  chain.text(CRUD, "select(string,string,string,string)", texts(table, key, condition, ""));

function names(chain: TestChain, condition: string): string[] {
  return (JSON.parse(select(chain, condition)) as { name: string }[]).map(({ name }) => name);
}

describe("tables by JSON", () => {
  it("insert, select, update and remove", () => {
    const chain = chainWithTable();
    expect(insert(chain, "k", '{"name":"one","amount":1}')).toBe(1n);
    expect(insert(chain, "k", '{"name":"two","amount":"2"}')).toBe(1n);
    expect(select(chain, '{"name":{"eq":"one"}}')).toBe(
      '[\n   {\n      "amount" : "1",\n      "id" : "k",\n      "name" : "one"\n   }\n]\n',
    );
    expect(update(chain, '{"amount":7}', '{"name":{"ne":"one"}}')).toBe(1n);
    expect(names(chain, '{"amount":{"ge":7}}')).toEqual(["two"]);
    expect(remove(chain, "{}")).toBe(2n);
    expect(select(chain, "{}")).toBe("[]\n");
  });

  it("read conditions with several operators and limits", () => {
    const chain = chainWithTable();
    for (let i = 1; i <= 5; i++) insert(chain, "k", `{"name":"n${i}","amount":${i}}`);
    expect(names(chain, '{"amount":{"gt":"1","lt":"5"}}')).toEqual(["n2", "n3", "n4"]);
    expect(names(chain, '{"amount":{"le":2}}')).toEqual(["n1", "n2"]);
    expect(names(chain, '{"x":{"limit":"1,2"}}')).toEqual(["n2", "n3"]);
    expect(names(chain, '{"x":{"limit":"1,2,3"}}')).toEqual(["n2", "n3"]);
    expect(names(chain, '{"_hidden":{"nonsense":1},"hidden_":5}')).toHaveLength(5);
    expect(names(chain, "null")).toHaveLength(5);
    expect(names(chain, '{"name":null}')).toHaveLength(5);
  });

  it("answer with codes for what is malformed", () => {
    const chain = chainWithTable();
    expect(insert(chain, "k", "{")).toBe(-51500n);
    expect(insert(chain, "k", "{}", "none")).toBe(-50100n);
    expect(update(chain, "nonsense", "{}")).toBe(-51500n);
    expect(update(chain, "{}", "nonsense")).toBe(-51501n);
    expect(update(chain, "{}", '{"name":{"like":"x"}}')).toBe(-51502n);
    expect(remove(chain, "")).toBe(-51501n);
    const missing = chain.number(CRUD, "select(string,string,string,string)", texts("none", "k", "{}", ""));
    expect(missing).toBe(-50100n);
    expect(chain.number(CRUD, "nonsense()")).toBe(-50101n);
  });

  it("fail on JSON of the wrong shape", () => {
    const chain = chainWithTable();
    for (const entry of ["5", "[]", '{"name":{}}', '{"name":[1]}']) {
      expect(() => insert(chain, "k", entry)).toThrow("PrecompiledError");
    }
    for (const condition of [
      "5",
      '{"name":"x"}',
      '{"name":{"eq":{}}}',
      '{"x":{"limit":"1"}}',
      '{"x":{"limit":"a,b"}}',
    ]) {
      expect(() => remove(chain, condition)).toThrow("PrecompiledError");
    }
    expect(() => remove(chain, `${"[".repeat(1001)}`)).toThrow("PrecompiledError");
    expect(() => insert(chain, "k", '{"nothing":1}')).toThrow(UnknownColumnError);
  });

  it("check the length of a key on insert alone", () => {
    const chain = chainWithTable();
    expect(() => insert(chain, "k".repeat(256), "{}")).toThrow("size of value/key greater than255");
    expect(() => insert(chain, "k".repeat(256), "{}", "none")).toThrow("size of value/key greater than255");
    expect(select(chain, "{}", "t", "k".repeat(256))).toBe("[]\n");
  });

  it("do not update the key from 2.7.0 on", () => {
    expect(update(chainWithTable(), '{"id":"x"}', "{}")).toBe(-51503n);
    expect(update(chainWithTable(V2_6_0), '{"id":"x"}', "{}")).toBe(0n);
  });

  it("describe tables, and show the list of tables under its own name", () => {
    const chain = chainWithTable();
    const desc = (name: string): string[] => {
      const reader = new ArgumentReader(chain.call(CRUD, "desc(string)", texts(name)).output);
      return [reader.string(), reader.string()];
    };
    expect(desc("t")).toEqual(["id", "name,amount"]);
    expect(desc("none")).toEqual(["", ""]);
    expect(select(chain, "{}", "_sys_tables_", "u_t")).toContain('"value_field" : "name,amount"');
  });

  it("respect writer lists", () => {
    const chain = chainWithTable();
    chain.put("_sys_table_access_", "u_t", { address: BOB, enable_num: "1" });
    chain.nextBlock();
    expect(insert(chain, "k", '{"name":"x"}')).toBe(-50000n);
    expect(update(chain, '{"name":"x"}', "{}")).toBe(-50000n);
    expect(remove(chain, "{}")).toBe(-50000n);
  });

  it("charge operators as they are read, also when the text turns out wrong", () => {
    const chain = chainWithTable();
    const values = texts("t", "k", '{"amount":{"eq":"1","ge":"2","zz":1}}', "");
    const { gasCost } = chain.call(CRUD, "remove(string,string,string,string)", values);
    // 388 bytes of calldata in 13 words.
    expect(gasCost).toBe(200n + 3n + 3n + 39n);
  });
});
