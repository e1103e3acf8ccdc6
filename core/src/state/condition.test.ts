import { describe, expect, test } from "vitest";
import { standardSuite } from "../crypto/index.js";
import { ascii } from "../primitives/index.js";
import { V2_0_0, V2_2_0, V2_3_0, V2_9_0 } from "../protocol/index.js";
import { Condition } from "./condition.js";
import { Row } from "./row.js";
import { stateRulesOf } from "./rules.js";

const rules = stateRulesOf(V2_9_0, standardSuite);
const age = ascii("age");

function aged(text: string): Row {
  return new Row([[age, ascii(text)]]);
}

/** Which of the values a condition on them lets through. */
function passing(condition: Condition, values: readonly string[], by = rules): string[] {
  return values.filter((value) => condition.matches(aged(value), by));
}

describe("ranges", () => {
  const values = ["-3", "2", "3", "03", "", "x", "9223372036854775807", "9223372036854775808"];
  const where = (): Condition => new Condition();

  test("equality compares texts", () => {
    expect(passing(where().eq(age, ascii("3")), values)).toEqual(["3"]);
    expect(passing(where().eq(age, ascii("x")), values)).toEqual(["x"]);
    expect(passing(where().eq(age, ascii("")), values)).toEqual([""]);
  });

  test("order compares 64-bit integers; an empty value is 0, whatever is no number fits nothing", () => {
    expect(passing(where().gt(age, ascii("2")), values)).toEqual(["3", "03", "9223372036854775807"]);
    expect(passing(where().ge(age, ascii("2")), values)).toEqual(["2", "3", "03", "9223372036854775807"]);
    expect(passing(where().lt(age, ascii("2")), values)).toEqual(["-3", ""]);
    expect(passing(where().le(age, ascii("+2")), values)).toEqual(["-3", "2", ""]);
    expect(passing(where().le(age, ascii("many")), values)).toEqual([]);
    expect(passing(where().ge(age, ascii("")), values)).toEqual([]);
  });

  test("inequality compares texts from 2.3.0 on and is never true before", () => {
    const condition = where().ne(age, ascii("3"));
    expect(passing(condition, ["3", "03", "x"], stateRulesOf(V2_3_0, standardSuite))).toEqual(["03", "x"]);
    expect(passing(condition, ["3", "03", "x", "2"], stateRulesOf(V2_2_0, standardSuite))).toEqual([]);
  });

  test("an operator overwrites the sides it names, and two equal inclusive sides are equality", () => {
    expect(passing(where().eq(age, ascii("9")).gt(age, ascii("1")), ["1", "2", "9", "10"])).toEqual(["2", "9"]);
    expect(passing(where().lt(age, ascii("9")).gt(age, ascii("2")), ["2", "3", "9"])).toEqual(["3"]);
    expect(passing(where().ge(age, ascii("3")).le(age, ascii("3")), ["3", "03"])).toEqual(["3"]);
    expect(passing(where().gt(age, ascii("3")).lt(age, ascii("3")), ["3", "03", "x"])).toEqual(["03", "x"]);
  });

  test("a bound that is the word for no bound is none", () => {
    const none = where().ge(age, ascii("1")).le(age, ascii("_VALUE_UNLIMITED_"));
    expect(passing(none, ["0", "1", "2"])).toEqual(["1", "2"]);
  });

  test("columns that begin or end with _ are not looked at; a missing column fits nothing", () => {
    expect(where().eq(ascii("_hidden"), ascii("1")).matches(aged("2"), rules)).toBe(true);
    expect(where().eq(ascii("hidden_"), ascii("1")).matches(aged("2"), rules)).toBe(true);
    expect(where().eq(ascii("city"), ascii("")).matches(aged("2"), rules)).toBe(false);
  });

  test("removed and undone rows fit nothing", () => {
    const removed = aged("1");
    removed.status = 1;
    const undone = aged("1");
    undone.deleted = true;
    expect([removed, undone, aged("1")].map((row) => where().matches(row, rules))).toEqual([false, false, true]);
  });
});

describe("limit", () => {
  const rows = [0, 1, 2, 3, 4];

  test("cuts out rows from the offset on", () => {
    expect(new Condition().limit(1, 2).slice(rows, rules)).toEqual([1, 2]);
    expect(new Condition().limit(3, 9).slice(rows, rules)).toEqual([3, 4]);
    expect(new Condition().limit(5, 1).slice(rows, rules)).toEqual([]);
    expect(new Condition().limit(0, 0).slice(rows, rules)).toEqual([]);
  });

  test("a negative part means no limit; parts are cut to 32 bits", () => {
    expect(new Condition().limit(-1, 2).slice(rows, rules)).toEqual(rows);
    expect(new Condition().limit(0, -1).slice(rows, rules)).toEqual(rows);
    expect(new Condition().limit(0, 2n ** 32n + 1n).slice(rows, rules)).toEqual([0]);
  });

  test("the end is clamped from 2.1.0 on and wraps around before", () => {
    const limit = new Condition().limit(1, 2 ** 31 - 1);
    expect(limit.slice(rows, rules)).toEqual([1, 2, 3, 4]);
    expect(limit.slice(rows, stateRulesOf(V2_0_0, standardSuite))).toEqual([]);
  });
});
