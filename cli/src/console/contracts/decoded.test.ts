import { encodeCall, parseAbi, standardSuite, toHex, topicOf, type RpcReceipt } from "@tsbcos/sdk";
import { describe, expect, test } from "vitest";
import { decodedTransaction, valueLines, valueText } from "./decoded.js";

const ABI = parseAbi([
  "function set(string name, uint256[] marks) returns (bool)",
  "event Set(string name)",
  "error Unknown(uint256 code)",
]);
const CONTRACT = { name: "Names", abi: ABI, hash: "standard" } as const;
const WORD = (value: number): string => value.toString(16).padStart(64, "0");

const input = toHex(encodeCall({ abi: ABI, functionName: "set", args: ["a", [1n, 2n]] }, standardSuite));
const receipt = (fields: Partial<RpcReceipt>): RpcReceipt =>
  ({ input, to: `0x${"0a".repeat(20)}`, status: "0x0", output: `0x${WORD(1)}`, logs: [], ...fields }) as RpcReceipt;

describe("values as people read them", () => {
  test.each([
    ["uint256", 5n, "5"],
    ["string", "two words", "two words"],
    ["bool", true, "true"],
    ["bytes4", "0x01020304", "hex://0x01020304"],
    ["uint256[]", [1n, 2n], "[1, 2]"],
    ["bytes[]", ["0x01"], "[hex://0x01]"],
    ["tuple", { a: 1n, b: "x" }, '{"a":"1","b":"x"}'],
  ])("%s", (type, value, text) => {
    expect(valueText(type, value)).toBe(text);
  });

  test("with their types, structs taken apart", () => {
    const struct = { type: "tuple[]", name: "s", components: [{ type: "string", name: "a" }] } as const;
    expect(valueLines("Input", [struct, { type: "bool", name: "b" }], [[{ a: "x" }], true])).toEqual([
      "Input value size:2",
      "Input types: ((string)[], bool)",
      'Input values:([{"a":"x"}], true)',
    ]);
    expect(valueLines("Return", [], [])).toEqual(["Return values:[]"]);
  });
});

describe("a transaction in the words of an ABI", () => {
  test("says what was called, returned and logged", () => {
    const event = ABI[1];
    const data = `0x${WORD(32)}${WORD(1)}61${"00".repeat(31)}`;
    const log = { address: `0x${"0a".repeat(20)}`, topics: [topicOf(event, standardSuite)], data };
    const { text, value } = decodedTransaction(receipt({ logs: [log] }), CONTRACT);
    expect(text).toContain("Input values:(a, [1, 2])");
    expect(text).toContain("Return values:(true)");
    expect(text).toContain('Event: {"Set":[["a"]]}');
    expect(value).toMatchObject({ function: "set", outputs: [true], events: { Set: [["a"]] } });
  });

  test("says why it failed", () => {
    // The selector of Unknown(uint256), then its argument.
    const output = toHex(
      encodeCall(
        { abi: [{ ...ABI[0], name: "Unknown", inputs: ABI[2].inputs }], functionName: "Unknown", args: [7n] },
        standardSuite,
      ),
    );
    const { text } = decodedTransaction(receipt({ status: "0x16", output }), CONTRACT);
    expect(text).toContain("Failed: Revert instruction (status 22): Unknown(7)");
  });

  test("says when it is no call of the contract", () => {
    expect(decodedTransaction(receipt({ input: "0x12345678" }), CONTRACT).text[1]).toMatch(/^Names has no function/);
    const creation = receipt({ input: "0x6000", to: `0x${"00".repeat(20)}`, contractAddress: "0x0b" });
    expect(decodedTransaction(creation, CONTRACT).text[1]).toBe("This transaction deployed a contract at 0x0b.");
  });
});
