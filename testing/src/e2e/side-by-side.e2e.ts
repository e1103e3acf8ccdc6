/** Two groups with different consensus on the same four nodes, under load, while nodes come and go. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { heightOf, makeGroup, sleep, TestChain, until, type Acknowledged } from "../harness/index.js";
import { acknowledged, loadOfTest } from "./load-of-test.js";

const RAFT_GROUP = 2;
const MEGABYTE = 1024 * 1024;
/** Seconds of load; `TSBCOS_SOAK_SECONDS=600` makes a long run of it, with a restart every 20 seconds. */
const soakSeconds = Number(process.env["TSBCOS_SOAK_SECONDS"] ?? 0);
const restarts = soakSeconds === 0 ? 4 : Math.ceil(soakSeconds / 20);
const restartEveryMs = soakSeconds === 0 ? 5000 : 20_000;

let chain: TestChain;

beforeAll(async () => {
  chain = await TestChain.build();
  await chain.start();
  await makeGroup(chain.nodes, RAFT_GROUP, { consensus_type: "raft" });
});
afterAll(() => chain.dispose());

/** Every acknowledged transaction is in the block that its receipt named, on every node. */
async function expectKept(groupId: number, kept: readonly Acknowledged[]): Promise<void> {
  const hashOf = new Map(kept.map(({ blockNumber, blockHash }) => [blockNumber, blockHash]));
  for (const { blockNumber, blockHash } of kept) expect(blockHash).toBe(hashOf.get(blockNumber));
  const height = Math.max(...hashOf.keys());
  for (const node of chain.nodes) {
    const has = async (): Promise<boolean> => (await heightOf(node, groupId)) >= height;
    await until(`node${node.index} has block ${height} of group ${groupId}`, has);
    for (const [number, hash] of hashOf) {
      expect(await node.rpc.request("getBlockHashByNumber", [groupId, String(number)])).toBe(hash);
    }
  }
}

test(
  "B17: PBFT and Raft side by side lose nothing that they acknowledged, and memory stays where it was",
  async () => {
    const loads = new Map([1, RAFT_GROUP].map((groupId) => [groupId, loadOfTest(chain.nodes, 4, groupId)]));
    const peakMegabytes: number[] = [];
    for (let turn = 0; turn < restarts; turn++) {
      await sleep(restartEveryMs / 2);
      const node = chain.node(turn % chain.nodes.length);
      expect(await node.end(turn % 2 === 0 ? "SIGTERM" : "SIGKILL")).toBe(turn % 2 === 0 ? 0 : null);
      node.start();
      await sleep(restartEveryMs / 2);
      await chain.connected(node);
      peakMegabytes.push(Math.round(Math.max(...chain.nodes.map((one) => one.residentBytes())) / MEGABYTE));
    }
    for (const [groupId, load] of loads) {
      await acknowledged(load, 5);
      const kept = await load.stop();
      expect(kept.length).toBeGreaterThan(5 * restarts);
      await expectKept(groupId, kept);
      if (soakSeconds > 0) console.log(`group ${groupId}: ${kept.length} transactions acknowledged, none lost`);
    }
    if (soakSeconds > 0) console.log(`largest resident memory after each restart, MB: ${peakMegabytes.join(" ")}`);
    expect(Math.max(...peakMegabytes)).toBeLessThan(400);
    for (const node of chain.nodes) expect(node.output).not.toMatch(/invariant|Init failed|error/i);
  },
  900_000 + soakSeconds * 2000,
);
