import { readFileSync } from "node:fs";
import { setImmediate as breath } from "node:timers/promises";
import type { ConsensusType } from "@tsbcos/core/ledger";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { CONSENSUS_TYPES, drawOptions } from "./options.js";
import type { RunWishes } from "./options.js";
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
function regressions(): { readonly seed: number; readonly of: string }[] {
  const text = readFileSync(new URL("regressions.txt", import.meta.url), "utf8");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [seed, of = ""] = line.split(/ +/);
    return { seed: Number(seed), of };
  });
}

/** What is wished for with the second word of a line: a consensus type, or a number of groups of drawn types. */
function wishesOf(word: string): RunWishes | undefined {
  const groups = /^([1-9])-groups$/.exec(word)?.[1];
  if (groups !== undefined) return { groups: Number(groups) };
  const consensus = CONSENSUS_TYPES.find((type) => type === word);
  return consensus === undefined ? undefined : { consensus };
}

describe("the simulator", () => {
  it.each(regressions())("passes seed $seed of $of, which failed once", ({ seed, of }) => {
    expect(Number.isSafeInteger(seed)).toBe(true);
    expect(wishesOf(of)).toBeDefined();
    expect(runner.run(seed, wishesOf(of)).failure).toBeUndefined();
  });

  it("reads lines of several groups among those of one", () => {
    expect(["pbft", "2-groups", "groups"].map(wishesOf)).toEqual([{ consensus: "pbft" }, { groups: 2 }, undefined]);
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
