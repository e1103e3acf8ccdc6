import { afterEach, expect, test, vi } from "vitest";
import { PAST_CALLS_WAITING_MAX, groupId } from "@tsbcos/core/primitives";
import type { Address } from "@tsbcos/core/primitives";
import { V2_9_0 } from "@tsbcos/core/protocol";
import { PastCallThread, type PastCallStart, type PastCallTimes } from "./past-calls.js";

/** Becomes 1 when a thread has come to the call that does not end. */
const endlessHasBegun = new Int32Array(new SharedArrayBuffer(4));

/** A thread that answers by the number it is asked for. */
const ENTRY = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, threadId, workerData } from "node:worker_threads";
    parentPort.on("message", ({ number }) => {
      if (number === 2) for (Atomics.store(workerData.endlessHasBegun, 0, 1);;);
      if (number === 3) throw new Error("broken");
      if (number === 4) process.exit(0);
      if (number === 5) parentPort.postMessage({ failure: "the store is damaged" });
      else if (number === 6) parentPort.postMessage({ result: { ok: false, error: { code: "state-not-kept", from: 7 } } });
      else parentPort.postMessage({ result: { ok: true, value: { status: threadId, output: Uint8Array.of(number) } } });
    });
  `)}`,
);

const GENESIS: PastCallStart["genesis"] = {
  groupId: groupId(1),
  timestamp: 0,
  consensusType: "pbft",
  stateType: "storage",
  nodes: [],
  maxTransactions: 1000,
  gasLimit: 1,
  consensusTimeoutSeconds: 3,
  epochSealerCount: 1,
  epochBlockCount: 1,
  minElectTimeMs: 1,
  maxElectTimeMs: 2,
  freeStorage: false,
};
const START: PastCallStart & { readonly endlessHasBegun: Int32Array } = {
  ...{ genesis: GENESIS, chainId: 1n, version: V2_9_0, sm: false, storeDirectory: "" },
  endlessHasBegun,
};
const CALL = { from: "1".repeat(40) as Address, to: "2".repeat(40) as Address, data: new Uint8Array(0) };

let thread: PastCallThread | undefined;
afterEach(async () => {
  await thread?.close();
  vi.useRealTimers();
});

/** Long enough for a thread to start on a busy machine. */
const PATIENT: PastCallTimes = { timeoutMs: 60_000, idleMs: 60_000 };

function threadWith(times: Partial<PastCallTimes> = {}): PastCallThread {
  thread = new PastCallThread(ENTRY, START, { ...PATIENT, ...times });
  return thread;
}

const answering = (number: number): object => ({ ok: true, value: { output: Uint8Array.of(number) } });

test("calls are answered, each with its own answer, by one thread that the first of them starts", async () => {
  const calls = threadWith();
  expect(calls.isUp).toBe(false);
  const results = await Promise.all([10, 11, 12].map((number) => calls.call(number, CALL)));
  expect(results).toMatchObject([10, 11, 12].map(answering));
  expect(new Set(results.map((result) => (result.ok ? result.value.status : -1))).size).toBe(1);
});

test("what is not there is an answer, a damaged store a failure", async () => {
  const calls = threadWith();
  await expect(calls.call(6, CALL)).resolves.toEqual({ ok: false, error: { code: "state-not-kept", from: 7 } });
  await expect(calls.call(5, CALL)).rejects.toMatchObject({
    code: "past-call-failed",
    message: "the store is damaged",
  });
  await expect(calls.call(10, CALL)).resolves.toMatchObject(answering(10));
});

test("a call that does not end is ended, and those behind it are answered by another thread", async () => {
  // Time passes as the test says: the second call gets an answer however long its thread takes to start.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const calls = threadWith({ timeoutMs: 1500 });
  const endless = calls.call(2, CALL);
  const next = calls.call(10, CALL);
  while (Atomics.load(endlessHasBegun, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
  vi.advanceTimersByTime(1500);
  await expect(endless).resolves.toEqual({ ok: false, error: { code: "too-long" } });
  await expect(next).resolves.toMatchObject(answering(10));
});

test.each([
  ["breaks", 3, "broken"],
  ["ends", 4, "the thread for calls on past states ended"],
])("a thread that %s fails the call that ran, not the next one", async (_what, number, message) => {
  const calls = threadWith();
  const failing = calls.call(number, CALL);
  const next = calls.call(10, CALL);
  await expect(failing).rejects.toMatchObject({ code: "past-call-failed", message });
  await expect(next).resolves.toMatchObject(answering(10));
});

test("more calls than may wait are refused at once", async () => {
  const calls = threadWith();
  const accepted = Array.from({ length: PAST_CALLS_WAITING_MAX + 1 }, () => calls.call(10, CALL));
  await expect(calls.call(10, CALL)).resolves.toEqual({ ok: false, error: { code: "too-many" } });
  expect((await Promise.all(accepted)).every(({ ok }) => ok)).toBe(true);
});

test("the thread ends when nobody calls, and comes back", async () => {
  const calls = threadWith({ idleMs: 10 });
  await calls.call(10, CALL);
  await expect.poll(() => calls.isUp).toBe(false);
  await expect(calls.call(11, CALL)).resolves.toMatchObject(answering(11));
});

test("closing ends what runs and what waits", async () => {
  const calls = threadWith();
  const unanswered = [2, 10].map((number) => calls.call(number, CALL));
  const outcomes = Promise.allSettled(unanswered);
  await calls.close();
  expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await expect(calls.call(10, CALL)).rejects.toMatchObject({ code: "past-call-failed" });
});
