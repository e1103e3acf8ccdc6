import { setImmediate as breath } from "node:timers/promises";
import * as protocol from "@tsbcos/core/protocol";
import { standardSuite } from "@tsbcos/core/crypto";
import { ethereumRules } from "@tsbcos/core/evm";
import { createRandom } from "@tsbcos/core/primitives";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import { describe, expect, test } from "vitest";
import { randomScene } from "./bytecode.js";
import { DECODERS } from "./decoders.js";
import { askOracle } from "./oracle.js";
import { runCase, Totals } from "./run.js";
import { Stage } from "./scene.js";
import { allTargets } from "./targets.js";
import { damagedTree, encodeRlpTree, rlpTree } from "./rlp-tree.js";

/** Cases of each target in every run of the tests: some seconds together. */
const CASES: Readonly<Record<string, number>> = {
  bytecode: 120,
  precompiled: 60,
  decoders: 3000,
  frames: 1500,
  "json-rpc": 3000,
  channel: 100,
  member: 6,
  "sm-tls": 100,
};

const targets = allTargets(await loadNativeSuites());

test("every target has its share here", () => {
  expect(targets.map(({ name }) => name).sort()).toEqual(Object.keys(CASES).sort());
});

describe.each(targets)("$name: $description", (target) => {
  test("fixed seeds find nothing", { timeout: 300_000 }, async () => {
    const totals = new Totals();
    const cases = CASES[target.name] ?? 0;
    for (let seed = 1; seed <= cases; seed++) {
      await runCase(target, seed, totals).catch((error: unknown) => {
        throw new Error(`seed ${seed} of ${target.name}`, { cause: error });
      });
      // Most cases are synchronous: between them the reporter must be heard.
      await breath();
    }
    expect(totals.cases).toBe(cases);
    expect([...totals.figures.values()].every((count) => count > 0)).toBe(true);
  });

  test("the same seed gives the same case", async () => {
    const [first, second] = [new Totals(), new Totals()];
    await runCase(target, 7, first);
    await runCase(target, 7, second);
    expect(first.toString()).toBe(second.toString());
  });
});

test("bytecode: one wrong price is found within a few scenes", async () => {
  const stage = new Stage(standardSuite);
  const { staticGas } = ethereumRules("istanbul");
  const wrong = staticGas.slice();
  wrong[0x20] = (staticGas[0x20] ?? 0) + 1;
  const wrongStage = new Stage(standardSuite, { ...ethereumRules("istanbul"), staticGas: wrong });
  let found = 0;
  for (let seed = 0; seed < 20; seed++) {
    const scene = randomScene(createRandom(seed));
    const { ending } = await askOracle(scene, standardSuite, stage);
    expect(stage.run(scene)).toEqual(ending);
    if (wrongStage.run(scene).gasLeft !== ending.gasLeft) found++;
  }
  expect(found).toBeGreaterThan(0);
});

test("decoders: every decoder of the protocol is among them", () => {
  const exported = Object.keys(protocol).filter((name) => name.startsWith("decode"));
  expect(exported.sort()).toEqual(Object.keys(DECODERS).sort());
});

test("decoders: RLP reads as a tree and back, and damage keeps the lengths right", () => {
  const tree = [Uint8Array.of(1), new Uint8Array(60).fill(7), [Uint8Array.of(200), []], new Uint8Array(0)];
  const bytes = encodeRlpTree(tree);
  expect(encodeRlpTree(rlpTree(bytes) ?? [])).toEqual(bytes);
  for (let seed = 0; seed < 200; seed++) {
    expect(rlpTree(encodeRlpTree(damagedTree(tree, createRandom(seed))))).toBeDefined();
  }
  expect(rlpTree(bytes.subarray(1))).toBeUndefined();
});
