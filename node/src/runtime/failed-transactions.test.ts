import { expect, test } from "vitest";
import type { ExecutedBlock } from "@tsbcos/core/ledger";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@tsbcos/core/primitives";
import { failedTransactions } from "./failed-transactions.js";

function errorOutput(reason: string): Uint8Array {
  const length = reason.length.toString(16).padStart(64, "0");
  return hexToBytes(`0x08c379a0${"20".padStart(64, "0")}${length}${bytesToHex(utf8ToBytes(reason))}`);
}

test("each failed transaction is named with its status and the reason of its contract", () => {
  const block = {
    header: { number: 7 },
    transactions: [{ hash: "aa" }, { hash: "bb" }, { hash: "cc" }],
    receipts: [
      { status: 22, output: errorOutput("r".repeat(500)) },
      { status: 0, output: errorOutput("only looks like a failure") },
      { status: 12, output: new Uint8Array(0) },
    ],
  } as unknown as ExecutedBlock;
  const common = { room: "EXECUTOR", level: "debug", event: "transaction-failed" };
  expect(failedTransactions(block)).toEqual([
    {
      ...common,
      fields: { number: 7, index: 0, hash: "aa", status: 22, message: "RevertInstruction", reason: "r".repeat(200) },
    },
    { ...common, fields: { number: 7, index: 2, hash: "cc", status: 12, message: "OutOfGas", reason: "" } },
  ]);
});
