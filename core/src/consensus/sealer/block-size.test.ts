import { describe, expect, test } from "vitest";
import { BlockSize } from "./block-size.js";

const CALM = { limit: 1000, syncing: false };

function sized(options: { dynamic?: boolean; increaseRatio?: number } = {}): BlockSize {
  return new BlockSize({ dynamic: true, increaseRatio: 0.5, limit: 1000, ...options });
}

describe("the size of proposals", () => {
  test("starts at the limit of the chain, and follows it down", () => {
    expect(sized().max(1000)).toBe(1000);
    expect(sized().max(10)).toBe(10);
  });

  test("is halved by each time-out, down to one", () => {
    const size = sized();
    const seen: number[] = [];
    for (let i = 0; i < 12; i++) {
      size.timedOut(500, CALM);
      seen.push(size.max(1000));
    }
    expect(seen).toEqual([500, 250, 125, 62, 31, 15, 7, 3, 1, 1, 1, 1]);
  });

  test("waits out as many blocks as there were time-outs, then doubles up to what timed out", () => {
    const size = sized();
    size.timedOut(800, CALM);
    size.timedOut(500, CALM);
    expect(size.max(1000)).toBe(250);
    const seen: number[] = [];
    for (let i = 0; i < 5; i++) {
      size.committed(200, CALM);
      seen.push(size.max(1000));
    }
    expect(seen).toEqual([250, 250, 500, 500, 500]);
  });

  test("creeps past a size that timed out once, when blocks of that size are agreed again", () => {
    const size = sized();
    size.timedOut(100, CALM);
    size.committed(100, CALM);
    for (let i = 0; i < 3; i++) size.committed(100, CALM);
    // A tenth above the largest agreed block becomes the size to be careful of.
    expect(size.max(1000)).toBe(500);
    for (let i = 0; i < 40; i++) size.committed(Math.min(1000, 500 + i * 20), CALM);
    expect(size.max(1000)).toBe(1000);
  });

  test("does not learn from blocks that synchronisation brought", () => {
    const size = sized();
    size.timedOut(800, CALM);
    for (let i = 0; i < 5; i++) size.committed(1000, { limit: 1000, syncing: true });
    expect(size.max(1000)).toBe(500);
  });

  test("never changes when it is switched off, and grows by one when the ratio is zero", () => {
    const fixed = sized({ dynamic: false });
    fixed.timedOut(800, CALM);
    expect(fixed.max(1000)).toBe(1000);
    const slow = sized({ increaseRatio: 0 });
    slow.timedOut(800, CALM);
    slow.committed(10, CALM);
    slow.committed(10, CALM);
    expect(slow.max(1000)).toBe(501);
  });
});
