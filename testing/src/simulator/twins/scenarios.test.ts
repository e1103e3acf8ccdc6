import { describe, expect, it } from "vitest";
import {
  ENUMERATED,
  NODES,
  PARTITIONS,
  PRUNED,
  ROUND_CLASSES,
  roundClass,
  ROUNDS,
  scenarioOf,
  swapped,
} from "./scenarios.js";

describe("scenarios of twins", () => {
  it("know all 52 ways to cut five instances, each once", () => {
    expect(PARTITIONS).toHaveLength(52);
    expect(new Set(PARTITIONS).size).toBe(52);
    const bySets = [1, 2, 3, 4, 5].map((sets) => PARTITIONS.filter((cut) => new Set(cut).size === sets).length);
    expect(bySets).toEqual([1, 15, 25, 10, 1]);
  });

  it("take the exchange of twinned node and twin for the same cut, and nothing else", () => {
    expect(swapped("00011", 0)).toBe("01101");
    for (const cut of PARTITIONS) {
      expect(PARTITIONS).toContain(swapped(cut, 2));
      expect(swapped(swapped(cut, 2), 2)).toBe(cut);
    }
    // Those that do not change: both in one set, or both alone.
    expect(PARTITIONS.filter((cut) => swapped(cut, 1) === cut)).toHaveLength(15 + 5);
  });

  it("leave out one of two scenarios that mirror each other, and no other", () => {
    // Orbits of an exchange: half of all pairs, and half of those that it leaves alone.
    expect(ENUMERATED).toHaveLength((NODES * (52 ** 2 + 20 ** 2)) / 2);
    expect(PRUNED).toBe(NODES * 52 ** 2 - ENUMERATED.length);
    const kept = new Set(ENUMERATED.map(({ twinned, first, second }) => `${twinned} ${first} ${second}`));
    for (const first of PARTITIONS) {
      for (const second of PARTITIONS) {
        const mirrored = `3 ${swapped(first, 3)} ${swapped(second, 3)}`;
        expect(kept.has(`3 ${first} ${second}`) || kept.has(mirrored)).toBe(true);
      }
    }
  });

  it("begin with every pair of a partition and a leader that differ from the twinned node's place", () => {
    expect(ROUND_CLASSES).toBe(36 * 4);
    // Sealer 0 leads at height 1 in view 0.
    const first = new Set(ENUMERATED.map(({ twinned, first: cut }) => roundClass(cut, twinned, 0)));
    expect(first.size).toBe(ROUND_CLASSES);
    expect(roundClass("00111", 0, 0)).toBe(roundClass("10011", 1, 1));
  });

  it("have the same partitions for the same number, and drawn ones behind the enumerated", () => {
    expect(scenarioOf(1)).toEqual(scenarioOf(1));
    expect(scenarioOf(ENUMERATED.length).kind).toBe("enumerated");
    const drawn = scenarioOf(ENUMERATED.length + 1);
    expect(drawn).toEqual(scenarioOf(ENUMERATED.length + 1));
    expect(drawn.kind).toBe("sampled");
    expect(drawn.partitions).toHaveLength(ROUNDS);
    expect(ROUNDS).toBeGreaterThanOrEqual(7);
  });
});
