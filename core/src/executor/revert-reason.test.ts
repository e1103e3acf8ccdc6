import { expect, test } from "vitest";
import { smSuite, standardSuite } from "../crypto/index.js";
import { hexToBytes, utf8ToByteString } from "../primitives/index.js";
import { encodeError } from "./abi/index.js";
import { revertReason } from "./revert-reason.js";

const message = utf8ToByteString("balance too low: 余额");

test.each([standardSuite, smSuite])("the reason is read as $name contracts write it", (suite) => {
  expect(revertReason(encodeError(suite, message), suite)).toBe("balance too low: 余额");
});

test("Solidity contracts of an SM chain may be compiled for Ethereum", () => {
  expect(revertReason(encodeError(standardSuite, message), smSuite)).toBe("balance too low: 余额");
});

test.each(["0x", "0x08c379", "0x4e487b71" + "00".repeat(31) + "11"])("%s is no reason", (output) => {
  expect(revertReason(hexToBytes(output), standardSuite)).toBeUndefined();
});

test("a reason that does not lie inside the output is empty", () => {
  expect(revertReason(hexToBytes("0x08c379a0" + "ff".repeat(64)), standardSuite)).toBe("");
});
