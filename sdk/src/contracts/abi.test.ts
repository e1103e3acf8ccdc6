import { smSuite, standardSuite } from "@tsbcos/core/crypto";
import { bytesToHex } from "@tsbcos/core/primitives";
import { encodeAbiParameters, encodeEventTopics, encodeFunctionData, parseAbi, type Abi } from "viem";
import { describe, expect, test } from "vitest";
import type { Hex } from "../hex.js";
import {
  decodeCall,
  decodeLog,
  decodeResult,
  encodeCall,
  encodeDeployment,
  functionOf,
  selectorOf,
  topicOf,
} from "./abi.js";

const ABI = parseAbi([
  "constructor(uint256 supply, string name)",
  "function set(string value)",
  "function set(string value, uint8 times)",
  "function pick(uint256 number) returns (bool)",
  "function pick(string text) returns (bool)",
  "function owner() view returns (address)",
  "function both() view returns (address, uint256)",
  "function deep() view returns ((address owner, address[2] others)[] entries)",
  "event Transfer(address indexed from, address indexed to, uint256 amount)",
  "event Named(string indexed name, address owner)",
  "error TooLow(uint256 needed, address who)",
]);
const ADDRESS = "0xABCDEF0123456789abcdef0123456789abcdef01";
const LOWER = ADDRESS.toLowerCase() as Hex;

describe("selectors come from the hash of the chain", () => {
  // Signatures and selectors of the contracts built into the nodes, which nodes of both kinds know.
  test.each([
    ["setValueByKey", ["string", "string"], "0xbd291aef", "0x0749b518"],
    ["createTable", ["string", "string", "string"], "0x56004b6a", "0xc92a7801"],
    ["grantCommitteeMember", ["address"], "0x6f8f521f", "0xcbff0346"],
    ["Error", ["string"], "0x08c379a0", "0xc703cb12"],
  ])("%s", (name, types, keccak, sm3) => {
    const inputs = types.map((type) => ({ type }));
    expect(selectorOf({ name, inputs }, standardSuite)).toBe(keccak);
    expect(selectorOf({ name, inputs }, smSuite)).toBe(sm3);
  });

  test("calldata differs in nothing else", () => {
    const call = { abi: ABI, functionName: "set", args: ["hello"] };
    const expected = encodeFunctionData({ abi: ABI, functionName: "set", args: ["hello"] });
    expect(`0x${bytesToHex(encodeCall(call, standardSuite))}`).toBe(expected);
    const sm = bytesToHex(encodeCall(call, smSuite));
    expect(sm.slice(8)).toBe(expected.slice(10));
    expect(sm.slice(0, 8)).not.toBe(expected.slice(2, 10));
  });
});

describe("calls", () => {
  test("overloads are told apart by the number and the kind of arguments", () => {
    expect(functionOf(ABI, "set", ["a", 1]).inputs).toHaveLength(2);
    expect(functionOf(ABI, "pick", ["text"]).inputs[0]?.type).toBe("string");
    expect(functionOf(ABI, "pick", [1n]).inputs[0]?.type).toBe("uint256");
  });

  test.each([
    ["an unknown function", "nothing", [], "no-such-function"],
    ["too few arguments", "set", [], "bad-arguments"],
    ["an argument of another kind", "owner", ["x"], "bad-arguments"],
    ["a text for a number", "set", ["a", "x"], "bad-arguments"],
    ["a number too large", "set", ["a", 256], "bad-arguments"],
  ])("%s is refused in one sentence", (_what, functionName, args, code) => {
    const run = (): unknown => encodeCall({ abi: ABI, functionName, args }, standardSuite);
    expect(run).toThrow(expect.objectContaining({ code }));
    expect(run).not.toThrow(/Docs:|Version:/);
  });

  test("a wrong count of arguments is told in figures", () => {
    const call = (functionName: string, args: readonly unknown[]) => (): unknown =>
      encodeCall({ abi: ABI, functionName, args }, standardSuite);
    expect(call("owner", ["x"])).toThrow("owner takes no arguments, not 1.");
    expect(() => encodeDeployment({ abi: [], bytecode: "00", args: [1n] })).toThrow("takes no arguments, not 1.");
    expect(call("pick", [])).toThrow("pick takes 1 argument, not 0.");
  });

  test("calldata is understood again, under either hash", () => {
    for (const suite of [standardSuite, smSuite]) {
      const data = `0x${bytesToHex(encodeCall({ abi: ABI, functionName: "set", args: ["a", 7] }, suite))}`;
      expect(decodeCall(ABI, data, suite)).toMatchObject({ item: { name: "set" }, args: ["a", 7] });
    }
    expect(decodeCall(ABI, "0x01020304", standardSuite)).toBeUndefined();
  });

  test("a deployment is the code with the arguments behind it", () => {
    const data = encodeDeployment({ abi: ABI, bytecode: "0x6001", args: [5n, "n"] });
    const encoded = encodeAbiParameters([{ type: "uint256" }, { type: "string" }], [5n, "n"]);
    expect(`0x${bytesToHex(data)}`).toBe(`0x6001${encoded.slice(2)}`);
    expect(() => encodeDeployment({ abi: ABI, bytecode: "0x6001" })).toThrow(
      "the constructor takes 2 arguments, not 0.",
    );
    expect(() => encodeDeployment({ abi: [], bytecode: "" })).toThrow(/hexadecimal/);
    expect(() => encodeDeployment({ abi: [], bytecode: "60__Library.sol__" })).toThrow(/libraries/);
  });
});

describe("results", () => {
  test("addresses are in lower case, wherever they stand", () => {
    const owner = encodeAbiParameters([{ type: "address" }], [LOWER]);
    expect(decodeResult(functionOf(ABI, "owner"), owner)).toBe(LOWER);
    const both = encodeAbiParameters([{ type: "address" }, { type: "uint256" }], [LOWER, 3n]);
    expect(decodeResult(functionOf(ABI, "both"), both)).toEqual([LOWER, 3n]);
    const deep = functionOf(ABI, "deep");
    const entries = [{ owner: LOWER, others: [LOWER, LOWER] }];
    const encoded = encodeAbiParameters(deep.outputs, [entries]);
    expect(decodeResult(deep, encoded)).toEqual(entries);
  });

  test("nothing is nothing, and what does not fit is an error with a code", () => {
    expect(decodeResult(functionOf(ABI, "set", ["a"]), "0x")).toBeUndefined();
    expect(() => decodeResult(functionOf(ABI, "owner"), "0x")).toThrow(expect.objectContaining({ code: "bad-result" }));
  });
});

describe("logs", () => {
  const transfer = ABI.find((item) => item.type === "event" && item.name === "Transfer") as Extract<
    Abi[number],
    { type: "event" }
  >;
  const topics = encodeEventTopics({ abi: ABI, eventName: "Transfer", args: { from: LOWER, to: LOWER } }) as Hex[];
  const data = encodeAbiParameters([{ type: "uint256" }], [9n]);

  test.each([standardSuite, smSuite])("are found by their topic, $name", (suite) => {
    const log = { address: LOWER, topics: [topicOf(transfer, suite), ...topics.slice(1)], data };
    expect(decodeLog(ABI, log, suite)).toEqual({
      eventName: "Transfer",
      args: { from: LOWER, to: LOWER, amount: 9n },
      log,
    });
  });

  test("indexed texts are hashes, and stay as they are", () => {
    const hash: Hex = `0x${"Ab".repeat(32)}`;
    const named = ABI.find((item) => item.type === "event" && item.name === "Named") as typeof transfer;
    const log = {
      address: LOWER,
      topics: [topicOf(named, standardSuite), hash],
      data: encodeAbiParameters([{ type: "address" }], [LOWER]),
    };
    expect(decodeLog(ABI, log, standardSuite)?.args).toEqual({ name: hash, owner: LOWER });
  });

  test("of other events, or with other indexed parameters, are not understood", () => {
    const other = { address: LOWER, topics: [topics[0] as Hex], data };
    expect(decodeLog(ABI, other, standardSuite)).toBeUndefined();
    expect(decodeLog(ABI, { ...other, topics: [] }, standardSuite)).toBeUndefined();
    expect(decodeLog(ABI, { ...other, topics: [`0x${"00".repeat(32)}`] }, standardSuite)).toBeUndefined();
  });
});
