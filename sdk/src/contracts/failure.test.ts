import { smSuite, standardSuite } from "@tsbcos/core/crypto";
import { TransactionStatus } from "@tsbcos/core/protocol";
import { encodeAbiParameters, parseAbi } from "viem";
import { expect, test } from "vitest";
import { selectorOf } from "./abi.js";
import { revertReason } from "./failure.js";
import { STATUS_TEXTS, statusOfRefusal, statusText } from "./status.js";

const text = encodeAbiParameters([{ type: "string" }], ["balance too small"]).slice(2);
const number = (value: bigint): string => encodeAbiParameters([{ type: "uint256" }], [value]).slice(2);

test.each([
  ["require, Keccak-256", `0x08c379a0${text}`, "balance too small"],
  ["require, SM3", `0xc703cb12${text}`, "balance too small"],
  ["a panic", `0x4e487b71${number(0x11n)}`, "arithmetic overflow or underflow"],
  ["a panic of a kind that is not known", `0x4e487b71${number(0x77n)}`, "panic 119"],
  ["nothing", "0x", undefined],
  ["something else", "0x01020304", undefined],
  ["what is not even bytes", "0x08c379a0zz", undefined],
  ["a panic, SM3", `0xb95aa355${number(0x12n)}`, "division by zero"],
  ["a reason that is cut", `0x08c379a0${text.slice(0, 100)}`, undefined],
])("the reason of %s", (_what, output, reason) => {
  expect(revertReason(output)).toBe(reason);
});

test.each([standardSuite, smSuite])("an error of the ABI is named with its arguments, $name", (suite) => {
  const abi = parseAbi(["error TooLow(uint256 needed, string what)"]);
  const selector = selectorOf(abi[0], suite);
  const output = selector + encodeAbiParameters(abi[0].inputs, [5n, "gas"]).slice(2);
  expect(revertReason(output, abi)).toBe("TooLow(5, gas)");
  expect(revertReason(output)).toBeUndefined();
});

test("every status that nodes know has a text", () => {
  for (const status of Object.values(TransactionStatus)) {
    expect(STATUS_TEXTS.has(status), String(status)).toBe(true);
  }
  expect(statusText(999)).toBe("Unknown");
});

test.each([
  ["INTERNAL_ERROR: : INTERNAL_ERROR: : [dev::tag_comment*] = TransactionAlreadyKown, txHash=12345678...", 10000],
  ["BlockLimitCheckFailed, txBlockLimit=1, txHash=12345678...", 16],
  ["TxPoolNonceCheckFail, txHash=12345678...", 15],
  ["GroupID does not exist", undefined],
])("%s is a refusal with status %s", (message, status) => {
  expect(statusOfRefusal(message)).toBe(status);
});
