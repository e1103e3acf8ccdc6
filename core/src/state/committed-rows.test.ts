import { describe, expect, test } from "vitest";
import { standardSuite } from "../crypto/index.js";
import type { ByteString } from "../primitives/index.js";
import { InvariantError, ascii, utf8ToByteString } from "../primitives/index.js";
import { V2_9_0 } from "../protocol/index.js";
import { BlockTables } from "./block-tables.js";
import type { StateChanges } from "./changes.js";
import { CommittedRows } from "./committed-rows.js";
import type { KeyValueReader } from "./key-value.js";
import { MemoryStore } from "./memory-store.js";
import { rowKey } from "./row-key.js";
import { Row } from "./row.js";
import { stateRulesOf } from "./rules.js";

const TABLE = ascii("_sys_config_");
const KEY = ascii("limit");
const VALUE = ascii("value");

function tablesOf(rows: CommittedRows, parentNumber = 0): BlockTables {
  const rules = stateRulesOf(V2_9_0, standardSuite);
  return new BlockTables({ rows, rules, parentNumber, checkAuthority: true });
}

function inserting(rows: CommittedRows, value: string, key = KEY): StateChanges {
  const tables = tablesOf(rows);
  tables.openTable(TABLE)!.insert(key, new Row([[VALUE, ascii(value)]]));
  return tables.commit();
}

function updating(rows: CommittedRows, value: string): StateChanges {
  const tables = tablesOf(rows);
  tables.openTable(TABLE)!.update(KEY, new Map([[VALUE, ascii(value)]]));
  return tables.commit();
}

function valueOf(rows: CommittedRows, key = KEY): string | undefined {
  return rows.first(TABLE, key)?.cells.get(VALUE);
}

/** Counts reads of an underlying store. */
class CountingStore extends MemoryStore {
  reads = 0;

  override get(key: ByteString): Uint8Array | undefined {
    this.reads++;
    return super.get(key);
  }
}

test("B9: whatever calls read or write in their own tables, execution sees committed rows only", () => {
  const store = new MemoryStore();
  const rows = new CommittedRows(store);
  const prepared = rows.prepare(inserting(rows, "committed"));
  store.write(prepared.writes);
  rows.apply(prepared);

  const expected = tablesOf(rows);
  expected.openTable(TABLE)!.update(KEY, new Map([[VALUE, ascii("next")]]));
  const hash = expected.stateHash();

  // A call writes, removes, changes live rows and copies, and is dropped without commit.
  const call = tablesOf(rows);
  const table = call.openTable(TABLE)!;
  table.select(KEY)[0]!.set(VALUE, ascii("poison"));
  table.update(KEY, new Map([[VALUE, ascii("poison")]]));
  table.insert(KEY, new Row([[VALUE, ascii("poison")]]));
  table.insert(ascii("other"), new Row([[VALUE, ascii("poison")]]));
  table.select(KEY)[0]!.set(VALUE, ascii("poison"));
  table.remove(KEY);
  call.commit();

  expect(valueOf(rows)).toBe("committed");
  const block = tablesOf(rows);
  block.openTable(TABLE)!.update(KEY, new Map([[VALUE, ascii("next")]]));
  expect(block.stateHash()).toBe(hash);
  expect(block.openTable(TABLE)!.select(ascii("other"))).toEqual([]);
});

test("rows that a block goes on changing after its commit do not change what was committed", () => {
  const rows = new CommittedRows(new MemoryStore());
  const tables = tablesOf(rows);
  const row = new Row([[VALUE, ascii("1")]]);
  tables.openTable(TABLE)!.insert(KEY, row);
  const prepared = rows.prepare(tables.commit());
  row.set(VALUE, ascii("later"));
  rows.apply(prepared);
  expect(valueOf(rows)).toBe("1");
});

describe("storing", () => {
  test("until a block is applied every read shows the state before it, even when the store has the batch", () => {
    const store = new MemoryStore();
    const rows = new CommittedRows(store, { cacheBytesMax: 0 });
    const first = rows.prepare(inserting(rows, "1"));
    expect(valueOf(rows)).toBeUndefined();
    store.write(first.writes);
    expect(valueOf(rows)).toBeUndefined();
    rows.apply(first);
    expect(valueOf(rows)).toBe("1");
    const second = rows.prepare(updating(rows, "2"));
    store.write(second.writes);
    expect(valueOf(rows)).toBe("1");
    rows.apply(second);
    expect(valueOf(rows)).toBe("2");
  });

  test("one write for each changed key, holding all its rows, and one for the highest row id", () => {
    const rows = new CommittedRows(new MemoryStore());
    const prepared = rows.prepare(inserting(rows, "1"));
    expect(prepared.writes.map(({ key }) => key)).toEqual([rowKey(TABLE, KEY), "row-id"]);
    rows.apply(prepared);
    expect(rows.prepare(updating(rows, "2")).writes.map(({ key }) => key)).toEqual([rowKey(TABLE, KEY)]);
  });

  test("changes made on another state are refused", () => {
    const rows = new CommittedRows(new MemoryStore());
    const stale = inserting(rows, "1");
    rows.apply(rows.prepare(inserting(rows, "2")));
    expect(() => rows.prepare(stale)).toThrow(InvariantError);
  });

  test("keys of different tables never meet", () => {
    expect(rowKey(ascii("ab"), ascii("c"))).not.toBe(rowKey(ascii("a"), ascii("bc")));
  });

  test("a new process reads what the former one wrote", () => {
    const store = new MemoryStore();
    const rows = new CommittedRows(store);
    const binary = utf8ToByteString("ü€\0");
    const prepared = rows.prepare(inserting(rows, binary));
    store.write(prepared.writes);
    const reopened = new CommittedRows(store);
    expect(valueOf(reopened)).toBe(binary);
    expect(reopened.lastRowId).toBe(1);
  });
});

describe("the cache", () => {
  test("keeps what was read, also that there is nothing", () => {
    const store = new CountingStore();
    const rows = new CommittedRows(store);
    store.reads = 0;
    for (let i = 0; i < 5; i++) rows.rows(TABLE, KEY);
    expect(store.reads).toBe(1);
  });

  test("forgets what was not used for long, and never shows an older row again", () => {
    const store = new CountingStore();
    const rows = new CommittedRows(store, { cacheBytesMax: 20_000 });
    const commit = (changes: StateChanges): void => {
      const prepared = rows.prepare(changes);
      store.write(prepared.writes);
      rows.apply(prepared);
    };
    commit(inserting(rows, "0"));
    for (let i = 1; i <= 300; i++) {
      commit(updating(rows, String(i)));
      expect(valueOf(rows)).toBe(String(i));
      commit(inserting(rows, "x", ascii(`filler${i}`)));
    }
    store.reads = 0;
    for (let i = 1; i <= 300; i++) expect(valueOf(rows, ascii(`filler${i}`))).toBe("x");
    expect(store.reads).toBeGreaterThan(250);
  });
});

test("damaged rows end the process with the table and the key", () => {
  const store = new MemoryStore();
  const rows = new CommittedRows(store);
  const prepared = rows.prepare(inserting(rows, "1", ascii("a\n")));
  const damaged: KeyValueReader = {
    get: (key) => prepared.writes.find((write) => write.key === key)?.value?.subarray(0, 6),
  };
  const reading = (): unknown =>
    new CommittedRows({ get: (key) => (key === "row-id" ? undefined : damaged.get(key)) }).rows(TABLE, ascii("a\n"));
  expect(reading).toThrow(/damaged rows of table _sys_config_, key a\\x0a/);
  expect(() => new CommittedRows({ get: () => new Uint8Array([120]) })).toThrow(/highest row id/);
});
