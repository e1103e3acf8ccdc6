import { setImmediate as breath } from "node:timers/promises";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createRunner } from "../run.js";
import type { Runner, TwinOutcome } from "../run.js";
import { ENUMERATED, ROUNDS } from "./scenarios.js";

vi.setConfig({ testTimeout: 180_000 });

/** A fixed part of what `npm run sim -- --twins` plays: every so many enumerated scenarios, and some that are drawn. */
const ENUMERATED_STEP = 149;
const DRAWN = 24;

let runner: Runner;
beforeAll(async () => {
  runner = await createRunner();
});

describe("twins", () => {
  it("neither break agreement nor stop the honest for good", async () => {
    const numbers = Array.from({ length: DRAWN }, (_, drawn) => ENUMERATED.length + 1 + drawn);
    for (let number = 1; number <= ENUMERATED.length; number += ENUMERATED_STEP) numbers.push(number);
    const outcomes: TwinOutcome[] = [];
    for (const number of numbers) {
      outcomes.push(runner.twins(number));
      await breath();
    }
    expect(outcomes.filter(({ failure }) => failure !== undefined)).toEqual([]);
    for (const { figures } of outcomes) expect(figures.rounds).toBe(ROUNDS);
    // Partitions in which nobody can agree are among them, and others: blocks are made, and not in every round.
    const heights = outcomes.map(({ figures }) => figures.height);
    expect(Math.max(...heights)).toBeGreaterThanOrEqual(ROUNDS);
    expect(Math.min(...heights)).toBeLessThan(ROUNDS);
    expect(new Set(outcomes.flatMap(({ figures }) => figures.met)).size).toBeGreaterThan(100);
  });

  it("play the same for the same number, event by event", () => {
    const { figures } = runner.twins(4711);
    expect(runner.twins(4711).figures).toEqual(figures);
    expect(runner.twins(4712).figures.digest).not.toBe(figures.digest);
  });

  it.each(["quorum-too-small", "commit-before-persist"] as const)("find the planted fault %s", (bug) => {
    let found: TwinOutcome["failure"];
    for (let number = 1; number <= 20 && found === undefined; number++) {
      found = runner.twins(number, { bug }).failure;
    }
    expect(found?.kind).toBe("correctness");
  });
});
