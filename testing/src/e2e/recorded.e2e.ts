import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesToHex, hexToBytes } from "@tsbcos/core/primitives";
import { smSuite, standardSuite } from "@tsbcos/core/crypto";
import { decodeTransaction, signTransaction } from "@tsbcos/core/protocol";
import type { RpcReceipt } from "@tsbcos/sdk";
import { loadChain } from "../vectors/index.js";
import { PATIENCE_MS, TestChain, until } from "../harness/index.js";

/**
 * The recorded transactions of a real chain, signed anew with the same keys and nonces and sent one by one to one node
 * of a fresh chain: every receipt must be what the real node gave. Only node ids differ, so those of the recorded
 * nodes are replaced by ours wherever they stand in calldata.
 */

const nodeIdsOf = (genesis: string): string[] =>
  [...genesis.matchAll(/node\.\d+\s*=\s*([0-9a-f]{128})/g)].map((match) => match[1] ?? "");

/** What must be equal; block hashes, roots and transaction hashes cannot be. */
function comparable(receipt: RpcReceipt): Record<string, unknown> {
  const { status, output, gasUsed, contractAddress, from, to } = receipt;
  const logs = receipt.logs.map(({ address, topics, data }) => ({ address, topics, data }));
  return { status, output, gasUsed, contractAddress, from, to, logs };
}

describe.each([
  { name: "standard", words: [], suite: standardSuite },
  { name: "sm", words: ["-g"], suite: smSuite },
] as const)("$name", ({ name, words, suite }) => {
  let chain: TestChain;

  beforeAll(async () => {
    chain = await TestChain.build(words);
    for (const node of chain.nodes) {
      // One transaction a block, as recorded, but without half a second of waiting for more.
      const file = join(node.directory, "conf", "group.1.ini");
      writeFileSync(
        file,
        readFileSync(file, "utf8").replace("min_block_generation_time=500", "min_block_generation_time=0"),
      );
    }
    await chain.start();
  });
  afterAll(() => chain.dispose());

  test("recorded transactions, signed anew, give the recorded receipts on a chain of our own", async () => {
    const recorded = loadChain(name);
    const keys = new Map(
      Object.entries(recorded.accounts()).map(([name, { key }]) => [name, suite.keyPairOf(hexToBytes(key))]),
    );
    const theirs = nodeIdsOf(recorded.text("group.1.genesis"));
    const ours = nodeIdsOf(readFileSync(join(chain.node(0).directory, "conf", "group.1.genesis"), "utf8"));
    const asText = (id: string): string => bytesToHex(Buffer.from(id, "ascii"));
    const receiptOf = new Map(recorded.receipts().map((receipt) => [receipt.transactionHash, receipt]));
    const { rpc } = chain.node(0);

    const steps = recorded.steps();
    const differences: string[] = [];
    for (const [index, step] of steps.entries()) {
      const key = keys.get(step.from);
      const decoded = decodeTransaction(hexToBytes(step.raw), suite);
      if (key === undefined || !decoded.ok) throw new Error(`step ${step.name} cannot be read`);
      let data = bytesToHex(decoded.value.data);
      theirs.forEach((id, node) => {
        data = data.replaceAll(asText(id), asText(ours[node] ?? ""));
      });
      const unsigned = {
        ...decoded.value,
        data: hexToBytes(data),
        blockLimit: BigInt((await rpc.getBlockNumber()) + 500),
      };
      const { raw } = signTransaction(unsigned, key, suite);
      const hash = await rpc.sendRawTransaction(raw);
      let receipt: RpcReceipt | null = null;
      await until(
        `receipt of ${step.name}`,
        async () => {
          receipt = await rpc.getTransactionReceipt(hash);
          return receipt !== null;
        },
        PATIENCE_MS,
        5,
      );
      const expected = receiptOf.get(step.hash);
      if (expected === undefined || receipt === null) throw new Error(`step ${step.name} has no receipt`);
      const got = JSON.stringify(comparable(receipt));
      const wanted = JSON.stringify(comparable(expected as unknown as RpcReceipt));
      if (got !== wanted)
        differences.push(`${index} ${step.name}\n  got    ${got.slice(0, 500)}\n  wanted ${wanted.slice(0, 500)}`);
    }
    expect(differences.join("\n")).toBe("");
    expect(steps.length).toBe(199);

    const height = await chain.node(0).height();
    await chain.reached(height);
    expect((await chain.agreedHashes(height)).length).toBe(height + 1);
  });
});
