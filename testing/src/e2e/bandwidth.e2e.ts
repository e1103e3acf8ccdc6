import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sleep, TestChain, until, type ChainNode } from "../harness/index.js";

/** 64 KiB a second. */
const LIMIT_MEGABITS = 0.5;
const TRANSACTION_BYTES = 40_000;
const TRANSACTIONS = 90;

let chain: TestChain;
let sealers: readonly ChainNode[];
let late: ChainNode;

beforeAll(async () => {
  chain = await TestChain.build();
  sealers = chain.nodes.slice(0, 3);
  late = chain.node(3);
  for (const node of sealers) {
    node.change("config.ini", (text) =>
      text.replace("[flow_control]", `[flow_control]\n    outgoing_bandwidth_limit=${LIMIT_MEGABITS}`),
    );
    node.start();
  }
  await Promise.all(sealers.map((node) => chain.connected(node)));
});
afterAll(() => chain.dispose());

test("a limit of bandwidth holds back blocks that another node fetches, and nothing else", async () => {
  // Each node pushes 2.4 MB to the two others: 36 seconds' worth, that leave at once.
  const began = performance.now();
  const heights = await Promise.all(
    sealers.map(async (node) => {
      const client = await node.client();
      const hashes = await Promise.all(
        Array.from({ length: TRANSACTIONS / sealers.length }, async () => {
          const transaction = await client.sign({
            data: Buffer.concat([Buffer.of(0), randomBytes(TRANSACTION_BYTES)]),
          });
          await client.send(transaction);
          return transaction.hash;
        }),
      );
      const receipts = await Promise.all(hashes.map((hash) => client.waitForReceipt(hash)));
      return Math.max(...receipts.map(({ blockNumber }) => blockNumber));
    }),
  );
  const height = Math.max(...heights);
  expect(performance.now() - began).toBeLessThan(25_000);
  late.start();
  await until("the late node has a session with each", async () => (await late.rpc.getPeers()).length === 3, 30_000);
  await sleep(2000);
  // It knows of the blocks and asks for them; nobody has permits left to send one.
  expect(await late.height()).toBe(0);
  expect(await late.rpc.getSyncStatus()).toMatchObject({ isSyncing: true });
  // Consensus goes on at its own pace meanwhile.
  const client = await sealers[1]!.client();
  for (let turn = 0; turn < 3; turn++) {
    const sent = performance.now();
    await client.execute({ data: new Uint8Array(0) });
    expect(performance.now() - sent).toBeLessThan(10_000);
  }
  await until("the late node catches up in the end", async () => (await late.height()) > height, 120_000);
});
