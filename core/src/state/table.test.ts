import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { standardSuite } from "../crypto/index.js";
import type { Address, ByteString } from "../primitives/index.js";
import { ascii } from "../primitives/index.js";
import { V2_0_0, V2_4_0, V2_5_0, V2_9_0 } from "../protocol/index.js";
import type { SupportedVersion } from "../protocol/index.js";
import { BlockTables } from "./block-tables.js";
import { CommittedRows } from "./committed-rows.js";
import { Condition } from "./condition.js";
import { NO_PERMISSION, UnknownColumnError } from "./errors.js";
import { MemoryStore } from "./memory-store.js";
import { Row } from "./row.js";
import { stateRulesOf } from "./rules.js";
import { SYS_TABLES, SYS_TABLE_ACCESS } from "./table-info.js";
import type { Table } from "./table.js";

const PEOPLE = ascii("u_people");
const ALICE = "a".repeat(40) as Address;
const BOB = "b".repeat(40) as Address;

/** A chain of blocks over one store. */
class TestChain {
  readonly store = new MemoryStore();
  readonly rows = new CommittedRows(this.store);
  readonly version: SupportedVersion;
  number = 0;

  constructor(version: SupportedVersion = V2_9_0) {
    this.version = version;
  }

  tables(): BlockTables {
    const rules = stateRulesOf(this.version, standardSuite);
    return new BlockTables({ rows: this.rows, rules, parentNumber: this.number, checkAuthority: true });
  }

  /** Runs `write` as one block and commits it. */
  block(write: (tables: BlockTables) => void): void {
    const tables = this.tables();
    write(tables);
    const prepared = this.rows.prepare(tables.commit());
    this.store.write(prepared.writes);
    this.rows.apply(prepared);
    this.number++;
  }

  /** A chain whose block 1 created the table of people. */
  static withPeople(version?: SupportedVersion): TestChain {
    const chain = new TestChain(version);
    chain.block((tables) => tables.createTable(PEOPLE, ascii("name"), ascii("city,age")));
    return chain;
  }
}

function people(tables: BlockTables): Table {
  return tables.openTable(PEOPLE)!;
}

function row(cells: Record<string, string>): Row {
  return new Row(Object.entries(cells) as [ByteString, ByteString][]);
}

function cells(cells: Record<string, string>): Map<ByteString, ByteString> {
  return new Map(Object.entries(cells) as [ByteString, ByteString][]);
}

/** What a select shows, as plain objects. */
function shown(rows: readonly Row[]): Record<string, string>[] {
  return rows.map((found) => Object.fromEntries(found.cells));
}

const key = ascii("k");

describe("select", () => {
  test("gives committed rows in order of id, then new ones in order of insertion", () => {
    const chain = TestChain.withPeople();
    chain.block((tables) => {
      people(tables).insert(key, row({ city: "a", age: "2" }));
      people(tables).insert(key, row({ city: "z", age: "1" }));
    });
    const table = people(chain.tables());
    table.insert(key, row({ city: "new" }));
    // Ids follow the order of the hash, in which the first column, age, decides.
    expect(shown(table.select(key))).toEqual([
      { name: "k", city: "z", age: "1" },
      { name: "k", city: "a", age: "2" },
      { name: "k", city: "new" },
    ]);
    expect(table.select(key).map(({ id }) => id)).toEqual([2, 3, 0]);
  });

  test("hands out a private copy of an untouched committed row, the live object of a touched or new one", () => {
    const chain = TestChain.withPeople();
    chain.block((tables) => people(tables).insert(key, row({ city: "a" })));
    const table = people(chain.tables());
    table.select(key)[0]!.set(ascii("city"), ascii("changed"));
    expect(shown(table.select(key))).toEqual([{ name: "k", city: "a" }]);
    table.update(key, cells({ city: "b" }));
    table.select(key)[0]!.set(ascii("city"), ascii("live"));
    expect(shown(table.select(key))).toEqual([{ name: "k", city: "live" }]);
    table.insert(key, row({ city: "n" }));
    expect(table.select(key)[1]).toBe(table.select(key)[1]);
    expect(chain.rows.rows(PEOPLE, key)[0]!.cells.get(ascii("city"))).toBe("a");
  });

  test("judges committed rows by their committed values and, from 2.5.0, again by the present ones", () => {
    for (const [version, expected] of [
      [V2_4_0, 1],
      [V2_5_0, 0],
    ] as const) {
      const chain = TestChain.withPeople(version);
      chain.block((tables) => people(tables).insert(key, row({ city: "old" })));
      const table = people(chain.tables());
      table.update(key, cells({ city: "now" }));
      expect(table.select(key, new Condition().eq(ascii("city"), ascii("old")))).toHaveLength(expected);
    }
  });

  test("finds an updated row by its present values only from 2.5.0 on, in order of id", () => {
    for (const [version, expected] of [
      [V2_4_0, []],
      [V2_5_0, [2, 3]],
    ] as const) {
      const chain = TestChain.withPeople(version);
      chain.block((tables) => {
        people(tables).insert(key, row({ city: "a", age: "1" }));
        people(tables).insert(key, row({ city: "b", age: "2" }));
      });
      const table = people(chain.tables());
      table.update(key, cells({ city: "now" }), new Condition().eq(ascii("city"), ascii("b")));
      table.update(key, cells({ city: "now" }), new Condition().eq(ascii("city"), ascii("a")));
      const found = table.select(key, new Condition().eq(ascii("city"), ascii("now")));
      expect(found.map(({ id }) => id)).toEqual(expected);
    }
  });

  test("hides a row removed in this block from 2.5.0 on; before, the live row is still shown", () => {
    for (const [version, expected] of [
      [V2_4_0, 1],
      [V2_5_0, 0],
    ] as const) {
      const chain = TestChain.withPeople(version);
      chain.block((tables) => people(tables).insert(key, row({ city: "a" })));
      const table = people(chain.tables());
      expect(table.remove(key)).toBe(1);
      expect(table.select(key)).toHaveLength(expected);
      expect(table.peek(key) === undefined).toBe(expected === 0);
    }
  });

  test("hides rows removed in former blocks, which stay stored in their place", () => {
    const chain = TestChain.withPeople();
    chain.block((tables) => people(tables).insert(key, row({ city: "a" })));
    chain.block((tables) => people(tables).remove(key));
    expect(people(chain.tables()).select(key)).toEqual([]);
    expect(chain.rows.rows(PEOPLE, key)).toMatchObject([{ id: 2, status: 1, num: 3 }]);
  });

  test("peek shows the first selected row, without making it dirty", () => {
    const chain = TestChain.withPeople();
    const table = people(chain.tables());
    expect(table.peek(key)).toBeUndefined();
    table.insert(key, row({ city: "new" }));
    expect(table.peek(key)?.cells.get(ascii("city"))).toBe("new");
    chain.block((tables) => people(tables).insert(key, row({ city: "stored" })));
    const later = people(chain.tables());
    expect(later.peek(key)?.cells.get(ascii("city"))).toBe("stored");
    expect(later.written).toBe(false);
    later.update(key, cells({ city: "updated" }));
    expect(later.peek(key)?.cells.get(ascii("city"))).toBe("updated");
  });
});

describe("writes", () => {
  test("insert never looks for duplicates, and takes the very object", () => {
    const table = people(TestChain.withPeople().tables());
    const twice = row({ city: "a" });
    expect(table.insert(key, twice)).toBe(1);
    expect(table.insert(key, twice)).toBe(1);
    expect(table.select(key)).toEqual([twice, twice]);
  });

  test("update never changes the key column, and counts rows", () => {
    const chain = TestChain.withPeople();
    chain.block((tables) => {
      people(tables).insert(key, row({ city: "a" }));
      people(tables).insert(key, row({ city: "b" }));
    });
    const table = people(chain.tables());
    expect(table.update(key, cells({ name: "other", age: "7" }))).toBe(2);
    expect(shown(table.select(key))).toEqual([
      { name: "k", city: "a", age: "7" },
      { name: "k", city: "b", age: "7" },
    ]);
    expect(table.update(ascii("nobody"), cells({ age: "7" }))).toBe(0);
  });

  test("a column outside the schema is refused before anything happens", () => {
    const table = people(TestChain.withPeople().tables());
    expect(() => table.insert(key, row({ street: "x" }))).toThrow(UnknownColumnError);
    expect(() => table.update(key, cells({ street: "x" }))).toThrow(UnknownColumnError);
    expect(table.written).toBe(false);
    expect(table.insert(key, row({ city: "x", _status_: "0" }))).toBe(1);
  });

  test("a row of another key can be a row of two keys at once", () => {
    const table = people(TestChain.withPeople().tables());
    const shared = row({ city: "a" });
    table.insert(ascii("k1"), shared);
    table.insert(ascii("k2"), shared);
    // Its key column says k2 now, so it is not found under k1 any more.
    expect(table.select(ascii("k1"))).toEqual([]);
    expect(table.select(ascii("k2"))).toEqual([shared]);
  });
});

describe("undo", () => {
  test("takes back inserts, updates and removals, the latest first", () => {
    const chain = TestChain.withPeople();
    chain.block((tables) => people(tables).insert(key, row({ city: "a", age: "1" })));
    const tables = chain.tables();
    const table = people(tables);
    table.update(key, cells({ city: "kept" }));
    const savepoint = tables.savepoint();
    table.update(key, cells({ city: "b" }));
    table.update(key, cells({ city: "c" }));
    table.insert(key, row({ city: "new" }));
    table.remove(key);
    tables.rollbackTo(savepoint);
    expect(shown(table.select(key))).toEqual([{ name: "k", city: "kept", age: "1" }]);
  });

  test("a column that the update introduced stays, empty", () => {
    const tables = TestChain.withPeople().tables();
    const table = people(tables);
    table.insert(key, row({ city: "a" }));
    const savepoint = tables.savepoint();
    table.update(key, cells({ age: "5" }));
    tables.rollbackTo(savepoint);
    expect(shown(table.select(key))).toEqual([{ name: "k", city: "a", age: "" }]);
  });

  test("a table created in an undone frame stays open, without its description", () => {
    const tables = new TestChain().tables();
    const savepoint = tables.savepoint();
    tables.createTable(PEOPLE, ascii("name"), ascii("city"));
    tables.rollbackTo(savepoint);
    expect(tables.openTable(PEOPLE)).toBeDefined();
    expect(tables.openTable(SYS_TABLES)!.select(PEOPLE)).toEqual([]);
    // The name is free again: creating it gives the same open table.
    expect(tables.createTable(PEOPLE, ascii("name"), ascii("city"))).toBe("created");
  });

  test("of an update that hit one object twice restores the older value last written, as records stand", () => {
    const tables = TestChain.withPeople().tables();
    const table = people(tables);
    const twice = row({ city: "a" });
    table.insert(key, twice);
    table.insert(key, twice);
    const savepoint = tables.savepoint();
    table.update(key, cells({ city: "b" }));
    tables.rollbackTo(savepoint);
    // Records are undone in the order they were made: a -> b first, then b -> b.
    expect(twice.get(ascii("city"))).toBe("b");
  });

  test("nothing can be undone after the log was cleared", () => {
    const tables = TestChain.withPeople().tables();
    people(tables).insert(key, row({ city: "a" }));
    tables.clearUndo();
    tables.rollbackTo(0);
    expect(people(tables).select(key)).toHaveLength(1);
    expect(() => tables.rollbackTo(1)).toThrow("savepoint");
  });
});

describe("writer lists", () => {
  function grant(tables: BlockTables, table: ByteString, address: string, enableNum: number): void {
    tables.openTable(SYS_TABLE_ACCESS)!.insert(table, row({ address, enable_num: String(enableNum) }));
  }

  test("everybody writes a table without a list; with one, only those on it", () => {
    const chain = TestChain.withPeople();
    expect(people(chain.tables()).mayWrite(BOB)).toBe(true);
    chain.block((tables) => grant(tables, PEOPLE, `0x${ALICE.toUpperCase()}`, 2));
    const table = people(chain.tables());
    expect(table.mayWrite(ALICE)).toBe(true);
    expect(table.insert(key, row({ city: "a" }), { origin: BOB })).toBe(NO_PERMISSION);
    expect(table.update(key, cells({ city: "a" }), undefined, { origin: BOB })).toBe(NO_PERMISSION);
    expect(table.remove(key, undefined, { origin: BOB })).toBe(NO_PERMISSION);
    expect(table.written).toBe(false);
    expect(table.insert(key, row({ city: "a" }), { origin: ALICE })).toBe(1);
    expect(table.insert(key, row({ city: "b" }))).toBe(1);
  });

  test("a grant counts from the next block on, a revocation at once for tables not yet open", () => {
    const chain = TestChain.withPeople();
    const granting = chain.tables();
    grant(granting, PEOPLE, ALICE, chain.number + 1);
    expect(people(granting).mayWrite(BOB)).toBe(true);
    chain.block((tables) => grant(tables, PEOPLE, ALICE, chain.number + 1));
    const revoking = chain.tables();
    revoking.openTable(SYS_TABLE_ACCESS)!.remove(PEOPLE);
    expect(people(revoking).mayWrite(BOB)).toBe(true);
    const open = chain.tables();
    const opened = people(open);
    open.openTable(SYS_TABLE_ACCESS)!.remove(PEOPLE);
    expect(opened.mayWrite(BOB)).toBe(false);
  });

  test("an address text of another length means the zero address", () => {
    const chain = TestChain.withPeople();
    chain.block((tables) => grant(tables, PEOPLE, "0x1234", 0));
    expect(people(chain.tables()).mayWrite(BOB)).toBe(false);
    expect(people(chain.tables()).mayWrite("0".repeat(40) as Address)).toBe(true);
  });

  test("the list of `_sys_tables_` decides who may create tables; account tables are not asked", () => {
    const chain = new TestChain();
    chain.block((tables) => grant(tables, SYS_TABLES, ALICE, 0));
    const tables = chain.tables();
    expect(tables.createTable(PEOPLE, ascii("name"), ascii("city"), { origin: BOB })).toBe("no-permission");
    expect(tables.openTable(PEOPLE)).toBeUndefined();
    expect(tables.createTable(ascii("c_1"), ascii("key"), ascii("value"))).toBe("created");
    expect(tables.createTable(PEOPLE, ascii("name"), ascii("city"), { origin: ALICE })).toBe("created");
    expect(tables.createTable(PEOPLE, ascii("name"), ascii("city"), { origin: ALICE })).toBe("exists");
  });

  test("a table opened without authority has no list for the rest of the block", () => {
    const chain = TestChain.withPeople();
    chain.block((tables) => grant(tables, PEOPLE, ALICE, 0));
    const tables = chain.tables();
    expect(tables.openTable(PEOPLE, { authority: false })!.mayWrite(BOB)).toBe(true);
    expect(tables.openTable(PEOPLE)!.mayWrite(BOB)).toBe(true);
  });

  test("the committee's own list guards the list of lists", () => {
    const chain = new TestChain();
    chain.block((tables) => grant(tables, SYS_TABLE_ACCESS, ALICE, 0));
    expect(chain.tables().openTable(SYS_TABLE_ACCESS)!.mayWrite(BOB)).toBe(false);
    expect(chain.tables().openTable(SYS_TABLE_ACCESS)!.mayWrite(ALICE)).toBe(true);
  });
});

describe("properties", () => {
  type Operation = { readonly type: "insert" | "update" | "remove"; readonly key: string; readonly city: string };
  const operation = fc.record({
    type: fc.constantFrom("insert", "update", "remove"),
    key: fc.constantFrom("k1", "k2", "k3"),
    city: fc.constantFrom("a", "b", ""),
  }) as fc.Arbitrary<Operation>;
  const operations = fc.array(operation, { maxLength: 12 });

  function perform(table: Table, list: readonly Operation[]): void {
    for (const { type, key: at, city } of list) {
      if (type === "insert") table.insert(ascii(at), row({ city }));
      else if (type === "update") table.update(ascii(at), cells({ city }));
      else table.remove(ascii(at), new Condition().eq(ascii("city"), ascii(city)));
    }
  }

  function visible(table: Table): unknown {
    return ["k1", "k2", "k3"].map((at) => table.select(ascii(at)).map((found) => [found.id, ...found.cells]));
  }

  const versions = fc.constantFrom(V2_5_0, V2_9_0);

  test("rolling back to a savepoint leaves the visible rows as they were", () => {
    fc.assert(
      fc.property(versions, operations, operations, operations, (version, stored, before, undone) => {
        const chain = TestChain.withPeople(version);
        chain.block((tables) => perform(people(tables), stored));
        const tables = chain.tables();
        perform(people(tables), before);
        const expected = visible(people(tables));
        const savepoint = tables.savepoint();
        perform(people(tables), undone);
        tables.rollbackTo(savepoint);
        expect(visible(people(tables))).toEqual(expected);
      }),
    );
  });

  test("a committed block shows the rows it showed before, and the same from a cold cache", () => {
    fc.assert(
      fc.property(versions, operations, operations, (version, first, second) => {
        const chain = TestChain.withPeople(version);
        chain.block((tables) => perform(people(tables), first));
        let expected: unknown;
        chain.block((tables) => {
          perform(people(tables), second);
          expected = ["k1", "k2", "k3"].map((at) =>
            shown(people(tables).select(ascii(at)))
              .map(sorted)
              .sort(),
          );
        });
        const warm = people(chain.tables());
        const actual = ["k1", "k2", "k3"].map((at) =>
          shown(warm.select(ascii(at)))
            .map(sorted)
            .sort(),
        );
        expect(actual).toEqual(expected);
        const rules = stateRulesOf(version, standardSuite);
        const rows = new CommittedRows(chain.store, { cacheBytesMax: 0 });
        const cold = new BlockTables({ rows, rules, parentNumber: chain.number, checkAuthority: true });
        expect(visible(people(cold))).toEqual(visible(warm));
      }),
    );
  });

  function sorted(cellsOfRow: Record<string, string>): string {
    return JSON.stringify(Object.entries(cellsOfRow).sort());
  }
});

test("versions before 2.5.0 hash every opened table, so that opening one opens the two it depends on", () => {
  const chain = TestChain.withPeople(V2_0_0);
  const tables = chain.tables();
  people(tables);
  expect(tables.tableHashes().map(({ name }) => name)).toEqual([SYS_TABLE_ACCESS, SYS_TABLES, PEOPLE]);
});
