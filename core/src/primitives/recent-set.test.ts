import { expect, test } from "vitest";
import { RecentSet } from "./recent-set.js";

test("the newest half of the bound is always remembered, and the bound is never exceeded", () => {
  const set = new RecentSet<number>(10);
  for (let value = 0; value < 1000; value++) {
    expect(set.add(value)).toBe(true);
    expect(set.size).toBeLessThanOrEqual(10);
    for (let recent = Math.max(0, value - 4); recent <= value; recent++) expect(set.has(recent)).toBe(true);
  }
  expect(set.has(0)).toBe(false);
});

test("a remembered value is not added twice, and can be forgotten from either generation", () => {
  const set = new RecentSet<string>(4);
  for (const value of ["a", "b", "c"]) set.add(value);
  expect(set.add("a")).toBe(false);
  expect(set.delete("a")).toBe(true);
  expect(set.delete("c")).toBe(true);
  expect(set.delete("c")).toBe(false);
  expect(set.size).toBe(1);
  set.clear();
  expect(set.size).toBe(0);
});
