import { beforeEach, expect, test } from "vitest";
import { err, ok, type Hash } from "@tsbcos/core/primitives";
import type { ExecutedBlock } from "@tsbcos/core/ledger";
import type { VerifiedTransaction } from "@tsbcos/core/protocol";
import { OwedReceipts } from "./owed-receipts.js";

const hashOf = (digit: number): Hash => String(digit).repeat(64) as Hash;
const raw = (digit: number): Uint8Array => Uint8Array.of(digit);
const blockOf = (...digits: readonly number[]): ExecutedBlock =>
  ({ transactions: digits.map((digit) => ({ hash: hashOf(digit) })) }) as unknown as ExecutedBlock;

const SYNCHRONOUS = { withProof: false, refusalsAsReceipts: false };
const ASYNCHRONOUS = { withProof: false, refusalsAsReceipts: true };

let sent: string[];
let owed: OwedReceipts;
let blocksRead: number;

beforeEach(() => {
  sent = [];
  blocksRead = 0;
  owed = new OwedReceipts(
    {
      ofBlock: (block) => {
        blocksRead++;
        return (index, { withProof }) => `${block.transactions[index]!.hash.charAt(0)}${withProof ? " proven" : ""}`;
      },
      refused: (status) => `refused ${status}`,
      hashOf: ([digit]) => (digit === undefined || digit > 9 ? undefined : hashOf(digit)),
    },
    (requestId, text) => sent.push(`${requestId}: ${text}`),
  );
});

function admit(requestId: number, digit: number): void {
  owed.answer({ type: "submission-result", requestId, result: ok(hashOf(digit)) });
}

function refuse(requestId: number, code: "pool-full" | "malformed"): unknown {
  return owed.answer({
    type: "submission-result",
    requestId,
    result: err({ code, status: 28, text: "TransactionPoolIsFull" }),
  });
}

test("only those who asked get receipts, each once, with proofs when they want them", () => {
  owed.submitted(1, { wish: SYNCHRONOUS, raw: raw(1) });
  owed.submitted(2, { wish: { ...SYNCHRONOUS, withProof: true }, raw: raw(2) });
  for (const digit of [1, 2, 3]) admit(digit, digit);
  owed.committed(blockOf(3, 2, 1, 4));
  owed.committed(blockOf(1, 2));
  expect(sent).toEqual(["2: 2 proven", "1: 1"]);
  expect(blocksRead).toBe(1);
});

test("B24: a transaction that is given up is told of as refused, never as done", () => {
  owed.submitted(1, { wish: SYNCHRONOUS, raw: raw(1) });
  admit(1, 1);
  const transaction = { hash: hashOf(1) } as VerifiedTransaction;
  owed.abandoned({ type: "transaction-abandoned", transaction, status: 29, reason: "expired" });
  owed.abandoned({ type: "transaction-abandoned", transaction, status: 29, reason: "expired" });
  owed.committed(blockOf(1));
  expect(sent).toEqual(["1: refused 29"]);
});

test("a synchronous client is refused at once", () => {
  owed.submitted(1, { wish: SYNCHRONOUS, raw: raw(1) });
  expect(refuse(1, "pool-full")).toEqual({
    requestId: 1,
    refusal: { code: "pool-full", text: "TransactionPoolIsFull" },
  });
  expect(sent).toEqual([]);
});

test("an asynchronous client gets the hash, and the refusal as a receipt", () => {
  owed.submitted(1, { wish: ASYNCHRONOUS, raw: raw(7) });
  expect(refuse(1, "pool-full")).toEqual({ requestId: 1, hash: hashOf(7) });
  expect(sent).toEqual(["1: refused 28"]);
});

test("what is no transaction is refused at once in any case", () => {
  owed.submitted(1, { wish: ASYNCHRONOUS, raw: raw(7) });
  expect(refuse(1, "malformed")).toMatchObject({ refusal: { code: "malformed" } });
  owed.submitted(2, { wish: ASYNCHRONOUS, raw: raw(99) });
  expect(refuse(2, "pool-full")).toMatchObject({ refusal: { code: "pool-full" } });
  expect(sent).toEqual([]);
});
