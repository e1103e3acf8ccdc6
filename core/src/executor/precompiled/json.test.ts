import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ByteString } from "../../primitives/index.js";
import { ascii, bytesToByteString } from "../../primitives/index.js";
import { doubleText } from "./json-number.js";
import type { JsonNode } from "./json-reader.js";
import { readJson } from "./json-reader.js";
import { writeFastJson, writeStyledRows } from "./json-writer.js";

/** A value as a plain object; lists are not kept by the reader. */
function plain(node: JsonNode): unknown {
  switch (node.type) {
    case "null":
      return null;
    case "scalar":
      return node.text;
    case "list":
      return [];
    case "object":
      return Object.fromEntries([...node.members].map(([key, value]) => [key, plain(value)]));
  }
}

function read(text: string): unknown {
  const outcome = readJson(ascii(text));
  return outcome.type === "value" ? plain(outcome.value) : outcome.type;
}

describe("JSON reader", () => {
  it.each([
    ['{"a":"b","c":{}}', { a: "b", c: {} }],
    ["{}", {}],
    ["null", null],
    ['"alone"', "alone"],
    ["12 and more", "12"],
    ['{"a":true,"b":false,"c":null}', { a: "true", b: "false", c: null }],
    ['{"a":[1,{"b":2},[]],"d":[]}', { a: [], d: [] }],
    ['{"a":1,"a":2}', { a: "2" }],
    ['/* x */ {"a" : 1 // y\n}', { a: "1" }],
    ['{"a":"\\u0041\\u00e9\\ud83d\\ude00\\/\\n"}', { a: "A\xc3\xa9\xf0\x9f\x98\x80/\n" }],
    ['{"a":"line\nbreak\x01"}', { a: "line\nbreak\x01" }],
  ])("reads %j", (text, value) => {
    expect(read(text)).toEqual(value);
  });

  it.each([
    "",
    " ",
    "{",
    '{"a"}',
    '{"a":}',
    "{a:1}",
    "{'a':1}",
    '{"a":1,}',
    '{"a":1 "b":2}',
    '{"a":tru}',
    '{"a":"x}',
    '{"a":"\\x"}',
    '{"a":"\\u12g4"}',
    '{"a":"\\ud83dx"}',
    "[1,]",
    "[1 2]",
    '{"a":1e}',
    "{,}",
    '{"a" /* no comment here */ : 1}',
    "/* open",
    "\0{}",
  ])("refuses %j", (text) => {
    expect(read(text)).toBe("syntax-error");
  });

  it("lets the habits of the C++ library through", () => {
    expect(read('{"":1,}')).toEqual({ "": "1" });
    expect(read('{"a":1 /* c */ "b" "c":2}')).toEqual({ a: "1", c: "2" });
    expect(read('{"a":1 /* c */ ! "c":2}')).toEqual({ a: "1", c: "2" });
    expect(read('{"a":"\\udc00"}')).toEqual({ a: "\xed\xb0\x80" });
  });

  it("allows a nesting of 1000 and no more", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(read(nested(1000))).toEqual([]);
    expect(read(nested(1001))).toBe("too-deep");
    expect(read(`${"[".repeat(1000)}1${"]".repeat(1000)}`)).toBe("too-deep");
  });

  it("gives numbers as the C++ library prints them", () => {
    const numbers: [string, string][] = [
      ["-", "0"],
      ["-0", "0"],
      ["-0.0", "-0"],
      ["007", "7"],
      ["1.", "1"],
      ["0.1", "0.10000000000000001"],
      ["1e5", "100000"],
      ["1E-5", "1.0000000000000001e-05"],
      ["18446744073709551615", "18446744073709551615"],
      ["18446744073709551616", "1.8446744073709552e+19"],
      ["-9223372036854775808", "-9223372036854775808"],
      ["-9223372036854775809", "-9.2233720368547758e+18"],
      ["1e-999", "0"],
    ];
    for (const [text, value] of numbers) expect(read(text)).toBe(value);
    expect(read("1e999")).toBe("syntax-error");
    expect(read("-e5")).toBe("syntax-error");
  });

  it("rounds halves to even", () => {
    expect(doubleText(1234567890123456.25)).toBe("1234567890123456.2");
    expect(doubleText(1234567890123456.75)).toBe("1234567890123456.8");
    expect(doubleText(5e-324)).toBe("4.9406564584124654e-324");
    expect(doubleText(0.0001)).toBe("0.0001");
    expect(doubleText(1e17)).toBe("1e+17");
    expect(doubleText(1e16)).toBe("10000000000000000");
  });

  it("keeps every finite number", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Object.is(Number(doubleText(value)), value)).toBe(true);
      }),
    );
  });

  it("B14: takes no longer than the length of the text, whatever it is made of", () => {
    // Time in proportion to the square of the length would run into the time-out of the test.
    for (const part of ["1", "0", "[", " ", "/**/", '"', "\\", "\\u0041", "-", "1.", "{", '{"a":']) {
      const long = part.repeat(200_000);
      for (const text of [long, `${long}e`, `${long}x`, `"${long}"`, `{"a":${long}`]) {
        expect(["value", "syntax-error", "too-deep"]).toContain(readJson(ascii(text)).type);
      }
    }
  });

  it("never throws on any bytes", () => {
    const fragments = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      '"a"',
      ":",
      ",",
      "1",
      "-",
      "/*",
      "*/",
      "//",
      "\\",
      '"',
      "\n",
      "t",
    );
    fc.assert(
      fc.property(fc.array(fragments, { maxLength: 20 }), (parts) => {
        expect(["value", "syntax-error"]).toContain(readJson(ascii(parts.join(""))).type);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(["value", "syntax-error"]).toContain(readJson(bytesToByteString(bytes)).type);
      }),
    );
  });

  it("agrees with the platform on well-formed objects of texts", () => {
    const text = fc.string({ unit: "binary-ascii" });
    fc.assert(
      fc.property(fc.dictionary(text, text), (object) => {
        const members = Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));
        const outcome = readJson(ascii(JSON.stringify(object)));
        if (outcome.type !== "value" || outcome.value.type !== "object") throw new Error("not an object");
        const found = [...outcome.value.members].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(found.map(([key, value]) => [key, plain(value)])).toEqual(members);
      }),
    );
  });
});

describe("JSON writer", () => {
  it("sorts keys by bytes and ends with a line feed", () => {
    expect(writeFastJson([{ b: ascii("2"), a: ascii("1"), B: ascii("0") }])).toBe('[{"B":"0","a":"1","b":"2"}]\n');
    expect(writeFastJson([])).toBe("[]\n");
    expect(writeFastJson(null)).toBe("null\n");
  });

  it("escapes what has to be and leaves the rest", () => {
    expect(writeFastJson(ascii('"\\\b\f\n\r\t\x00\x1f/\x7f\x80\xff'))).toBe(
      '"\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001F/\x7f\x80\xff"\n',
    );
  });

  it("indents rows by three blanks a level", () => {
    const row = new Map([
      ["name", "fruit"],
      ["item_id", "1"],
    ]) as ReadonlyMap<string, string> as ReadonlyMap<ByteString, ByteString>;
    expect(writeStyledRows([])).toBe("[]\n");
    expect(writeStyledRows([row, row])).toBe(
      `[
   {
      "item_id" : "1",
      "name" : "fruit"
   },
   {
      "item_id" : "1",
      "name" : "fruit"
   }
]
`,
    );
  });
});
