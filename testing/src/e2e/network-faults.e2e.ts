/** What a network does to a chain: a leader that is gone, a network in two halves, a node behind a slow line. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import { createAccount } from "@tsbcos/sdk";
import { measureThroughput } from "../bench/measure.js";
import { signAll, WORKLOADS } from "../bench/workloads.js";
import { Links, Load, sleep, TestChain, until, type Acknowledged } from "../harness/index.js";

/** Time after which a silent leader is given up, and the second that the others may take to go on. */
const VIEW_TIMEOUT_MS = 3000;
const GRACE_MS = 1000;

/** Each way, on every line of one node: more than between any two continents. */
const SLOW_LINE_MS = 100;
const TRANSACTIONS = 5000;

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

/** Every acknowledged transaction is in the block that its receipt named, on every node. */
async function expectKept(acknowledged: readonly Acknowledged[]): Promise<void> {
  expect(acknowledged.length).toBeGreaterThan(0);
  const height = Math.max(...acknowledged.map((one) => one.blockNumber));
  await chain.reached(height, 60_000);
  const hashes = await chain.agreedHashes(height);
  for (const one of acknowledged) expect(hashes[one.blockNumber]).toBe(one.blockHash);
}

/** Index of the node whose turn it is at the height after the head, in view 0. */
async function leaderOfNextBlock(): Promise<number> {
  const { rpc } = chain.node(0);
  const sealers = await rpc.getSealerList();
  const nodeId = sealers[(await rpc.getBlockNumber()) % sealers.length];
  return chain.nodes.findIndex((node) => node.nodeId === nodeId);
}

test("a leader killed under load: blocks go on within the time-out and one second", async () => {
  const load = new Load(chain.nodes);
  await sleep(3000);
  // The load does not stop while we look: the one who is killed leads the next block or, at the latest, one soon after.
  const victim = chain.node(await leaderOfNextBlock());
  await victim.end("SIGKILL");
  const witness = chain.nodes.find((node) => node !== victim) ?? chain.node(0);
  let longestMs = 0;
  let height = await witness.height();
  let sinceMs = performance.now();
  const endMs = sinceMs + 15_000;
  const first = height;
  while (performance.now() < endMs) {
    const now = await witness.height();
    longestMs = Math.max(longestMs, performance.now() - sinceMs);
    if (now > height) sinceMs = performance.now();
    height = now;
    await sleep(10);
  }
  console.log(`leader killed: ${height - first} blocks in 15 s, longest wait for one ${Math.round(longestMs)} ms`);
  expect(height - first).toBeGreaterThan(4);
  expect(longestMs).toBeLessThan(VIEW_TIMEOUT_MS + GRACE_MS);
  victim.start();
  await chain.connected(victim);
  await expectKept(await load.stop());
});

test("a network in two halves stands still, and goes on when it is whole again", async () => {
  const load = new Load(chain.nodes);
  await sleep(2000);
  links.partition([0, 1], [2, 3]);
  // What was already agreed may still be stored.
  await sleep(1000);
  const heights = await Promise.all(chain.nodes.map((node) => node.height()));
  expect(Math.max(...heights) - Math.min(...heights)).toBeLessThanOrEqual(1);
  await sleep(8000);
  expect(await Promise.all(chain.nodes.map((node) => node.height()))).toEqual(heights);
  links.heal();
  const healedMs = performance.now();
  const reached = Math.max(...heights) + 2;
  for (const node of chain.nodes) {
    await until(`node${node.index} goes on`, async () => (await node.height()) >= reached, 60_000);
  }
  console.log(`partition healed: two more blocks on all nodes after ${Math.round(performance.now() - healedMs)} ms`);
  await expectKept(await load.stop());
});

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
    const transactions = signAll(calls, { count: TRANSACTIONS, height, key: account, suite });
    return (await measureThroughput(others, transactions)).perSecond;
  };
  await perSecond();
  const rates: number[] = [];
  for (const delayMs of [0, SLOW_LINE_MS, 0, SLOW_LINE_MS, 0]) {
    links.slow(3, delayMs);
    rates.push(await perSecond());
  }
  links.heal();
  const [first = 0, slowed = 0, second = 0, slowedAgain = 0, third = 0] = rates;
  console.log(
    `stored a second with a line of ${SLOW_LINE_MS} ms every other time: ${rates.map(Math.round).join(", ")}`,
  );
  expect((slowed + slowedAgain) / 2).toBeGreaterThan((0.9 * (first + second + third)) / 3);
  await chain.reached(await chain.node(0).height(), 60_000);
});
