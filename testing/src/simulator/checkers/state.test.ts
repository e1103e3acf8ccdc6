import { ascii } from "@tsbcos/core/primitives";
import { describe, expect, it } from "vitest";
import { checkSameState } from "./state.js";

const disk = (node: number, rows: Record<string, number>) => ({
  node,
  rows: new Map(Object.entries(rows).map(([key, value]) => [ascii(key), new Uint8Array([value])])),
});

describe("checkSameState", () => {
  it("accepts the same rows in any order, and different signatures of blocks", () => {
    checkSameState(disk(0, { a: 1, c: 2, b12: 3 }), disk(1, { b12: 4, c: 2, a: 1 }));
  });

  it("names a row that differs", () => {
    expect(() => checkSameState(disk(0, { a: 1 }), disk(1, { a: 2 }))).toThrow("n0 and n1 differ in the row a");
  });

  it("names a row that only one has, whichever it is", () => {
    expect(() => checkSameState(disk(0, { a: 1 }), disk(1, {}))).toThrow("only n0 has the row a");
    expect(() => checkSameState(disk(0, { c: 1 }), disk(1, { a: 1, c: 1 }))).toThrow("only n1 has the row a");
    expect(() => checkSameState(disk(0, { a: 1, c: 1, d: 1 }), disk(1, { a: 1, d: 1 }))).toThrow(
      "only n0 has the row c",
    );
  });
});
