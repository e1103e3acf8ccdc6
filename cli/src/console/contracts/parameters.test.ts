import type { Abi } from "@tsbcos/sdk";
import { parseAbi } from "@tsbcos/sdk";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseFunction, parseParameter, signature } from "./parameters.js";

const NOTE = {
  type: "tuple",
  name: "note",
  components: [
    { type: "string", name: "title" },
    { type: "uint8[]", name: "marks" },
  ],
} as const;

describe("texts become values", () => {
  test.each([
    ["uint256", "42", 42n],
    ["uint256", "0x2a", 42n],
    ["int8", "-128", -128n],
    ["int256", "-0x10", -16n],
    ["uint8", "255", 255n],
    ["bool", "true", true],
    ["address", "0xABCDEFabcdefabcdefabcdefabcdefabcdefabcd", `0x${"abcdef".repeat(6)}abcd`],
    ["string", "plain", "plain"],
    ["string", '"two words"', "two words"],
    ["string", '"1"', "1"],
    ["bytes", "hex://00ff", "0x00ff"],
    ["bytes", "hex://0x00ff", "0x00ff"],
    ["bytes", "base64://AP8=", "0x00ff"],
    ["bytes", "abc", "0x616263"],
    ["bytes", '"0x12"', "0x30783132"],
    ["bytes4", "hex://0102", "0x01020000"],
    ["bytes4", '"ab"', "0x61620000"],
    ["uint256[]", "[1, 0x2,3]", [1n, 2n, 3n]],
    ["uint256[]", "[]", []],
    ["uint256[2]", "[1,2]", [1n, 2n]],
    ["uint256[][2]", "[[1],[2,3]]", [[1n], [2n, 3n]]],
    ["string[]", '["a","b, c", d]', ["a", "b, c", "d"]],
    ["bool[]", "[true,false]", [true, false]],
  ])("%s %s", (type, text, value) => {
    expect(parseParameter({ type, name: "x" }, text)).toEqual(value);
  });

  test("structs by order and by name", () => {
    const value = { title: "a, b", marks: [1n, 2n] };
    expect(parseParameter(NOTE, '["a, b", [1, 2]]')).toEqual(value);
    expect(parseParameter(NOTE, '{"marks": [1,2], "title": "a, b"}')).toEqual(value);
    expect(parseParameter(NOTE, '{marks: [1,2], title: "a, b"}')).toEqual(value);
    expect(parseParameter({ ...NOTE, type: "tuple[]" }, '[["a, b",[1,2]]]')).toEqual([value]);
  });

  test("every whole number that fits", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }), (value) => {
        expect(parseParameter({ type: "int128", name: "" }, value.toString())).toBe(value);
      }),
    );
  });
});

describe("texts that do not fit say why", () => {
  test.each([
    ["uint8", "256", "uint8 goes from 0 to 255; 256 does not fit."],
    ["uint256", "-1", "at least 0"],
    ["uint256", "x", "whole number"],
    ["uint256", '"1"', "whole number"],
    ["bool", "yes", "true or false"],
    ["address", "0x12", "40 hexadecimal digits"],
    ["bytes", "hex://0", "pairs of hexadecimal digits"],
    ["bytes", "base64://?", "Base64"],
    ["bytes", "0x12", "hex://12"],
    ["bytes2", "hex://010203", "holds 2 bytes"],
    ["uint256[]", "1,2", "list in brackets"],
    ["uint256[2]", "[1]", "has 2 elements, not 1"],
    ["function", "x", "cannot be typed in"],
  ])("%s %s", (type, text, message) => {
    expect(() => parseParameter({ type, name: "x" }, text)).toThrow(message);
  });

  test.each([
    ['["a"]', "2 members (title, marks), not 1"],
    ['{"title": "a"}', "members are title, marks"],
    ['{"title": "a", "marks": [1], "more": 1}', "members are title, marks"],
    ["a", "A struct is written as"],
    ['["a", [256]]', "from 0 to 255"],
  ])("a struct %s", (text, message) => {
    expect(() => parseParameter(NOTE, text)).toThrow(message);
  });
});

describe("the function that is meant", () => {
  const abi: Abi = parseAbi([
    "function set(uint256 value)",
    "function set(string value)",
    "function set(string value, bool flag)",
    "function put(uint256 value)",
    "function put(int256 value)",
    "function only(address who, uint8[] marks)",
  ]);
  const chosen = (name: string, ...texts: string[]): string => {
    const { item } = chooseFunction(abi, name, texts);
    return item.name + signature(item.inputs);
  };

  test("is chosen by the parameters", () => {
    expect(chosen("set", "5")).toBe("set(uint256)");
    expect(chosen("set", '"5"')).toBe("set(string)");
    expect(chosen("set", "five")).toBe("set(string)");
    expect(chosen("set", "5", "true")).toBe("set(string,bool)");
    expect(chosen("put", "-5")).toBe("put(int256)");
  });

  test("may be named with its types", () => {
    expect(chosen("set(string)", "5")).toBe("set(string)");
    expect(chosen("put(uint256)", "5")).toBe("put(uint256)");
  });

  test("or it is said what there is", () => {
    expect(() => chosen("put", "5")).toThrow(/put\(uint256\), put\(int256\).*several/);
    expect(() => chosen("put", "x")).toThrow(/none takes/);
    expect(() => chosen("nothing")).toThrow(/There is no function nothing\. The contract has set\(uint256\)/);
    expect(() => chosen("only", "x", "[]")).toThrow("Parameter 1 (who) of only: address is 40");
    expect(() => chosen("only", "x")).toThrow("only takes 2 parameters (address,uint8[]), not 1.");
  });
});
