/** A chain of real processes whose working sealers are drawn by lot: rPBFT at the newest version. */
import { afterEach, expect, test } from "vitest";
import { ConfigService, ConsensusService } from "@tsbcos/sdk";
import { DAG_TRANSFER, TestChain, until, type ChainNode } from "../harness/index.js";

const WORKING_SEALERS = "0x0000000000000000000000000000000000001011";
const NODES = 5;

let chain: TestChain;
afterEach(() => chain.dispose());

async function sendTo(node: ChainNode): Promise<number> {
  const client = await node.client();
  return (await client.execute({ to: DAG_TRANSFER, data: new Uint8Array(0) })).blockNumber;
}

interface Block {
  readonly sealerList: readonly string[];
  readonly transactions: readonly { readonly to: string; readonly hash: string }[];
}

async function block(number: number): Promise<Block> {
  return (await chain.node(0).rpc.request("getBlockByNumber", [1, String(number), true])) as Block;
}

/** Waits until a node has so many working sealers: its consensus follows its stored blocks, which answer first. */
async function working(node: ChainNode, count: number): Promise<void> {
  await until(`${count} sealers work`, async () => {
    const epoch = (await node.rpc.request("getEpochSealersList", [1])) as readonly string[];
    return epoch.length === count;
  });
}

/** Heights of the blocks that begin with a rotation, each of which went well. */
async function rotations(from: number, to: number): Promise<readonly number[]> {
  const heights: number[] = [];
  for (let number = from; number <= to; number++) {
    const { transactions } = await block(number);
    const places = transactions.flatMap(({ to: called }, index) => (called === WORKING_SEALERS ? [index] : []));
    if (places.length === 0) continue;
    expect(places).toEqual([0]);
    const hash = (transactions[0] as { readonly hash: string }).hash;
    const receipt = (await chain.node(1).rpc.request("getTransactionReceipt", [1, hash])) as {
      readonly status: string;
    };
    expect(receipt.status).toBe("0x0");
    heights.push(number);
  }
  return heights;
}

test("five nodes change who works at the end of each epoch, also without one of them", async () => {
  chain = await TestChain.build(["-c", "rpbft"], NODES);
  for (const node of chain.nodes) {
    node.change("conf/group.1.genesis", (text) =>
      text.replace(/epoch_block_num=\d+/, "epoch_block_num=3").replace(/epoch_sealer_num=\d+/, "epoch_sealer_num=4"),
    );
  }
  await chain.start();
  for (let round = 0; round < 10; round++) await sendTo(chain.node(round % NODES));
  const height = await sendTo(chain.node(0));
  await chain.reached(height);
  await chain.agreedHashes(height);
  await working(chain.node(2), 4);

  const rotated = await rotations(1, height);
  expect(rotated).toEqual([4, 7, 10, 13].filter((number) => number <= height));
  for (const number of rotated.filter((one) => one < height)) {
    const before = (await block(number)).sealerList;
    const after = (await block(number + 1)).sealerList;
    expect(after).toHaveLength(4);
    expect(after.filter((id) => !before.includes(id))).toHaveLength(1);
  }
  const epoch = (await chain.node(2).rpc.request("getEpochSealersList", [1])) as readonly string[];
  const sealers = (await chain.node(2).rpc.request("getSealerList", [1])) as readonly string[];
  expect([epoch.length, sealers.length]).toEqual([4, NODES]);

  // One of four working sealers may be gone.
  const victim = chain.nodes.find(({ nodeId, index }) => index > 0 && epoch.includes(nodeId)) as ChainNode;
  await victim.end("SIGKILL");
  for (let round = 0; round < 4; round++) await sendTo(chain.node(0));
  victim.start();
  await chain.connected(victim);

  // All are to work, then one is made an observer, and comes back.
  const client = await chain.node(0).client();
  expect((await new ConfigService(client).set("rpbft_epoch_sealer_num", NODES)).code).toBe(1);
  const filled = await sendTo(chain.node(0));
  await chain.reached(filled);
  await sendTo(chain.node(0));
  await working(chain.node(0), NODES);
  const last = chain.node(NODES - 1);
  const members = new ConsensusService(client);
  expect((await members.addObserver(last.nodeId)).code).toBe(1);
  await sendTo(chain.node(0));
  await working(chain.node(0), NODES - 1);
  expect((await members.addSealer(last.nodeId)).code).toBe(1);
  for (let round = 0; round < 2; round++) await sendTo(chain.node(0));
  await working(chain.node(0), NODES);

  const end = await sendTo(last);
  await chain.reached(end);
  await chain.agreedHashes(end);
  for (const node of chain.nodes) expect(node.output).not.toMatch(/invariant|error/i);
});
