import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PATIENCE_MS, TestChain, until, type ChainNode } from "../harness/index.js";

const TRANSACTION_BYTES = 40_000;
const TRANSACTIONS = 90;
/** What each of three nodes pushes to the two others. */
const PUSHED_BYTES = 2 * TRANSACTION_BYTES * (TRANSACTIONS / 3);
/** Time that the limit takes for that, on a machine that makes a chain within {@link USUAL_BUILD_MS}; others get longer. */
const DEBT_MS = 40_000;
const USUAL_BUILD_MS = 1500;

let chain: TestChain;
let sealers: readonly ChainNode[];
let late: ChainNode;
let debtMs: number;

beforeAll(async () => {
  const began = performance.now();
  chain = await TestChain.build();
  debtMs = DEBT_MS * Math.max(1, (performance.now() - began) / USUAL_BUILD_MS);
  const megabits = (PUSHED_BYTES * 8) / 2 ** 20 / (debtMs / 1000);
  sealers = chain.nodes.slice(0, 3);
  late = chain.node(3);
  for (const node of sealers) {
    node.change("config.ini", (text) =>
      text.replace("[flow_control]", `[flow_control]\n    outgoing_bandwidth_limit=${megabits.toFixed(3)}`),
    );
    node.start();
  }
  await Promise.all(sealers.map((node) => chain.connected(node)));
});
afterAll(() => chain.dispose());

test("a limit of bandwidth holds back blocks that another node fetches, and nothing else", async () => {
  // What each node pushes to the two others leaves at once, and nobody has permits for as long as the limit takes for it.
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
  late.start();
  await until("the late node has a session with each", async () => (await late.rpc.getPeers()).length === 3);
  // It knows of the blocks and asks for them; nobody has permits left to send one.
  await until("the late node asks for blocks", async () => (await late.rpc.getSyncStatus()).isSyncing);
  expect(await late.height()).toBe(0);
  // Consensus goes on at its own pace meanwhile.
  const client = await sealers[1]!.client();
  for (let turn = 0; turn < 3; turn++) {
    await client.execute({ data: new Uint8Array(0) });
  }
  expect(await late.height()).toBe(0);
  // Nothing of all that has waited for permits: there would have been none before now.
  expect(performance.now() - began).toBeLessThan(debtMs);
  const withinMs = 2 * debtMs + PATIENCE_MS;
  await until("the late node catches up in the end", async () => (await late.height()) > height, withinMs);
});
