import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StoreChange, setBigInt, toBigInt } from "../evm/index.js";
import { ascii } from "../primitives/index.js";
import { TableStorage } from "./contract-storage.js";
import { ALICE, TestChain } from "./testdata/test-chain.js";

function storage() {
  const tables = new TestChain().tables();
  const name = ascii("c_storage");
  tables.createTable(name, ascii("key"), ascii("value"));
  const undone = { value: 0 };
  const store = new TableStorage({ open: () => tables.openTable(name), undone, origin: ALICE });
  const s = new Uint32Array(16);
  return {
    read(slot: bigint) {
      setBigInt(s, 0, slot);
      store.load(s, 0);
      return toBigInt(s, 0);
    },
    write(slot: bigint, value: bigint) {
      setBigInt(s, 0, slot);
      setBigInt(s, 8, value);
      return store.store(s, 0, 8);
    },
    row: (slot: bigint) =>
      tables
        .openTable(name)
        ?.peek(ascii(String(slot)))
        ?.cells.get(ascii("value")),
    savepoint: () => tables.savepoint(),
    rollbackTo(savepoint: number) {
      tables.rollbackTo(savepoint);
      undone.value++;
    },
  };
}

const word = fc.oneof(fc.bigInt(0n, 2n ** 256n - 1n), fc.bigInt(0n, 3n), fc.constant(2n ** 32n));

describe("storage in rows", () => {
  it("keeps slot and value as decimal text", () => {
    fc.assert(
      fc.property(word, word, (slot, value) => {
        const { read, write, row } = storage();
        expect(read(slot)).toBe(0n);
        expect(write(slot, value)).toBe(value === 0n ? StoreChange.Unchanged : StoreChange.Added);
        expect(read(slot)).toBe(value);
        expect(row(slot)).toBe(value === 0n ? undefined : value.toString());
      }),
    );
  });

  it("says what a write changed, and writes nothing that is there already", () => {
    const { write, savepoint, row } = storage();
    expect(write(5n, 1n)).toBe(StoreChange.Added);
    const before = savepoint();
    expect(write(5n, 1n)).toBe(StoreChange.Unchanged);
    expect(savepoint()).toBe(before);
    expect(write(5n, 2n)).toBe(StoreChange.Modified);
    expect(write(5n, 0n)).toBe(StoreChange.Deleted);
    expect(row(5n)).toBe("0");
    expect(write(5n, 3n)).toBe(StoreChange.Added);
  });

  it("agrees with a map through any writes and undoing", () => {
    const step = fc.oneof(
      fc.record({ slot: fc.bigInt(0n, 3n), value: fc.bigInt(0n, 2n) }),
      fc.record({ slot: fc.constant(2n ** 200n), value: fc.bigInt(0n, 2n) }),
      fc.constant("mark" as const),
      fc.constant("undo" as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { read, write, savepoint, rollbackTo } = storage();
        let model = new Map<bigint, bigint>();
        const marks: { savepoint: number; model: Map<bigint, bigint> }[] = [];
        for (const action of steps) {
          if (action === "mark") marks.push({ savepoint: savepoint(), model: new Map(model) });
          else if (action === "undo") {
            const mark = marks.pop();
            if (mark === undefined) continue;
            rollbackTo(mark.savepoint);
            model = mark.model;
          } else {
            write(action.slot, action.value);
            model.set(action.slot, action.value);
          }
          for (const slot of [0n, 1n, 2n, 3n, 2n ** 200n]) expect(read(slot)).toBe(model.get(slot) ?? 0n);
        }
      }),
    );
  });
});
