import { afterAll, beforeAll, expect, test } from "vitest";
import { sleep, TestChain, until } from "../harness/index.js";

let chain: TestChain;

beforeAll(async () => {
  chain = await TestChain.build();
});
afterAll(() => chain.dispose());

test("a node that was started by a script outlives the terminal of whoever ran it", async () => {
  const node = chain.node(0);
  node.start();
  await until("it answers", async () => (await node.height()) === 0);
  process.kill(node.pid ?? 0, "SIGHUP");
  await sleep(1000);
  expect(await node.height()).toBe(0);
  expect(await node.end("SIGTERM")).toBe(0);
});
