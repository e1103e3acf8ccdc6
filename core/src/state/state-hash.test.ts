import { describe, expect, test } from "vitest";
import { emptyHashOf, keccak256, sha256, sm3, smSuite, standardSuite } from "../crypto/index.js";
import type { CryptoSuite } from "../crypto/index.js";
import type { ByteString } from "../primitives/index.js";
import { ZERO_HASH, ascii, bytesToByteString, bytesToHex, hexToBytes, utf8ToBytes } from "../primitives/index.js";
import { V2_0_0, V2_0_0_RC2, V2_1_0, V2_2_0, V2_4_0, V2_5_0, V2_9_0 } from "../protocol/index.js";
import type { SupportedVersion } from "../protocol/index.js";
import { BlockTables } from "./block-tables.js";
import { CommittedRows } from "./committed-rows.js";
import { MemoryStore } from "./memory-store.js";
import { Row } from "./row.js";
import { stateRulesOf } from "./rules.js";
import { SYS_CONFIG, SYS_TABLES } from "./table-info.js";
import type { Table } from "./table.js";

const ACCOUNT = ascii("c_1");
const KEY = ascii("key");
const VALUE = ascii("value");

interface TestChain {
  readonly rows: CommittedRows;
  tables(): BlockTables;
  block(write: (table: Table, tables: BlockTables) => void): void;
}

/** A chain that has one account table, from block 1. */
function chainWith(version: SupportedVersion = V2_9_0, suite: CryptoSuite = standardSuite): TestChain {
  const rows = new CommittedRows(new MemoryStore());
  let number = 0;
  const tables = (): BlockTables =>
    new BlockTables({ rows, rules: stateRulesOf(version, suite), parentNumber: number, checkAuthority: true });
  const commit = (block: BlockTables): void => {
    rows.apply(rows.prepare(block.commit()));
    number++;
  };
  const first = tables();
  first.createTable(ACCOUNT, KEY, VALUE);
  commit(first);
  return {
    rows,
    tables,
    block(write) {
      const block = tables();
      write(block.openTable(ACCOUNT)!, block);
      commit(block);
    },
  };
}

function put(table: Table, key: string, value: ByteString | string): void {
  table.insert(ascii(key), new Row([[VALUE, value as ByteString]]));
}

function set(table: Table, key: string, value: string): number {
  return table.update(ascii(key), new Map([[VALUE, ascii(value)]]));
}

function bytesOf(tables: BlockTables, name: ByteString): string | undefined {
  const found = tables.tableHashes().find((table) => table.name === name);
  return found === undefined ? undefined : bytesToByteString(found.bytes);
}

/** Expected bytes of rows with the two columns of account tables. */
function cellsText(...rows: [key: string, value: string, status?: number][]): string {
  return rows.map(([key, value, status = 0]) => `key${key}value${value}${String.fromCharCode(status)}`).join("");
}

describe("what a table contributes", () => {
  test("the account of a first deployment: 112 bytes, known from recorded chains", () => {
    for (const [suite, expected] of [
      [standardSuite, "ea5f27ff97e0c6c6904da5faeb7d39a948ce972a25063d19af27023d82160813"],
      [smSuite, "6e2c7335997ad0e2874f7c457c67bc6d069c3877bd5966f43c6569fc0b424fe1"],
    ] as const) {
      const tables = chainWith(V2_9_0, suite).tables();
      const table = tables.openTable(ACCOUNT)!;
      const emptyHash = bytesToByteString(hexToBytes(emptyHashOf(suite)));
      for (const [key, value] of [
        ["balance", "0"],
        ["codeHash", emptyHash],
        ["code", ""],
        ["nonce", "1"],
        ["alive", "true"],
      ] as const) {
        put(table, key, value);
      }
      const [contribution] = tables.tableHashes();
      expect(contribution?.bytes).toHaveLength(112);
      expect(contribution?.hash).toBe(expected);
      expect(tables.stateHash()).toBe(bytesToHex(suite.hash(hexToBytes(expected))));
    }
  });

  test("rows carry all their columns, and slots sort by their text", () => {
    const tables = chainWith().tables();
    const table = tables.openTable(ACCOUNT)!;
    for (const slot of ["2", "10", "alive"]) put(table, slot, "v");
    expect(bytesOf(tables, ACCOUNT)).toBe(cellsText(["10", "v"], ["2", "v"], ["alive", "v"]));
  });

  test("touched committed rows come before new ones, in order of id", () => {
    const chain = chainWith();
    chain.block((table) => {
      put(table, "a", "1");
      put(table, "b", "1");
    });
    chain.block((table) => put(table, "0", "1"));
    const tables = chain.tables();
    const table = tables.openTable(ACCOUNT)!;
    put(table, "00", "new");
    set(table, "0", "2");
    set(table, "b", "2");
    expect(bytesOf(tables, ACCOUNT)).toBe(cellsText(["b", "2"], ["0", "2"], ["00", "new"]));
  });

  test("new rows of one key sort by number of columns, then by columns pairwise", () => {
    const chain = chainWith();
    const tables = chain.tables();
    const people = ascii("u_people");
    tables.createTable(people, ascii("name"), ascii("city,age"));
    const table = tables.openTable(people)!;
    const cells: [string, string][][] = [
      [
        ["city", "z"],
        ["age", "1"],
      ],
      [["city", "b"]],
      [["city", "a"]],
      [["age", "9"]],
      [
        ["city", "a"],
        ["age", "1"],
      ],
    ];
    for (const row of cells) table.insert(ascii("k"), new Row(row as [ByteString, ByteString][]));
    expect(bytesOf(tables, people)).toBe(
      "age9namek\0" + "cityanamek\0" + "citybnamek\0" + "age1cityanamek\0" + "age1cityznamek\0",
    );
  });

  test("columns that begin or end with _ are not hashed", () => {
    const chain = chainWith();
    const tables = chain.tables();
    const table = tables.openTable(ACCOUNT)!;
    table.insert(
      ascii("k"),
      new Row([
        [VALUE, ascii("v")],
        [ascii("_status_"), ascii("1")],
      ]),
    );
    expect(bytesOf(tables, ACCOUNT)).toBe(cellsText(["k", "v"]));
  });
});

describe("residue", () => {
  test("a block that writes nothing has 32 zero bytes", () => {
    const tables = chainWith().tables();
    tables.openTable(ACCOUNT)!.select(ascii("0"));
    expect(tables.stateHash()).toBe(ZERO_HASH);
    expect(tables.tableHashes()).toEqual([]);
  });

  test("a table whose writes touched no row, or were all undone, contributes the hash of nothing", () => {
    const chain = chainWith();
    for (const attempt of [
      (table: Table) => set(table, "missing", "1"),
      (table: Table) => table.remove(ascii("missing")),
      (table: Table) => put(table, "0", "1"),
    ]) {
      const tables = chain.tables();
      const savepoint = tables.savepoint();
      attempt(tables.openTable(ACCOUNT)!);
      tables.rollbackTo(savepoint);
      expect(tables.tableHashes()).toEqual([
        { name: ACCOUNT, hash: emptyHashOf(standardSuite), bytes: new Uint8Array(0) },
      ]);
    }
  });

  test("an update that was undone leaves the committed row with its old value", () => {
    const chain = chainWith();
    chain.block((table) => put(table, "0", "old"));
    const tables = chain.tables();
    const savepoint = tables.savepoint();
    set(tables.openTable(ACCOUNT)!, "0", "new");
    tables.rollbackTo(savepoint);
    expect(bytesOf(tables, ACCOUNT)).toBe(cellsText(["0", "old"]));
  });

  test("a value set and set back leaves the row", () => {
    const chain = chainWith();
    chain.block((table) => put(table, "0", "old"));
    const tables = chain.tables();
    set(tables.openTable(ACCOUNT)!, "0", "new");
    set(tables.openTable(ACCOUNT)!, "0", "old");
    expect(bytesOf(tables, ACCOUNT)).toBe(cellsText(["0", "old"]));
  });

  test("the undo of an update that introduced a column leaves the column, empty", () => {
    const chain = chainWith();
    const people = ascii("u_people");
    chain.block((_, tables) => {
      tables.createTable(people, ascii("name"), ascii("city,age"));
      tables.openTable(people)!.insert(ascii("k"), new Row([[ascii("city"), ascii("a")]]));
    });
    const tables = chain.tables();
    const savepoint = tables.savepoint();
    tables.openTable(people)!.update(ascii("k"), new Map([[ascii("age"), ascii("5")]]));
    tables.rollbackTo(savepoint);
    expect(bytesOf(tables, people)).toBe("agecityanamek\0");
  });

  test("removed rows count, committed or new, with status 1; an undone removal with status 0", () => {
    const chain = chainWith();
    chain.block((table) => put(table, "a", "1"));
    const tables = chain.tables();
    const table = tables.openTable(ACCOUNT)!;
    put(table, "b", "2");
    table.remove(ascii("a"));
    table.remove(ascii("b"));
    expect(bytesOf(tables, ACCOUNT)).toBe(cellsText(["a", "1", 1], ["b", "2", 1]));
    const undone = chain.tables();
    const savepoint = undone.savepoint();
    undone.openTable(ACCOUNT)!.remove(ascii("a"));
    undone.rollbackTo(savepoint);
    expect(bytesOf(undone, ACCOUNT)).toBe(cellsText(["a", "1", 0]));
  });

  test("a failed creation leaves the description of its table dead and both tables written", () => {
    const chain = chainWith();
    const tables = chain.tables();
    const savepoint = tables.savepoint();
    tables.createTable(ascii("c_2"), KEY, VALUE);
    put(tables.openTable(ascii("c_2"))!, "alive", "true");
    tables.rollbackTo(savepoint);
    expect(tables.tableHashes().map(({ name, hash }) => [name, hash])).toEqual([
      [SYS_TABLES, emptyHashOf(standardSuite)],
      [ascii("c_2"), emptyHashOf(standardSuite)],
    ]);
  });

  test("a write that the writer list refuses leaves nothing", () => {
    const chain = chainWith();
    chain.block((_, tables) => {
      const access = tables.openTable(ascii("_sys_table_access_"))!;
      access.insert(
        ACCOUNT,
        new Row([
          [ascii("address"), ascii("a".repeat(40))],
          [ascii("enable_num"), ascii("0")],
        ]),
      );
    });
    const tables = chain.tables();
    const stranger = "b".repeat(40) as never;
    tables.openTable(ACCOUNT)!.insert(ascii("0"), new Row(), { origin: stranger });
    expect(tables.stateHash()).toBe(ZERO_HASH);
  });
});

describe("versions", () => {
  function concatHash(hash: (data: Uint8Array) => Uint8Array, ...parts: Uint8Array[]): string {
    return bytesToHex(hash(Uint8Array.from(parts.flatMap((part) => [...part]))));
  }

  const text = (bytes: string): Uint8Array => Uint8Array.from(bytes, (character) => character.charCodeAt(0));
  const zeros = new Uint8Array(32);

  /** One committed row changed and one inserted whose key sorts first. */
  function changed(version: SupportedVersion, suite: CryptoSuite): BlockTables {
    const chain = chainWith(version, suite);
    chain.block((table) => put(table, "b", "1"));
    const tables = chain.tables();
    set(tables.openTable(ACCOUNT)!, "b", "2");
    put(tables.openTable(ACCOUNT)!, "a", "3");
    return tables;
  }

  test.each([
    ["2.5.0, Keccak", V2_5_0, standardSuite, keccak256],
    ["2.9.0, Keccak", V2_9_0, standardSuite, keccak256],
    ["2.9.0, SM3", V2_9_0, smSuite, sm3],
  ])("%s: written tables, committed rows first", (_, version, suite, hash) => {
    const table = hash(text(cellsText(["b", "2"], ["a", "3"])));
    expect(changed(version, suite).stateHash()).toBe(concatHash(hash, table));
  });

  // The account's table opens the table of tables and the table of writer lists, which sort before it.
  test.each([
    ["2.2.0, SHA-256", V2_2_0, standardSuite, sha256],
    ["2.4.0, SHA-256", V2_4_0, standardSuite, sha256],
    ["2.4.0, SM3", V2_4_0, smSuite, sm3],
  ])("%s: all opened tables, unwritten ones as zeros, committed rows first", (_, version, suite, hash) => {
    const table = hash(text(cellsText(["b", "2"], ["a", "3"])));
    expect(changed(version, suite).stateHash()).toBe(concatHash(hash, zeros, zeros, table));
  });

  test.each([
    ["2.0.0, SHA-256", V2_0_0, standardSuite, sha256],
    ["2.1.0, SM3", V2_1_0, smSuite, sm3],
  ])("%s: new rows first, because their id is 0", (_, version, suite, hash) => {
    const table = hash(text(cellsText(["a", "3"], ["b", "2"])));
    expect(changed(version, suite).stateHash()).toBe(concatHash(hash, zeros, zeros, table));
  });

  test("2.0.0-rc2: the status is a column among the others", () => {
    const table = sha256(utf8ToBytes("_status_0keyavalue3" + "_status_0keybvalue2"));
    expect(changed(V2_0_0_RC2, standardSuite).stateHash()).toBe(concatHash(sha256, zeros, zeros, table));
  });

  test("up to 2.4.0 a mere read of a system table shows in the hash, and a missing table does not", () => {
    const chain = chainWith(V2_4_0);
    const reading = chain.tables();
    expect(reading.stateHash()).toBe(ZERO_HASH);
    reading.openTable(ascii("u_missing"));
    const before = reading.stateHash();
    expect(before).toBe(concatHash(sha256, zeros, zeros));
    reading.openTable(SYS_CONFIG);
    expect(reading.stateHash()).toBe(concatHash(sha256, zeros, zeros, zeros));
  });
});

describe("row ids", () => {
  test("go to new rows in hash order, tables in order of names, and not to undone inserts", () => {
    const chain = chainWith();
    const before = chain.rows.lastRowId;
    chain.block((table, tables) => {
      put(table, "b", "1");
      put(table, "a", "1");
      const savepoint = tables.savepoint();
      put(table, "0", "1");
      tables.rollbackTo(savepoint);
      tables.openTable(SYS_CONFIG)!.insert(ascii("z"), new Row([[VALUE, ascii("1")]]));
    });
    const id = (table: ByteString, key: string): number | undefined => chain.rows.first(table, ascii(key))?.id;
    expect([id(SYS_CONFIG, "z"), id(ACCOUNT, "a"), id(ACCOUNT, "b"), id(ACCOUNT, "0")]).toEqual([
      before + 1,
      before + 2,
      before + 3,
      undefined,
    ]);
    expect(chain.rows.lastRowId).toBe(before + 3);
  });

  test("stay with a row for ever, and so does its place", () => {
    const chain = chainWith();
    chain.block((table) => {
      put(table, "k", "1");
      put(table, "k", "2");
    });
    const ids = chain.rows.rows(ACCOUNT, ascii("k")).map((row) => row.id);
    chain.block((table) => set(table, "k", "3"));
    chain.block((table) => table.remove(ascii("k")));
    chain.block((table) => put(table, "k", "4"));
    const rows = chain.rows.rows(ACCOUNT, ascii("k"));
    expect(rows.map((row) => row.id).slice(0, 2)).toEqual(ids);
    expect(rows.map((row) => row.status)).toEqual([1, 1, 0]);
  });
});
