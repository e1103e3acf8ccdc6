import { setImmediate as breath } from "node:timers/promises";
import { expect, test } from "vitest";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import { Crowd } from "./crowd.js";
import { createSimulatedSuite } from "./suite.js";

const CROWD = { seed: 1, sealers: 4, observers: 40, transactionsPerSecond: 60, seconds: 6, cutShare: 0.1 };

test("with trees less leaves the sealers, and no observer is more than two blocks behind with a tenth of the links cut", async () => {
  const suite = createSimulatedSuite((await loadNativeSuites()).standard);
  const without = new Crowd({ ...CROWD, trees: false }, suite).run();
  // Runs are synchronous: between them the reporter must be heard.
  await breath();
  const withTrees = new Crowd({ ...CROWD, trees: true }, suite).run();
  const perTransaction = ({ busiestSealerBytes, transactions }: typeof without): number =>
    busiestSealerBytes / transactions;
  expect(perTransaction(withTrees)).toBeLessThan(perTransaction(without) / 2);
  // What the sealers are spared, observers do for each other.
  expect(withTrees.busiestObserverBytes).toBeGreaterThan(10 * without.busiestObserverBytes);
  expect(Math.max(without.lagMax, withTrees.lagMax)).toBeLessThanOrEqual(2);
});
