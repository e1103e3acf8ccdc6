/** The Java SDK, unchanged, against a chain of four SM nodes, with SM TLS on the channel. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestChain } from "../harness/index.js";
import { buildJavaProgram } from "./java-programs.js";

const program = await buildJavaProgram();
if (!program.ok) process.stdout.write(`skipped: ${program.reason}\n`);
afterAll(() => {
  if (program.ok) program.dispose();
});

describe.skipIf(!program.ok)("an SM chain, over the channel with SM TLS", () => {
  let chain: TestChain;

  beforeAll(async () => {
    chain = await TestChain.build(["-g", "-G"]);
    await chain.start();
  });
  afterAll(() => chain.dispose());

  test("the SDK finds out that the chain is an SM chain, sends a transaction and gets its receipt", async () => {
    if (!program.ok) return;
    const nodes = [0, 1].map((index) => `127.0.0.1:${chain.node(index).channelPort}`);
    const seen = await program.run(chain.sdkFolder, ...nodes);
    const { rpc } = chain.node(2);
    await chain.reached(1);
    expect(Object.fromEntries(seen)).toMatchObject({ version: "2.9.1 gm", change: "1", setting: "1234", peers: "3" });
    expect(seen.get("height")).toBe("1");
    const block = await rpc.getBlockByNumber(1, true);
    const [transaction] = (block as { readonly transactions: readonly { readonly from: string }[] }).transactions;
    expect(transaction?.from).toBe(seen.get("sender"));
  });
});
