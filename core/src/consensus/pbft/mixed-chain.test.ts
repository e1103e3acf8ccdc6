import { describe, expect, test } from "vitest";
import { heights } from "../testdata/questions.js";
import { RoughTime, mixedCluster } from "../testdata/rough-time.js";

/** Numbers of the nodes that behave as those of 2.9.1 do. */
const MIXTURES = [[0, 1, 2, 3], [1, 2, 3], [2, 3], [0, 1], [3], [1]].map((models) => ({
  models,
  who: models.join(", "),
}));

describe("a chain with members of 2.9.1", () => {
  test.each(MIXTURES)("decides with one gone and one pair without a session: $who", ({ models }) => {
    const cluster = mixedCluster(models);
    cluster.disconnect(0, 3);
    cluster.crash(2);
    for (let second = 0; second < 30; second++) {
      cluster.submit([cluster.transaction()], [0, 1, 3]);
      cluster.run(1000);
      for (const number of [0, 1, 3]) cluster.sync(number);
    }
    expect([0, 1, 3].map((number) => heights(cluster)[number])).toEqual([20, 20, 20]);
  });

  test.each([
    { models: [1, 2], who: "both of 2.9.1, ours stays", restarting: [1, 2] },
    { models: [1, 2], who: "one of 2.9.1, ours and one of 2.9.1 stay", restarting: [2] },
    { models: [2], who: "one of ours, one of ours and one of 2.9.1 stay", restarting: [1] },
    { models: [1], who: "all of them", restarting: [0, 1, 2] },
  ])("B16: a bare quorum whose view is far goes on when these restart: $who", ({ models, restarting }) => {
    const cluster = mixedCluster(models);
    cluster.crash(3);
    cluster.run(120_000);
    expect(cluster.machine(2).view()).toBeGreaterThan(50);
    for (const number of restarting) cluster.crash(number);
    cluster.run(40_000);
    for (const number of restarting) cluster.restart(number);
    cluster.submit([cluster.transaction()], [0, 1, 2]);
    cluster.run(60_000);
    for (const number of [0, 1, 2]) cluster.sync(number);
    expect(heights(cluster)).toEqual([1, 1, 1, 0]);
  });

  test.each(MIXTURES)(
    "B26: gets over whatever comes, and never stores two blocks of one height: $who",
    ({ models }) => {
      const longest: number[] = [];
      for (let seed = 0; seed < 12; seed++) {
        const run = new RoughTime(seed, models, {
          crashes: seed % 3 !== 1,
          cuts: seed % 3 !== 2,
          losses: seed % 2 === 0,
          slowness: seed % 5 === 0,
          latencyMs: [0, 30, 200][seed % 3] ?? 0,
        });
        run.happen(25);
        longest.push(run.recover());
      }
      expect(Math.max(...longest)).toBeLessThan(60_000);
    },
  );
});
