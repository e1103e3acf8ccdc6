/** What a network does to a chain: a leader that is gone, a network in two halves, a node behind a slow line. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import { createAccount } from "@tsbcos/sdk";
import { measureThroughput } from "../bench/measure.js";
import { signAll, WORKLOADS } from "../bench/workloads.js";
import { Links, sleep, TestChain, until, type Acknowledged, type ChainNode } from "../harness/index.js";
import { acknowledged, loadOfTest } from "./load-of-test.js";

/** Time after which a silent leader is given up, and the second that the others may take to go on. */
const VIEW_TIMEOUT_MS = 3000;
const GRACE_MS = 1000;
/** A leader waits so long for transactions, however fast the machine is. */
const BLOCK_TIME_MS = 500;
/** Changing the view and agreeing on a block is the work of so many blocks. */
const ROUNDS_OF_A_CHANGE = 3;

/** Each way, on every line of one node: more than between any two continents. */
const SLOW_LINE_MS = 100;
const TRANSACTIONS = 5000;
/** Of four measurements each, two with the slow line between two without. */
const ROUNDS_MIN = 2;
const ROUNDS_MAX = 8;

let chain: TestChain;
let links: Links;

beforeAll(async () => {
  chain = await TestChain.build();
  links = await Links.between(chain);
  await chain.start();
});
afterAll(async () => {
  await chain.dispose();
  links.close();
});

// A test that failed may have left a node dead or a line cut.
beforeEach(async () => {
  links.heal();
  await chain.whole();
});

/** Every acknowledged transaction is in the block that its receipt named, on every node. */
async function expectKept(kept: readonly Acknowledged[]): Promise<void> {
  expect(kept.length).toBeGreaterThan(0);
  const height = Math.max(...kept.map((one) => one.blockNumber));
  await chain.reached(height);
  const hashes = await chain.agreedHashes(height);
  for (const one of kept) expect(hashes[one.blockNumber]).toBe(one.blockHash);
}

/** Index of the node whose turn it is at the height after the head, in view 0. */
async function leaderOfNextBlock(): Promise<number> {
  const { rpc } = chain.node(0);
  const sealers = await rpc.getSealerList();
  const nodeId = sealers[(await rpc.getBlockNumber()) % sealers.length];
  return chain.nodes.findIndex((node) => node.nodeId === nodeId);
}

/** The longest that a node waited for a block, until it has so many more. */
async function longestWait(node: ChainNode, blocks: number): Promise<number> {
  let height = await node.height();
  const end = height + blocks;
  let longestMs = 0;
  let sinceMs = performance.now();
  await until(
    `node${node.index} stores ${blocks} blocks`,
    async () => {
      const now = await node.height();
      longestMs = Math.max(longestMs, performance.now() - sinceMs);
      if (now > height) sinceMs = performance.now();
      height = now;
      return height >= end;
    },
    300_000,
    10,
  );
  return longestMs;
}

test("a leader killed under load: blocks go on within the time-out and one second", async () => {
  const load = loadOfTest(chain.nodes);
  await acknowledged(load, 20);
  // What a block costs this machine beside what every leader waits: where that is little, a second it is.
  const usualMs = await longestWait(chain.node(0), 12);
  const graceMs = Math.max(GRACE_MS, ROUNDS_OF_A_CHANGE * (usualMs - BLOCK_TIME_MS));
  // The load does not stop while we look: the one who is killed leads the next block or, at the latest, one soon after.
  const victim = chain.node(await leaderOfNextBlock());
  await victim.end("SIGKILL");
  const witness = chain.nodes.find((node) => node !== victim) ?? chain.node(0);
  // Each of the others leads twice, and twice it would be the turn of the dead one.
  const longestMs = await longestWait(witness, 2 * chain.nodes.length);
  const waits = [usualMs, longestMs, VIEW_TIMEOUT_MS + graceMs].map(Math.round);
  console.log(
    `longest wait for a block: ${waits[0]} ms before, ${waits[1]} ms when a leader was killed of ${waits[2]}`,
  );
  victim.start();
  await chain.connected(victim);
  await expectKept(await load.stop());
  expect(longestMs).toBeLessThan(VIEW_TIMEOUT_MS + graceMs);
});

/** Heights of two halves once they have not changed for a while: what was agreed on is stored, and partners have shared it. */
async function settledHeights(): Promise<readonly number[]> {
  let heights: readonly number[] = [];
  let sinceMs = 0;
  await until("the chain stands still", async () => {
    const now = await Promise.all(chain.nodes.map((node) => node.height()));
    if (now.join() !== heights.join()) sinceMs = performance.now();
    heights = now;
    const [a, b, c, d] = heights;
    return a === b && c === d && performance.now() - sinceMs > 4000;
  });
  return heights;
}

test("a network in two halves stands still, and goes on when it is whole again", async () => {
  const load = loadOfTest(chain.nodes);
  await acknowledged(load, 20);
  links.partition([0, 1], [2, 3]);
  const heights = await settledHeights();
  expect(Math.max(...heights) - Math.min(...heights)).toBeLessThanOrEqual(1);
  await sleep(6000);
  expect(await Promise.all(chain.nodes.map((node) => node.height()))).toEqual(heights);
  links.heal();
  const healedMs = performance.now();
  const reached = Math.max(...heights) + 2;
  await chain.reached(reached);
  console.log(`partition healed: two more blocks on all nodes after ${Math.round(performance.now() - healedMs)} ms`);
  await acknowledged(load, 8);
  await expectKept(await load.stop());
});

const medianOf = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
};

test("a node behind a slow line takes less than a tenth from the other three", async () => {
  const suite = (await loadNativeSuites()).standard;
  const account = createAccount(suite);
  const workload = WORKLOADS.find(({ name }) => name === "DagTransfer");
  if (workload === undefined) throw new Error("there is no such workload");
  const others = chain.nodes.slice(0, 3);
  const client = await chain.node(0).client(account);
  const calls = await workload.prepare(client);
  // What three nodes store a second when they are given more than they can take.
  const perSecond = async (): Promise<number> => {
    const height = await client.blockNumber();
    // What the one behind the slow line has to make up for is no part of the next measurement.
    await chain.reached(height);
    const transactions = signAll(calls, { count: TRANSACTIONS, height, key: account, suite });
    return (await measureThroughput(others, transactions)).perSecond;
  };
  await perSecond();
  // What else the machine does comes and goes: both kinds in turns, and more of them until the middle of each is certain.
  const rates = { straight: [] as number[], slow: [] as number[] };
  const share = (): number => medianOf(rates.slow) / medianOf(rates.straight);
  for (let round = 1; round <= ROUNDS_MIN || (round <= ROUNDS_MAX && share() <= 0.9); round++) {
    for (const line of ["straight", "slow", "slow", "straight"] as const) {
      links.slow(3, line === "slow" ? SLOW_LINE_MS : 0);
      rates[line].push(await perSecond());
    }
  }
  const shown = ({ straight, slow }: typeof rates): string =>
    `${slow.map(Math.round).join(", ")} with a line of ${SLOW_LINE_MS} ms, ${straight.map(Math.round).join(", ")} without`;
  console.log(`stored a second: ${shown(rates)}; ${share().toFixed(2)} of it in the middle`);
  expect(share()).toBeGreaterThan(0.9);
  links.heal();
  await chain.reached(await chain.node(0).height());
});
