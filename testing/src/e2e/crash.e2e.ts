import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DAG_TRANSFER, TestChain, until, type Acknowledged } from "../harness/index.js";
import { acknowledged, loadOfTest } from "./load-of-test.js";

let chain: TestChain;

beforeAll(async () => {
  chain = await TestChain.build();
  await chain.start();
});
afterAll(() => chain.dispose());
// A test that failed may have left one of them dead.
beforeEach(() => chain.whole());

/** Every acknowledged transaction is in the block that its receipt named, on every node. */
async function expectKept(kept: readonly Acknowledged[]): Promise<void> {
  expect(kept.length).toBeGreaterThan(0);
  const height = Math.max(...kept.map((one) => one.blockNumber));
  await chain.reached(height);
  const hashes = await chain.agreedHashes(height);
  for (const one of kept) expect(hashes[one.blockNumber]).toBe(one.blockHash);
}

describe("B15, B16: nodes that are killed", () => {
  test.each([0, 1, 2, 3])(
    "kill -9 of node%i under load: the others go on; restarted, it catches up and takes part",
    async (victim) => {
      const node = chain.node(victim);
      const load = loadOfTest(chain.nodes);
      await acknowledged(load, 20);
      await node.end("SIGKILL");
      const others = chain.nodes.filter((other) => other !== node);
      const before = Math.max(...(await Promise.all(others.map((other) => other.height()))));
      // As many blocks as there are sealers: each of them, the dead one too, was to lead one.
      for (const other of others) {
        await until(`node${other.index} goes on`, async () => (await other.height()) >= before + chain.nodes.length);
      }

      node.start();
      await chain.connected(node);
      await acknowledged(load, 20);
      await expectKept(await load.stop());

      // It takes part again: with another node down, three of four are needed.
      const absent = chain.node((victim + 1) % 4);
      await absent.end("SIGTERM");
      const receipt = await (await node.client()).execute({ to: DAG_TRANSFER, data: new Uint8Array(0) });
      expect(receipt.blockNumber).toBeGreaterThan(before);
      absent.start();
      await chain.connected(absent);
    },
  );

  test("kill -9 of all four under load: no acknowledged block is lost, all agree, and the chain goes on", async () => {
    const load = loadOfTest(chain.nodes);
    await acknowledged(load, 40);
    await Promise.all(chain.nodes.map((node) => node.end("SIGKILL")));
    const kept = await load.stop();
    await chain.start();
    await expectKept(kept);
    const height = await chain.node(0).height();
    const client = await chain.node(2).client();
    const { blockNumber } = await client.execute({ to: DAG_TRANSFER, data: new Uint8Array(0) });
    expect(blockNumber).toBeGreaterThanOrEqual(height);
    await chain.reached(blockNumber);
    await chain.agreedHashes(blockNumber);
  });
});
