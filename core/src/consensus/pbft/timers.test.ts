import { describe, expect, test } from "vitest";
import { noteTimeout, startTimers, timeoutAtMs, wantViewChange } from "./timers.js";

const CONSENSUS_MS = 10_000;

describe("the time-out of a round", () => {
  test("comes three seconds after the start, and half as long again each time, up to the twentieth", () => {
    const timers = startTimers(0);
    const waits: number[] = [];
    for (let i = 0; i < 23; i++) {
      const atMs = timeoutAtMs(timers, CONSENSUS_MS);
      waits.push(atMs - timers.lastConsensusMs);
      noteTimeout(timers, atMs);
    }
    expect(waits.slice(0, 5)).toEqual([3000, 4500, 6750, 10_125, 15_187]);
    expect(waits[20]).toBe(Math.floor(3000 * 1.5 ** 20));
    expect(waits[22]).toBe(waits[20]);
  });

  test("counts from the last quorum of signs", () => {
    const timers = startTimers(0);
    timers.lastSignMs = 2000;
    expect(timeoutAtMs(timers, CONSENSUS_MS)).toBe(5000);
  });

  test("gives an execution the time that the chain is configured for", () => {
    const timers = startTimers(0);
    timers.lastPrepareMs = 500;
    timers.executing = true;
    expect(timeoutAtMs(timers, CONSENSUS_MS)).toBe(10_500);
    timers.executing = false;
    timers.lastExecutedMs = 700;
    expect(timeoutAtMs(timers, CONSENSUS_MS)).toBe(3700);
  });

  test("is now when a view change is wanted, and forgets the last signs", () => {
    const timers = startTimers(0);
    timers.lastSignMs = 100;
    wantViewChange(timers);
    expect(timeoutAtMs(timers, CONSENSUS_MS)).toBe(Number.NEGATIVE_INFINITY);
    noteTimeout(timers, 1000);
    expect(timeoutAtMs(timers, CONSENSUS_MS)).toBe(5500);
  });
});
