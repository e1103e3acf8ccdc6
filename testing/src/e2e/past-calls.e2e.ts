/** Calls on past states of a real chain: while it goes on, over HTTP and the channel, and after a restart. */
import { readFileSync } from "node:fs";
import { connect, parseAbi, type Client } from "@tsbcos/sdk";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { TestChain, until } from "../harness/index.js";
import { acknowledged, loadOfTest } from "./load-of-test.js";

const CONTRACT = JSON.parse(
  readFileSync(new URL("../../../examples/contracts/HelloWorld.json", import.meta.url), "utf8"),
) as { readonly bytecode: string };
const abi = parseAbi(["function get() view returns (string)", "function set(string text)"]);

let chain: TestChain;
let client: Client;
let address: string;
/** What the contract said after which block. */
const said = new Map<number, string>();

beforeAll(async () => {
  chain = await TestChain.build();
  await chain.start();
  client = await chain.node(0).client();
  const deployed = await client.deploy({ abi, bytecode: CONTRACT.bytecode });
  ({ address } = deployed);
  said.set(deployed.receipt.blockNumber, await get());
});
afterAll(() => chain.dispose());
// A test that failed may have left a node dead.
beforeEach(() => chain.whole());

function get(blockNumber?: number, by = client): Promise<string> {
  const block = blockNumber === undefined ? {} : { blockNumber };
  return by.read({ abi, address, functionName: "get", ...block });
}

async function set(text: string): Promise<number> {
  const { receipt } = await client.write({ abi, address, functionName: "set", args: [text] });
  said.set(receipt.blockNumber, text);
  return receipt.blockNumber;
}

/** What it said after that block, which may hold transactions of somebody else. */
function saidAt(height: number): string | undefined {
  return said.get(Math.max(...[...said.keys()].filter((at) => at <= height)));
}

/** Every state from the deployment on, by one client. */
async function expectAll(by: Client): Promise<void> {
  const heights = [...said.keys()];
  for (let height = Math.min(...heights); height <= Math.max(...heights); height++) {
    expect(await get(height, by), `after block ${height}`).toBe(saidAt(height));
  }
}

test("every past state answers as it did, while blocks are stored, over HTTP and the channel", async () => {
  for (const text of ["one", "two", "three"]) await set(text);
  const channel = await connect({ nodes: [`127.0.0.1:${chain.node(1).channelPort}`], tls: chain.sdkFolder });
  const load = loadOfTest(chain.nodes);
  for (const text of ["four", "five"]) await set(text);
  await expectAll(client);
  await chain.reached(Math.max(...said.keys()));
  await expectAll(channel);
  await acknowledged(load, 1);
  await load.stop();
  await channel.close();
});

test("before the contract there is none; beyond the head there is nothing", async () => {
  const [deployed = 0] = [...said.keys()];
  await expect(get(deployed - 1)).rejects.toMatchObject({ status: 26 });
  await expect(get(1_000_000)).rejects.toMatchObject({ rpcCode: -40004 });
});

test("many calls at once are all answered, and the chain goes on meanwhile", async () => {
  const heights = [...said.keys()];
  const calls = Array.from({ length: 200 }, (_, index) => {
    const height = heights[index % heights.length] ?? 0;
    return get(height).then((text) => {
      expect(text).toBe(said.get(height));
    });
  });
  const height = await set("six");
  await Promise.all(calls);
  expect(await get(height)).toBe("six");
});

test("a node that keeps the last blocks only refuses earlier ones with the first that it keeps, also after a restart", async () => {
  const node = chain.node(3);
  await node.end("SIGTERM");
  node.change("config.ini", (text) =>
    text.replace("state_history=true", "state_history=true\n    state_history_blocks=3"),
  );
  node.start();
  await chain.connected(node);
  const bounded = await node.client();
  const refusal = async (height: number): Promise<string> => {
    const error: unknown = await get(height, bounded).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ rpcCode: -40013 });
    return (error as Error).message;
  };
  for (const text of ["b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8"]) await set(text);
  const head = Math.max(...said.keys());
  await chain.reached(head);
  for (const height of [head - 3, head - 2, head - 1, head]) expect(await get(height, bounded)).toBe(saidAt(height));
  expect(await refusal(head - 4)).toContain(`from block ${head - 3} on`);
  await node.end("SIGKILL");
  node.start();
  await chain.connected(node);
  expect(await get(head - 3, bounded)).toBe(saidAt(head - 3));
  expect(await refusal(1)).toContain("tsbcos.state_history_blocks");
  // A client of several nodes asks those that keep more.
  const nodes = [3, 2].map((index) => `127.0.0.1:${chain.node(index).channelPort}`);
  const several = await connect({ nodes, tls: chain.sdkFolder });
  const [first = 0] = [...said.keys()];
  // The client is there once one of them answers; while the other one does not, there is the refusal.
  await until("the other one is asked", async () => (await get(first, several)) === said.get(first));
  await several.close();
});

test("a node that was killed has them again; turned off and on, it knows what it lacks", async () => {
  const node = chain.node(0);
  await node.end("SIGKILL");
  node.start();
  await chain.connected(node);
  await chain.reached(Math.max(...said.keys()));
  await expectAll(client);

  await node.end("SIGTERM");
  node.change("config.ini", (text) => text.replace("state_history=true", "state_history=false"));
  node.start();
  await chain.connected(node);
  const [first = 0] = [...said.keys()];
  await expect(get(first)).rejects.toMatchObject({ rpcCode: -40013 });
  const off = await set("while it is off");
  expect(await get()).toBe("while it is off");

  await node.end("SIGTERM");
  node.change("config.ini", (text) => text.replace("state_history=false", "state_history=true"));
  node.start();
  await chain.connected(node);
  await set("on again");
  await expect(get(first)).rejects.toThrow(/from block \d+ on/);
  expect(await get(off)).toBe("while it is off");
  // Others were never off.
  const other = await chain.node(2).client();
  await chain.reached(Math.max(...said.keys()));
  await expectAll(other);
});
