import { describe, expect, test } from "vitest";
import { standardSuite } from "../crypto/index.js";
import type { ByteString } from "../primitives/index.js";
import { InvariantError, ascii, createRandom } from "../primitives/index.js";
import { V2_9_0 } from "../protocol/index.js";
import { BlockTables } from "./block-tables.js";
import { CommittedRows } from "./committed-rows.js";
import { historyRemovals, readerAfter } from "./history.js";
import type { KeyValueReader, StateWrite } from "./key-value.js";
import { MemoryStore } from "./memory-store.js";
import { rowKey } from "./row-key.js";
import { Row } from "./row.js";
import { stateRulesOf } from "./rules.js";

const TABLE = ascii("_sys_config_");
const VALUE = ascii("value");

/** Keys of one table, written block by block with history. */
class Chain {
  reads = 0;
  number = 0;
  readonly #store = new MemoryStore();
  readonly #rows: CommittedRows;
  readonly written: StateWrite[][] = [];

  constructor(options: { readonly notesHistory?: boolean } = {}) {
    this.#rows = new CommittedRows(this.#store, { keepsHistory: true, ...options });
  }

  /** Removes what was kept for states before a block. */
  forgetBefore(block: number): void {
    const removals = historyRemovals(this.#store, block);
    this.#store.write(removals);
    this.written.push(removals);
  }

  /** Rows that were kept of past states and are still there. */
  get kept(): number {
    const keys = this.written.flat().filter(({ key }) => /^[vwx]/.test(key));
    return new Set(keys.map(({ key }) => key).filter((key) => this.#store.get(key) !== undefined)).size;
  }

  get reader(): KeyValueReader {
    return {
      get: (key) => {
        this.reads++;
        return this.#store.get(key);
      },
    };
  }

  /** One block; undefined removes a key. */
  block(number: number, values: Readonly<Record<string, string | undefined>>): void {
    const rules = stateRulesOf(V2_9_0, standardSuite);
    const tables = new BlockTables({ rows: this.#rows, rules, parentNumber: number - 1, checkAuthority: false });
    const table = tables.openTable(TABLE)!;
    for (const [key, value] of Object.entries(values)) {
      if (value === undefined) table.remove(ascii(key));
      else if (table.peek(ascii(key)) === undefined) table.insert(ascii(key), new Row([[VALUE, ascii(value)]]));
      else table.update(ascii(key), new Map([[VALUE, ascii(value)]]));
    }
    const prepared = this.#rows.prepare(tables.commit());
    this.#store.write(prepared.writes);
    this.written.push([...prepared.writes]);
    this.#rows.apply(prepared);
    this.number = number;
  }

  /** Value of a key after a block. */
  valueAfter(block: number, key: string): string | undefined {
    return new CommittedRows(readerAfter(this.reader, block)).first(TABLE, ascii(key))?.cells.get(VALUE);
  }
}

describe("a store as it was after a block", () => {
  test("shows values before, at and behind each change, and what was not there yet or not any more", () => {
    const chain = new Chain();
    chain.block(3, { a: "first" });
    chain.block(5, { a: "second", b: "x" });
    chain.block(6, { a: undefined });
    chain.block(9, { a: "again" });
    const values = Array.from({ length: 11 }, (_, block) => chain.valueAfter(block, "a"));
    const expected = [undefined, undefined, undefined, "first", "first", "second"];
    expect(values).toEqual([...expected, undefined, undefined, undefined, "again", "again"]);
    expect([3, 4, 5, 6].map((block) => chain.valueAfter(block, "b"))).toEqual([undefined, undefined, "x", "x"]);
    expect(chain.valueAfter(9, "never written")).toBeUndefined();
  });

  test("shows the very bytes of the rows, and other keys as they are", () => {
    const chain = new Chain();
    const key = rowKey(TABLE, ascii("a"));
    const seen: (Uint8Array | undefined)[] = [chain.reader.get(key)];
    for (let block = 1; block <= 200; block++) {
      chain.block(block, block % 3 === 0 ? { other: String(block) } : { a: String(block) });
      seen[block] = chain.reader.get(key);
    }
    for (let block = 0; block <= 200; block++) {
      expect(readerAfter(chain.reader, block).get(key)).toEqual(seen[block]);
      expect(readerAfter(chain.reader, block).get(ascii("row-id"))).toEqual(chain.reader.get(ascii("row-id")));
    }
  });

  test("agrees with a model in which every state is kept, for keys that change often and seldom", () => {
    const random = createRandom("state history");
    const chain = new Chain();
    const states = new Map<number, ReadonlyMap<string, string>>();
    const state = new Map<string, string>();
    for (let block = 1; block <= 1500; block += 1 + random.below(random.chance(0.02) ? 200 : 2)) {
      const values: Record<string, string | undefined> = {};
      for (const [key, chance] of Object.entries({ always: 1, often: 0.4, seldom: 0.02, once: 0.001 })) {
        if (random.chance(chance)) values[key] = random.chance(0.1) ? undefined : `${key} ${block}`;
      }
      for (const [key, value] of Object.entries(values)) {
        if (value === undefined) state.delete(key);
        else state.set(key, value);
      }
      if (Object.keys(values).length > 0) chain.block(block, values);
      states.set(block, new Map(state));
    }
    for (const [block, then] of states) {
      for (const key of ["always", "often", "seldom", "once"]) expect(chain.valueAfter(block, key)).toBe(then.get(key));
    }
  });

  test("takes few reads, however often a key has changed since", () => {
    const chain = new Chain();
    const blocks = 5000;
    for (let block = 1; block <= blocks; block++) chain.block(block, { a: String(block) });
    let most = 0;
    for (let block = 1; block < blocks; block += 7) {
      chain.reads = 0;
      expect(chain.valueAfter(block, "a")).toBe(String(block));
      most = Math.max(most, chain.reads);
    }
    // Three levels of 31 steps with two reads each, and the first and last ones.
    expect(most).toBeLessThan(220);
  });

  test("costs one row for a change, and next to nothing for way points", () => {
    const chain = new Chain();
    for (let block = 1; block <= 1024; block++) chain.block(block, { a: String(block) });
    const kinds = (kind: string): number => chain.written.flat().filter(({ key }) => key.startsWith(kind)).length;
    expect(kinds("v")).toBe(1024);
    expect(kinds("w")).toBe(1024 / 32 + 1);
  });

  test("agrees with the model also where earlier states are removed, and nothing of those stays", () => {
    const random = createRandom("bounded history");
    const chain = new Chain({ notesHistory: true });
    const states: ReadonlyMap<string, string>[] = [new Map()];
    const state = new Map<string, string>();
    const length = 70;
    for (let block = 1; block <= 3000; block++) {
      const values: Record<string, string> = {};
      for (const [key, chance] of Object.entries({ always: 1, often: 0.4, seldom: 0.01 })) {
        if (random.chance(chance)) values[key] = `${key} ${block}`;
      }
      for (const [key, value] of Object.entries(values)) state.set(key, value);
      chain.block(block, values);
      states[block] = new Map(state);
      if (block > length) chain.forgetBefore(block - length);
      if (block % 97 !== 0) continue;
      for (let then = Math.max(0, block - length); then <= block; then += 1 + random.below(9)) {
        for (const key of ["always", "often", "seldom"]) {
          expect([block, then, chain.valueAfter(then, key)]).toEqual([block, then, states[then]?.get(key)]);
        }
      }
      if (block > length) expect(() => chain.valueAfter(block - length - 1, "always")).toThrow(InvariantError);
    }
    // A note a block; a version each for what changed since, and some way points.
    expect(chain.kept).toBeLessThan(length * 3);
    for (let block = 3000 - length; block <= 3000; block++) chain.forgetBefore(block);
    expect(chain.kept).toBe(0);
  });

  test("a block that was not noted, or removed before, has nothing to remove; a damaged note is noticed", () => {
    const chain = new Chain();
    chain.block(1, { a: "1" });
    expect(historyRemovals(chain.reader, 1)).toEqual([]);
    expect(() => historyRemovals({ get: () => Uint8Array.of(0xc2, 0x83) }, 1)).toThrow(InvariantError);
  });

  test("a version that is lost is noticed, not passed over", () => {
    const chain = new Chain();
    chain.block(1, { a: "1" });
    chain.block(2, { a: "2" });
    const lost: KeyValueReader = {
      get: (key: ByteString) => (key.startsWith("v") ? undefined : chain.reader.get(key)),
    };
    expect(() => readerAfter(lost, 1).get(rowKey(TABLE, ascii("a")))).toThrow(InvariantError);
  });
});
