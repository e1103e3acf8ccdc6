import { describe, expect, test } from "vitest";
import { editDistance, isQuoted, splitList, splitWords, unquote } from "./words.js";

describe("lines", () => {
  test.each([
    ["", []],
    ["  getPbftView  ", ["getPbftView"]],
    ["call A latest set two", ["call", "A", "latest", "set", "two"]],
    ['set "two words" x', ["set", '"two words"', "x"]],
    ["set 'two words'", ["set", "'two words'"]],
    ["set [1, 2, 3] [ 4 ]", ["set", "[1, 2, 3]", "[ 4 ]"]],
    ['set {"a": "b c", "d": [1, 2]}', ["set", '{"a": "b c", "d": [1, 2]}']],
    ['set "a \\" b" c', ["set", '"a \\" b"', "c"]],
    ['set ["]", "a b"]', ["set", '["]", "a b"]']],
    ["call A latest find(uint256, bool) 1", ["call", "A", "latest", "find(uint256, bool)", "1"]],
    ["set it's fine", ["set", "it's", "fine"]],
  ])("%s", (line, words) => {
    expect(splitWords(line)).toEqual({ ok: true, value: words });
  });

  test.each([
    ['set "open', "open-quote"],
    ["set [1, 2", "open-bracket"],
    ["set {a", "open-bracket"],
  ])("%s is not finished", (line, code) => {
    expect(splitWords(line)).toMatchObject({ ok: false, error: { code } });
  });
});

test("quotes are taken off, and what they protected stays", () => {
  expect(unquote('"a b"')).toBe("a b");
  expect(unquote('"a \\" b \\\\"')).toBe('a " b \\');
  expect(unquote("'a'")).toBe("a");
  expect(unquote('"')).toBe('"');
  expect(unquote("plain")).toBe("plain");
  expect(isQuoted('""')).toBe(true);
  expect(isQuoted("1")).toBe(false);
});

test.each([
  ["", []],
  ["1", ["1"]],
  ["1, 2", ["1", "2"]],
  ['"a,b", c', ['"a,b"', "c"]],
  ["[1,2],[3]", ["[1,2]", "[3]"]],
  ['{"a": "x,y"}, 2', ['{"a": "x,y"}', "2"]],
  [",", ["", ""]],
])("the list %s has its parts", (text, parts) => {
  expect(splitList(text)).toEqual(parts);
});

test.each([
  ["abc", "abc", 0],
  ["abc", "abd", 1],
  ["getBlockNumbr", "getBlockNumber", 1],
  ["", "abc", 3],
])("from %s to %s it is %i letters", (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
});
