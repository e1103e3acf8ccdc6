import { createRandom, groupId } from "@tsbcos/core/primitives";
import { describe, expect, it } from "vitest";
import { drawCuts, standsCut } from "./cuts.js";
import { twinOptions } from "./options.js";
import type { GroupShape } from "./options.js";

const shape = (more: Partial<GroupShape>): GroupShape => ({
  ...twinOptions(1).groups[0],
  groupId: groupId(1),
  liarCount: 0,
  ...more,
});

function drawMany(groups: readonly GroupShape[], alive: readonly number[]) {
  return Array.from({ length: 200 }, (_, seed) => drawCuts(createRandom(seed), alive, groups));
}

describe("lasting cuts", () => {
  it("are drawn in some runs, among those who are there, and no node loses two links", () => {
    const drawn = drawMany([shape({})], [0, 2, 3]);
    const some = drawn.filter((cuts) => cuts.length > 0);
    expect(some.length).toBeGreaterThan(20);
    expect(some.length).toBeLessThan(100);
    for (const cuts of some) {
      const ends = cuts.flat();
      expect(new Set(ends).size).toBe(ends.length);
      expect(ends).not.toContain(1);
    }
    const seven = drawMany([shape({ members: [0, 1, 2, 3, 4, 5, 6] })], [0, 1, 2, 3, 4, 5, 6]);
    expect(seven.some((cuts) => cuts.length === 2)).toBe(true);
  });

  it("leave a third sealer that reaches both, in each group of the two", () => {
    const small = shape({ members: [0, 1, 2], observerCount: 1 });
    expect(standsCut(small, [0, 2], [0, 1, 2])).toBe(true);
    expect(standsCut(small, [0, 1], [0, 1, 2])).toBe(false);
    expect(standsCut(shape({}), [0, 1], [0, 1])).toBe(false);
    for (const cuts of drawMany([small, shape({})], [0, 1, 2, 3])) expect(cuts).not.toContainEqual([0, 1]);
  });

  it("spare those whom nobody passes messages on for", () => {
    const all = [0, 1, 2, 3];
    expect(standsCut(shape({ consensus: "raft" }), [0, 1], [0, 1, 2])).toBe(false);
    expect(standsCut(shape({ consensus: "raft" }), [0, 1], all)).toBe(true);
    expect(standsCut(shape({ consensus: "raft", members: [0, 1, 2, 3, 4] }), [0, 1], [0, 1, 2])).toBe(false);
    expect(standsCut(shape({ consensus: "raft", members: [0, 1, 2, 3, 4] }), [0, 1], all)).toBe(true);
    expect(standsCut(shape({ consensus: "raft", members: [0, 2, 3] }), [0, 1], all)).toBe(true);
    expect(standsCut(shape({ consensus: "rpbft" }), [0, 1], all)).toBe(false);
    expect(standsCut(shape({ consensus: "rpbft", liarCount: 1, epochSealers: 3 }), [0, 1], all)).toBe(false);
    expect(standsCut(shape({ consensus: "rpbft", liarCount: 1, epochSealers: 4 }), [0, 1], all)).toBe(true);
    expect(standsCut(shape({ consensus: "solo" }), [0, 1], all)).toBe(true);
  });
});
