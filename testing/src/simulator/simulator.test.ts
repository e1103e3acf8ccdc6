import { readFileSync } from "node:fs";
import { setImmediate as breath } from "node:timers/promises";
import type { ConsensusType } from "@tsbcos/core/ledger";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { CONSENSUS_TYPES, drawOptions } from "./options.js";
import { BUGS, PLANTED_BUGS } from "./planted/bugs.js";
import type { Bug } from "./planted/bugs.js";
import { createRunner } from "./run.js";
import type { Outcome, Runner } from "./run.js";

/** Runs of a planted fault until it must have been found. */
const SEEDS_PER_BUG_MAX = 40;

/** Faults of the host and of the quorum: those that need no other core. `planted/planted.test.ts` has the others. */
const UNPATCHED = BUGS.filter((bug) => PLANTED_BUGS[bug].patch === undefined);

// Whole clusters, many of them, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let runner: Runner;
beforeAll(async () => {
  runner = await createRunner();
});

// Runs are synchronous: between them the reporter must be heard.
afterEach(() => breath());

function firstFailure(bug: Bug, consensus: ConsensusType): Outcome | undefined {
  for (let seed = 1; seed <= SEEDS_PER_BUG_MAX; seed++) {
    const outcome = runner.run(seed, { bug, consensus });
    if (outcome.failure !== undefined) return outcome;
  }
  return undefined;
}

/** Runs in `regressions.txt`: the first two words of each line that is not a comment. */
function regressions(): { readonly seed: number; readonly consensus: ConsensusType }[] {
  const text = readFileSync(new URL("regressions.txt", import.meta.url), "utf8");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [seed, consensus] = line.split(/ +/);
    return { seed: Number(seed), consensus: consensus as ConsensusType };
  });
}

describe("the simulator", () => {
  it.each(regressions())("passes seed $seed of $consensus, which failed once", ({ seed, consensus }) => {
    expect(Number.isSafeInteger(seed)).toBe(true);
    expect(CONSENSUS_TYPES).toContain(consensus);
    expect(runner.run(seed, { consensus }).failure).toBeUndefined();
  });

  it("passes the first seeds, makes blocks in them and admits transactions", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { failure, figures } = runner.run(seed);
      expect(failure).toBeUndefined();
      expect(figures.height).toBeGreaterThan(0);
      expect(figures.admitted).toBeGreaterThan(0);
    }
  });

  it("gives the same run for the same seed, event by event, and another for another", () => {
    const first = runner.run(7).figures;
    expect(runner.run(7).figures).toEqual(first);
    expect(runner.run(8).figures.digest).not.toBe(first.digest);
  });

  it.each(UNPATCHED)("finds the planted fault %s in Raft as well", (bug) => {
    expect(firstFailure(bug, "raft")?.failure).toBeDefined();
  });

  it("draws runs of every consensus type", () => {
    const seeds = Array.from({ length: 50 }, (_, seed) => drawOptions(seed).groups[0].consensus);
    expect(new Set(seeds)).toEqual(new Set(CONSENSUS_TYPES));
    expect(seeds.filter((type) => type === "pbft").length).toBeGreaterThan(25);
  });

  it.each(UNPATCHED)("finds the planted fault %s, and again with the same seed", (bug) => {
    const found = firstFailure(bug, "pbft");
    expect(found?.failure).toBeDefined();
    const again = runner.run(found!.options.seed, { bug, consensus: "pbft" });
    expect(again.failure).toEqual(found!.failure);
    expect(again.figures.digest).toBe(found!.figures.digest);
  });
});
