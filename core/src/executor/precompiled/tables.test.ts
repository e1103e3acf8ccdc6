import { describe, expect, it } from "vitest";
import type { Address } from "../../primitives/index.js";
import { ascii, bytesToHex, concatBytes } from "../../primitives/index.js";
import type { SupportedVersion } from "../../protocol/index.js";
import { V2_1_0, V2_2_0, V2_6_0, V2_7_0, V2_8_0 } from "../../protocol/index.js";
import { StorageError, UnknownColumnError } from "../../state/index.js";
import type { AbiValue } from "../abi/index.js";
import { addressValue, encodeValues, int, string } from "../abi/index.js";
import { PrecompiledError } from "./contract.js";
import { ALICE, BOB, TestChain, addressOfNumber } from "./test-chain.js";

const FACTORY = 0x1001;
const KV_FACTORY = 0x1010;
const text = (value: string): AbiValue => string(ascii(value));

function create(chain: TestChain, name: string, key = "id", values = "name,amount", factory = FACTORY): bigint {
  return chain.number(factory, "createTable(string,string,string)", [text(name), text(key), text(values)]);
}

function open(chain: TestChain, name: string, factory = FACTORY): Address {
  return chain.address(factory, "openTable(string)", [text(name)]);
}

function newEntry(chain: TestChain, table: Address, fields: Readonly<Record<string, string>>): Address {
  const entry = chain.address(table, "newEntry()");
  for (const [field, value] of Object.entries(fields))
    chain.call(entry, "set(string,string)", [text(field), text(value)]);
  return entry;
}

function insert(chain: TestChain, table: Address, key: string, fields: Readonly<Record<string, string>>): bigint {
  const entry = newEntry(chain, table, fields);
  return chain.number(table, "insert(string,address)", [text(key), addressValue(entry)]);
}

function newCondition(chain: TestChain, table: Address, ...comparisons: [string, readonly AbiValue[]][]): Address {
  const condition = chain.address(table, "newCondition()");
  for (const [signature, values] of comparisons) chain.call(condition, signature, values);
  return condition;
}

function select(
  chain: TestChain,
  table: Address,
  key: string,
  ...comparisons: [string, readonly AbiValue[]][]
): string[] {
  const condition = newCondition(chain, table, ...comparisons);
  const entries = chain.address(table, "select(string,address)", [text(key), addressValue(condition)]);
  const size = Number(chain.number(entries, "size()"));
  return Array.from({ length: size }, (_, i) => {
    const entry = chain.address(entries, "get(int256)", [int(i)]);
    return chain.text(entry, "getString(string)", [text("name")]);
  });
}

describe("table factory", () => {
  it("creates a table once, under the prefix, with trimmed fields", () => {
    const chain = new TestChain();
    expect(create(chain, "fruit", " id\t", " name , amount ")).toBe(0n);
    expect(create(chain, "fruit")).toBe(-50001n);
    expect(chain.rowsOf("_sys_tables_", "u_fruit")).toEqual([
      { table_name: "u_fruit", key_field: "id", value_field: "name,amount" },
    ]);
  });

  it("answers with the zero address where there is no table", () => {
    expect(open(new TestChain(), "none")).toBe(addressOfNumber(0));
  });

  it("numbers objects of a block from 0x10001 on", () => {
    const chain = new TestChain();
    create(chain, "t");
    expect(open(chain, "t")).toBe(addressOfNumber(0x10001));
    expect(open(chain, "t")).toBe(addressOfNumber(0x10002));
    chain.nextBlock();
    expect(open(chain, "t")).toBe(addressOfNumber(0x10001));
  });

  it.each([
    [
      "a b",
      "id",
      "v",
      /^Invalid table name "a b", the table name must be letters or numbers, and only supports "\{\$, _, @\}" as special character set$/,
    ],
    [
      "t",
      "",
      "v",
      /^Invalid field "", the size of the field must be larger than 0 and the field can't start with "_"$/,
    ],
    ["t", "_id", "v", /^Invalid field "_id", the size/],
    ["t", "i-d", "v", /^Invalid field "i-d", the field name must be letters or numbers, and only supports/],
    ["t", "id", "v,v", /^duplicate field:v$/],
    ["t", "id", "id", /^duplicate field:id$/],
    ["t", "id", "v,", /^Invalid field "", the size/],
    ["t", "id", "f".repeat(65), /^table field name length overflow 64$/],
    ["t", "k".repeat(65), "v", /^table field name length overflow 64$/],
    [
      "t",
      "id",
      Array.from({ length: 20 }, (_, i) => `${"f".repeat(50)}${i}`).join(","),
      /^total table field name length overflow 1024$/,
    ],
    ["t".repeat(49), "id", "v", /^tableName length overflow 50$/],
  ])("refuses table %j with key %j and fields %j", (name, key, values, message) => {
    const chain = new TestChain();
    expect(() => create(chain, name, key, values)).toThrow(message);
    expect(() => create(chain, name, key, values)).toThrow(StorageError);
  });

  it("B14: trims names of millions of blanks at once", () => {
    // Time in proportion to the square of the length would run into the time-out of the test.
    const blanks = " ".repeat(1_000_000);
    expect(() => create(new TestChain(), "t", `a${blanks}b`)).toThrow("table field name length overflow 64");
    expect(create(new TestChain(), "t", `${blanks}id${blanks}`)).toBe(0n);
  });

  it("accepts the longest names", () => {
    expect(create(new TestChain(), "t".repeat(48), "k".repeat(64), "f".repeat(64))).toBe(0n);
  });

  it("printed another limit before 2.9.0 and had it before 2.2.0", () => {
    expect(() => create(new TestChain({ version: V2_8_0 }), "t".repeat(49))).toThrow("tableName length overflow 64");
    expect(() => create(new TestChain({ version: V2_2_0 }), "t".repeat(49))).toThrow("tableName length overflow 64");
    expect(create(new TestChain({ version: V2_1_0 }), "t".repeat(58))).toBe(0n);
    expect(() => create(new TestChain({ version: V2_1_0 }), "t".repeat(59))).toThrow("tableName length overflow 64");
    expect(create(new TestChain({ version: V2_1_0 }), "any name-will.do", "_id", "_v,_v")).toBe(0n);
  });

  it("gives the refusal of the list of tables as a value", () => {
    const chain = new TestChain();
    chain.put("_sys_table_access_", "_sys_tables_", { address: `0x${BOB}`, enable_num: "1" });
    chain.nextBlock();
    expect(create(chain, "t")).toBe(-50000n);
    expect(
      chain.number(FACTORY, "createTable(string,string,string)", [text("t"), text("k"), text("v")], { origin: BOB }),
    ).toBe(0n);
  });

  it("asks for the write permission of the calling contract", () => {
    const chain = new TestChain();
    const contract = addressOfNumber(77);
    chain.createAccount(contract);
    chain.put("_sys_table_access_", `c_${contract}`, { address: BOB, enable_num: "1" });
    chain.nextBlock();
    const message = `Permission denied. ${ALICE} can't call contract ${contract}`;
    const values = [text("t"), text("k"), text("v")];
    for (const factory of [FACTORY, KV_FACTORY]) {
      expect(() => chain.call(factory, "createTable(string,string,string)", values, { caller: contract })).toThrow(
        message,
      );
    }
    expect(chain.number(FACTORY, "createTable(string,string,string)", values, { origin: BOB, caller: contract })).toBe(
      0n,
    );
  });
});

describe("tables", () => {
  it("insert, select, update and remove rows", () => {
    const chain = new TestChain();
    create(chain, "t");
    const table = open(chain, "t");
    expect(insert(chain, table, "k", { name: "one", amount: "1" })).toBe(1n);
    expect(insert(chain, table, "k", { name: "two", amount: "2" })).toBe(1n);
    expect(select(chain, table, "k")).toEqual(["one", "two"]);
    expect(select(chain, table, "k", ["GT(string,int256)", [text("amount"), int(1)]])).toEqual(["two"]);
    expect(select(chain, table, "other")).toEqual([]);
    const patch = newEntry(chain, table, { name: "uno" });
    const first = newCondition(chain, table, ["EQ(string,string)", [text("name"), text("one")]]);
    const updated = [text("k"), addressValue(patch), addressValue(first)];
    expect(chain.number(table, "update(string,address,address)", updated)).toBe(1n);
    expect(select(chain, table, "k")).toEqual(["uno", "two"]);
    const all = newCondition(chain, table);
    expect(chain.number(table, "remove(string,address)", [text("k"), addressValue(all)])).toBe(2n);
    expect(select(chain, table, "k")).toEqual([]);
  });

  it.each<[string, AbiValue, string[]]>([
    ["EQ(string,int256)", int(2), ["b"]],
    ["NE(string,int256)", int(2), ["a", "c"]],
    ["NE(string,string)", text("1"), ["b", "c"]],
    ["GE(string,int256)", int(2), ["b", "c"]],
    ["LT(string,int256)", int(2), ["a"]],
    ["LE(string,int256)", int(2), ["a", "b"]],
    ["GT(string,int256)", int(-1), ["a", "b", "c"]],
  ])("compare by %s", (signature, value, names) => {
    const chain = new TestChain();
    create(chain, "t");
    const table = open(chain, "t");
    ["a", "b", "c"].forEach((name, i) => insert(chain, table, "k", { name, amount: String(i + 1) }));
    expect(select(chain, table, "k", [signature, [text("amount"), value]])).toEqual(names);
  });

  it("compare with addresses from 2.7.0 on", () => {
    const rows = (chain: TestChain): string[] => {
      create(chain, "t", "id", "name,owner");
      const table = open(chain, "t");
      const entry = newEntry(chain, table, { name: "mine" });
      chain.call(entry, "set(string,address)", [text("owner"), addressValue(ALICE)]);
      chain.call(table, "insert(string,address)", [text("k"), addressValue(entry)]);
      insert(chain, table, "k", { name: "his", owner: BOB });
      return select(chain, table, "k", ["EQ(string,address)", [text("owner"), addressValue(ALICE)]]);
    };
    expect(rows(new TestChain())).toEqual(["mine"]);
    expect(rows(new TestChain({ version: V2_2_0 }))).toEqual(["mine", "his"]);
  });

  it("compare with addresses by four zero bytes below 2.7.0", () => {
    const rows = (version: SupportedVersion): string[] => {
      const chain = new TestChain({ version });
      create(chain, "t", "id", "name,owner");
      const table = open(chain, "t");
      insert(chain, table, "k", { name: "mine", owner: ALICE });
      insert(chain, table, "k", { name: "his", owner: BOB });
      const condition = newCondition(chain, table);
      chain.send(condition, concatBytes(new Uint8Array(4), encodeValues(text("owner"), addressValue(BOB))));
      const entries = chain.address(table, "select(string,address)", [text("k"), addressValue(condition)]);
      return Array.from({ length: Number(chain.number(entries, "size()")) }, (_, i) =>
        chain.text(chain.address(entries, "get(int256)", [int(i)]), "getString(string)", [text("name")]),
      );
    };
    expect(rows(V2_6_0)).toEqual(["his"]);
    expect(rows(V2_7_0)).toEqual(["mine", "his"]);
  });

  it("limit what a select gives", () => {
    const chain = new TestChain();
    create(chain, "t");
    const table = open(chain, "t");
    for (const name of ["a", "b", "c"]) insert(chain, table, "k", { name });
    expect(select(chain, table, "k", ["limit(int256)", [int(2)]])).toEqual(["a", "b"]);
    expect(select(chain, table, "k", ["limit(int256,int256)", [int(1), int(5)]])).toEqual(["b", "c"]);
    expect(() => select(chain, table, "k", ["limit(int256)", [int(-1)]])).toThrow("PrecompiledError");
  });

  it("refuse long keys and unknown fields, and add nothing then", () => {
    const chain = new TestChain();
    create(chain, "t");
    const table = open(chain, "t");
    expect(() => insert(chain, table, "k".repeat(256), {})).toThrow("size of value/key greater than255");
    expect(insert(chain, table, "k".repeat(255), {})).toBe(1n);
    expect(() => insert(chain, table, "k", { nothing: "1" })).toThrow(UnknownColumnError);
    expect(select(chain, table, "k")).toEqual([]);
  });

  it("check writers by the sender of the transaction", () => {
    const chain = new TestChain();
    create(chain, "t");
    chain.put("_sys_table_access_", "u_t", { address: BOB, enable_num: "1" });
    chain.nextBlock();
    const table = open(chain, "t");
    expect(insert(chain, table, "k", { name: "x" })).toBe(-50000n);
    const entry = newEntry(chain, table, { name: "x" });
    const values = [text("k"), addressValue(entry)];
    expect(chain.number(table, "insert(string,address)", values, { origin: BOB, caller: ALICE })).toBe(1n);
  });

  it("insert one object twice as one row that stands twice", () => {
    const chain = new TestChain();
    create(chain, "t");
    const table = open(chain, "t");
    const entry = newEntry(chain, table, { name: "one" });
    for (const key of ["k", "k"]) chain.call(table, "insert(string,address)", [text(key), addressValue(entry)]);
    chain.call(entry, "set(string,string)", [text("name"), text("changed")]);
    expect(select(chain, table, "k")).toEqual(["changed", "changed"]);
  });

  it("charge what they return and what they write", () => {
    const chain = new TestChain();
    create(chain, "t");
    const table = open(chain, "t");
    const entry = newEntry(chain, table, { name: "n".repeat(400) });
    const inserted = chain.call(table, "insert(string,address)", [text("key"), addressValue(entry)]);
    // Row: id, key, name and 400 bytes are 409 bytes in 13 words.
    expect(inserted.gasCost).toBe(10000n + 39n);
    const condition = newCondition(chain, table);
    const found = chain.call(table, "select(string,address)", [text("key"), addressValue(condition)]);
    expect(found.gasCost).toBe(200n + 39n);
    const patch = newEntry(chain, table, { amount: "7" });
    const updated = chain.call(table, "update(string,address,address)", [
      text("key"),
      addressValue(patch),
      addressValue(condition),
    ]);
    // The memory of the calldata is replaced by 7 bytes of patch; the output is the larger.
    expect(updated.gasCost).toBe(10000n + 3n);
    const removed = chain.call(table, "remove(string,address)", [text("key"), addressValue(condition)]);
    expect(removed.gasCost).toBe(2500n + 15n);
  });

  it("B14: refuse addresses that are not what they should be", () => {
    const chain = new TestChain();
    create(chain, "t");
    const table = open(chain, "t");
    for (const other of [table, addressOfNumber(0x1001), addressOfNumber(0), addressOfNumber(0x20000)]) {
      const values = [text("k"), addressValue(other)];
      expect(() => chain.call(table, "insert(string,address)", values)).toThrow(PrecompiledError);
      expect(() => chain.call(table, "select(string,address)", values)).toThrow("PrecompiledError");
      expect(() => chain.call(table, "remove(string,address)", values)).toThrow("PrecompiledError");
      expect(() => chain.call(table, "update(string,address,address)", [...values, addressValue(other)])).toThrow(
        "PrecompiledError",
      );
    }
  });
});

describe("entries", () => {
  it("give their fields in every form", () => {
    const chain = new TestChain();
    create(chain, "t");
    const entry = newEntry(chain, open(chain, "t"), { name: "abc", owner: `0x${BOB}` });
    chain.call(entry, "set(string,int256)", [text("amount"), int(-5)]);
    expect(chain.number(entry, "getInt(string)", [text("amount")])).toBe(-5n);
    expect(chain.number(entry, "getUInt(string)", [text("amount")])).toBe(-5n);
    expect(chain.address(entry, "getAddress(string)", [text("owner")])).toBe(BOB);
    expect(chain.address(entry, "getAddress(string)", [text("missing")])).toBe(addressOfNumber(0));
    expect(chain.text(entry, "getString(string)", [text("name")])).toBe("abc");
    expect(bytesToHex(chain.call(entry, "getBytes32(string)", [text("name")]).output)).toBe("616263".padEnd(64, "0"));
    const wide = chain.call(entry, "getBytes64(string)", [text("name")]);
    expect(bytesToHex(wide.output)).toBe("616263".padEnd(128, "0"));
    expect(wide.gasCost).toBe(192n + 12n);
    chain.call(entry, "set(string,uint256)", [text("amount"), int(-1)]);
    expect(chain.text(entry, "getString(string)", [text("amount")])).toBe(((1n << 256n) - 1n).toString());
  });

  it("cut fields that are longer than what is asked for", () => {
    const chain = new TestChain();
    create(chain, "t");
    const entry = newEntry(chain, open(chain, "t"), { name: "x".repeat(100) });
    expect(bytesToHex(chain.call(entry, "getBytes32(string)", [text("name")]).output)).toBe("78".repeat(32));
    expect(bytesToHex(chain.call(entry, "getBytes64(string)", [text("name")]).output)).toBe("78".repeat(64));
  });

  it("fail on text that is no number or no address", () => {
    const chain = new TestChain();
    create(chain, "t");
    const entry = newEntry(chain, open(chain, "t"), { name: "abc" });
    expect(() => chain.call(entry, "getInt(string)", [text("name")])).toThrow("PrecompiledError");
    expect(() => chain.call(entry, "getUInt(string)", [text("missing")])).toThrow("PrecompiledError");
    chain.call(entry, "set(string,string)", [text("name"), text("xyz")]);
    expect(() => chain.call(entry, "getAddress(string)", [text("name")])).toThrow("PrecompiledError");
  });

  it("end where their list ends", () => {
    const chain = new TestChain();
    create(chain, "t");
    const table = open(chain, "t");
    insert(chain, table, "k", { name: "x" });
    const values = [text("k"), addressValue(newCondition(chain, table))];
    const entries = chain.address(table, "select(string,address)", values);
    expect(() => chain.call(entries, "get(int256)", [int(1)])).toThrow("Entries no exists: 1");
    expect(() => chain.call(entries, "get(int256)", [int(-1)])).toThrow("Entries no exists: 18446744073709551615");
    expect(chain.call(entries, "get(int256)", [int(1n << 64n)]).output).toHaveLength(32);
  });
});

describe("key-value tables", () => {
  const flagAnd = (chain: TestChain, table: Address, key: string): string =>
    bytesToHex(chain.call(table, "get(string)", [text(key)]).output.subarray(31, 32));

  it("hold one row a key", () => {
    const chain = new TestChain();
    expect(create(chain, "kv", "id", "name", KV_FACTORY)).toBe(0n);
    expect(create(chain, "kv", "id", "name", KV_FACTORY)).toBe(-50001n);
    const table = open(chain, "kv", KV_FACTORY);
    expect(flagAnd(chain, table, "k")).toBe("00");
    const set = (name: string): bigint =>
      chain.number(table, "set(string,address)", [text("k"), addressValue(newEntry(chain, table, { name }))]);
    expect(set("one")).toBe(1n);
    expect(set("two")).toBe(1n);
    expect(flagAnd(chain, table, "k")).toBe("01");
    expect(chain.rowsOf("u_kv", "k")).toEqual([{ id: "k", name: "two" }]);
  });

  it("update every row of a key that an ordinary table left", () => {
    const chain = new TestChain();
    create(chain, "t");
    const plain = open(chain, "t");
    for (const name of ["a", "b"]) insert(chain, plain, "k", { name });
    const table = open(chain, "t", KV_FACTORY);
    const entry = newEntry(chain, table, { name: "c" });
    expect(chain.number(table, "set(string,address)", [text("k"), addressValue(entry)])).toBe(2n);
  });

  it("throw where ordinary tables answer with codes", () => {
    const chain = new TestChain();
    expect(() => open(chain, "kv", KV_FACTORY)).toThrow("u_kv does not exist");
    expect(() => create(chain, "a b", "id", "v", KV_FACTORY)).toThrow("invalid tablename:a b");
    expect(() => create(chain, "t", "_id", "v", KV_FACTORY)).toThrow("invalid field:_id");
    expect(() => create(chain, "t", "id", "v,v", KV_FACTORY)).toThrow("dumplicate field:v");
    expect(() => create(chain, "t".repeat(49), "id", "v", KV_FACTORY)).toThrow(PrecompiledError);
    create(chain, "kv", "id", "name", KV_FACTORY);
    chain.put("_sys_table_access_", "u_kv", { address: BOB, enable_num: "1" });
    chain.put("_sys_table_access_", "_sys_tables_", { address: BOB, enable_num: "1" });
    chain.nextBlock();
    const table = open(chain, "kv", KV_FACTORY);
    const values = [text("k"), addressValue(newEntry(chain, table, { name: "x" }))];
    expect(() => chain.call(table, "set(string,address)", values)).toThrow(
      `Permission denied. ${ALICE} can't write u_kv`,
    );
    expect(() => create(chain, "new", "id", "v", KV_FACTORY)).toThrow(
      `Permission denied. ${ALICE} can't create table u_new`,
    );
    expect(() => chain.call(table, "set(string,address)", [text("k".repeat(256)), values[1] as AbiValue])).toThrow(
      "size of value/key greater than255",
    );
  });
});
