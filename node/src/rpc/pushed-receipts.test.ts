import { expect, test } from "vitest";
import { standardSuite } from "@tsbcos/core/crypto";
import { hexToBytes, ZERO_ADDRESS, ZERO_HASH } from "@tsbcos/core/primitives";
import { V2_9_0, type Receipt, type VerifiedTransaction } from "@tsbcos/core/protocol";
import { ReceiptPrinter, refusedReceiptText } from "./pushed-receipts.js";

const word = (value: number): string => value.toString(16).padStart(64, "0");
const BYTES = { data: new Uint8Array(0), extraData: new Uint8Array(0), signature: new Uint8Array(65) };
const NUMBERS = { nonce: 1n, gasPrice: 1n, gas: 1n, blockLimit: 1n, value: 0n, chainId: 1n, groupId: 1n };
const TRANSACTION: VerifiedTransaction = {
  ...{ ...BYTES, ...NUMBERS, to: ZERO_ADDRESS, raw: new Uint8Array(0), isCanonical: true },
  ...{ hash: ZERO_HASH, sender: ZERO_ADDRESS },
};
const FAILED: Receipt = {
  ...{ stateRoot: ZERO_HASH, gasUsed: 0n, contractAddress: ZERO_ADDRESS, bloom: new Uint8Array(256), remainGas: 0n },
  ...{ status: 22, logs: [], output: hexToBytes(`4e487b71${word(0x12)}`) },
};

function pushed(receipt: Receipt, revertReasons: boolean): Record<string, unknown> {
  const source = { header: { number: 1 as never }, hash: ZERO_HASH, transactions: [TRANSACTION], receipts: [receipt] };
  const printer = new ReceiptPrinter(source, { suite: standardSuite, version: V2_9_0, revertReasons });
  return JSON.parse(printer.text(0, { withProof: true })) as Record<string, unknown>;
}

test("a failure has its reason in words where that is wished for, and is otherwise that of 2.x", () => {
  const { revertReason, ...others } = pushed(FAILED, true);
  expect(revertReason).toBe("division by zero");
  expect(others).toEqual(pushed(FAILED, false));
  expect(others).toMatchObject({ status: "0x16", statusMsg: "RevertInstruction" });
});

test("a success has none, whatever its output looks like; nor has a transaction that was not taken", () => {
  expect(pushed({ ...FAILED, status: 0 }, true)).not.toHaveProperty("revertReason");
  expect(JSON.parse(refusedReceiptText(15))).not.toHaveProperty("revertReason");
});
