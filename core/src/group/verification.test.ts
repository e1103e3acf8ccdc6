import { describe, expect, it } from "vitest";
import { VERIFY_BATCH_TRANSACTIONS_MAX, VERIFY_BATCH_WAIT_MS } from "../primitives/index.js";
import type { VerifiedTransaction } from "../protocol/index.js";
import { VerificationQueue } from "./verification.js";

const at = (steadyMs: number) => ({ steadyMs, wallMs: 0 });
const raws = (count: number) => Array.from({ length: count }, (_, index) => new Uint8Array([index & 255, index >> 8]));
/** Stands in for a verified transaction: only its identity matters here. */
const verified = (raw: Uint8Array) => ({ raw }) as VerifiedTransaction;

function setUp() {
  let token = 0;
  return new VerificationQueue<string>(() => ++token);
}

describe("VerificationQueue", () => {
  it("hands a lone transaction out at once", () => {
    const queue = setUp();
    queue.add("a", raws(1));
    expect(queue.flush(at(0)).map((batch) => batch.raws.length)).toEqual([1]);
    expect(queue.wakeAtMs).toBeUndefined();
  });

  it("collects what follows while a batch is under way, whoever asked, and hands it out with the answer", () => {
    const queue = setUp();
    queue.add("a", raws(1));
    const [first] = queue.flush(at(100));
    queue.add("b", raws(2));
    queue.add("c", raws(3));
    expect(queue.flush(at(101))).toEqual([]);
    queue.answered(first!.token, first!.raws.map(verified));
    const [batch, ...more] = queue.flush(at(101));
    expect(more).toEqual([]);
    expect(batch?.raws).toHaveLength(5);
  });

  it("waits only a moment for an answer", () => {
    const queue = setUp();
    queue.add("a", raws(1));
    queue.flush(at(100));
    queue.add("b", raws(2));
    queue.add("c", raws(3));
    expect(queue.flush(at(101))).toEqual([]);
    expect(queue.wakeAtMs).toBe(100 + VERIFY_BATCH_WAIT_MS);
    const [batch, ...more] = queue.flush(at(100 + VERIFY_BATCH_WAIT_MS));
    expect(more).toEqual([]);
    expect(batch?.raws).toHaveLength(5);
  });

  it("does not wait when a batch is full, and leaves the rest for the next", () => {
    const queue = setUp();
    queue.add("a", raws(1));
    queue.flush(at(100));
    queue.add("b", raws(2 * VERIFY_BATCH_TRANSACTIONS_MAX + 7));
    expect(queue.flush(at(101)).map((batch) => batch.raws.length)).toEqual([
      VERIFY_BATCH_TRANSACTIONS_MAX,
      VERIFY_BATCH_TRANSACTIONS_MAX,
    ]);
    expect(queue.waiting).toBe(7);
  });

  it("answers each asker in its own order once all its transactions are back, whatever comes back first", () => {
    const queue = setUp();
    queue.add("a", raws(VERIFY_BATCH_TRANSACTIONS_MAX - 1));
    queue.add("b", raws(3));
    const [first, second] = queue.flush(at(0));
    expect(queue.answered(second!.token, second!.raws.map(verified))).toEqual([]);
    const done = queue.answered(first!.token, [undefined, ...first!.raws.slice(1).map(verified)]);
    expect(done.map(({ asker, transactions }) => [asker, transactions.length])).toEqual([
      ["a", VERIFY_BATCH_TRANSACTIONS_MAX - 1],
      ["b", 3],
    ]);
    expect(done[0]?.transactions[0]).toBeUndefined();
    expect(done[0]?.transactions[1]?.raw).toEqual(raws(2)[1]);
    expect(done[1]?.transactions.map((transaction) => transaction?.raw)).toEqual(raws(3));
  });

  it("lets urgent requests pass, in batches of their own", () => {
    const queue = setUp();
    queue.add("a", raws(1));
    queue.flush(at(0));
    queue.add("a", raws(4));
    const urgent = queue.urgent("block", raws(VERIFY_BATCH_TRANSACTIONS_MAX + 1));
    expect(urgent.map((batch) => batch.raws.length)).toEqual([VERIFY_BATCH_TRANSACTIONS_MAX, 1]);
    expect(queue.waiting).toBe(4);
  });

  it("refuses an answer to a question that was never asked", () => {
    expect(() => setUp().answered(7, [])).toThrow("batch under way");
  });
});
