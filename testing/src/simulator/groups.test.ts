import { setImmediate as breath } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { GROUPS_MAX, drawOptions } from "./options.js";
import { createRunner } from "./run.js";
import type { Runner } from "./run.js";

// Whole clusters, many of them, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let runner: Runner;
beforeAll(async () => {
  runner = await createRunner();
});

// Runs are synchronous: between them the reporter must be heard.
afterEach(() => breath());

describe("several groups on a node", () => {
  it("are drawn for one seed in six, and never when one consensus type is asked for alone", () => {
    const counts = Array.from({ length: 600 }, (_, seed) => drawOptions(seed).groups.length);
    expect(new Set(counts)).toEqual(new Set([1, 2, 3]));
    const several = counts.filter((count) => count > 1).length;
    expect(several).toBeGreaterThan(70);
    expect(several).toBeLessThan(130);
    expect(drawOptions(1, { consensus: "raft", groups: 2 }).groups.map(({ consensus }) => consensus)).toEqual([
      "raft",
      "raft",
    ]);
    for (let seed = 0; seed < 50; seed++) expect(drawOptions(seed, { consensus: "pbft" }).groups).toHaveLength(1);
  });

  it("leave the first group what it is without the others", () => {
    for (let seed = 0; seed < 50; seed++) {
      const [first] = drawOptions(seed, { groups: 1 }).groups;
      expect(drawOptions(seed, { groups: 3 }).groups[0]).toEqual(first);
    }
  });

  it("have members of their own: nodes in several groups, in one only, and of other algorithms", () => {
    const runs = Array.from({ length: 100 }, (_, seed) => drawOptions(seed, { groups: 2 + (seed % 2) }));
    for (const { nodeCount, groups } of runs) {
      const [first, ...others] = groups.map(({ members }) => members);
      for (const members of others) {
        expect(new Set(members).size).toBe(members.length);
        expect(members.every((node) => node < nodeCount)).toBe(true);
        expect(members.some((node) => first?.includes(node))).toBe(true);
      }
    }
    const isOutside = ({ nodeCount, groups }: (typeof runs)[number]): boolean =>
      groups.some(({ members }) => members.length < nodeCount);
    const isMixed = ({ groups }: (typeof runs)[number]): boolean =>
      new Set(groups.map(({ consensus }) => consensus)).size > 1;
    expect(runs.filter(isOutside).length).toBeGreaterThan(50);
    expect(runs.filter(isMixed).length).toBeGreaterThan(30);
  });

  it.each([2, GROUPS_MAX])(
    "pass the first seeds with %i of them, event by event the same when run again",
    async (groups) => {
      for (let seed = 1; seed <= 6; seed++) {
        await breath();
        const { failure, figures } = runner.run(seed, { groups });
        expect(failure).toBeUndefined();
        // Each group had to store a block at least.
        expect(figures.height).toBeGreaterThanOrEqual(groups);
      }
      const { figures } = runner.run(3, { groups });
      expect(runner.run(3, { groups }).figures).toEqual(figures);
    },
  );

  it("refuse what is handed in for another group", () => {
    let refused = 0;
    for (let seed = 1; seed <= 6; seed++) {
      refused += runner.run(seed, { groups: 2 }).figures.marks.get("REFUSED/group-id-mismatch") ?? 0;
    }
    expect(refused).toBeGreaterThan(0);
  });

  it("are named in the story and in what a run ends with", () => {
    const lines: string[] = [];
    const { failure } = runner.run(1, { bug: "backup-in-shared-area" }, (line) => lines.push(line));
    expect(failure?.message).toMatch(/^group 2: n\d writes to the disk of another group$/);
    expect(lines.some((line) => / n\d g1 /.test(line))).toBe(true);
    expect(lines.some((line) => / n\d g2 /.test(line))).toBe(true);
  });
});
