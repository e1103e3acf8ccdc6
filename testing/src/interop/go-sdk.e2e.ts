/** The Go SDK, unchanged, against a chain of four nodes: its console and its client library. */
import { fileURLToPath } from "node:url";
import type { RpcReceipt } from "@tsbcos/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestChain, type ChainNode } from "../harness/index.js";
import { GoDesk, buildGoPrograms } from "./go-programs.js";

const TOKEN = fileURLToPath(new URL("../../../examples/contracts/Token.json", import.meta.url));
const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

const programs = await buildGoPrograms();
if (!programs.ok) process.stdout.write(`skipped: ${programs.reason}\n`);
const folder = programs.ok ? programs.folder : "";
afterAll(() => {
  if (programs.ok) programs.dispose();
});

const channelOf = (node: ChainNode): string => `127.0.0.1:${node.channelPort}`;

/** A receipt as the library keeps it. */
interface GoReceipt extends Record<
  "transactionHash" | "blockHash" | "blockNumber" | "gasUsed" | "contractAddress" | "from" | "to" | "output",
  string
> {
  readonly status: number;
  readonly logs: readonly unknown[];
}

interface ContractStory {
  readonly from: string;
  readonly balance: string;
  readonly deployed: GoReceipt;
  readonly sent: GoReceipt;
  readonly async: GoReceipt;
  readonly refused: GoReceipt;
}

/** What the library made of the receipt is what the node says over JSON-RPC. */
async function expectSame(node: ChainNode, receipt: GoReceipt): Promise<void> {
  const { status, logs, ...texts } = receipt;
  const ours = (await node.rpc.getTransactionReceipt(receipt.transactionHash)) as RpcReceipt;
  expect(Number(ours.status)).toBe(status);
  expect(ours.logs).toEqual(logs);
  const { blockHash, blockNumber, gasUsed, contractAddress, from, to, output } = texts;
  expect(ours).toMatchObject({ blockHash, blockNumber, gasUsed, contractAddress, from, to, output });
}

async function expectContractStory(desk: GoDesk, node: ChainNode): Promise<void> {
  const story = (await desk.exercise("contract", TOKEN)) as ContractStory;
  expect(story.from.toLowerCase()).toBe(desk.address);
  expect(story.balance).toBe("30");
  const { deployed, sent, async, refused } = story;
  expect([deployed, sent, async, refused].map(({ status }) => status)).toEqual([0, 0, 0, 0x16]);
  expect(sent.logs).toHaveLength(1);
  for (const receipt of [deployed, sent, async, refused]) await expectSame(node, receipt);
  expect(await node.rpc.getCode(deployed.contractAddress)).not.toBe("0x");
}

describe.skipIf(!programs.ok)("a standard chain, over the channel", () => {
  let chain: TestChain;
  let node: ChainNode;
  let desk: GoDesk;

  beforeAll(async () => {
    chain = await TestChain.build();
    await chain.start();
    node = chain.node(0);
    const nodes = [node, chain.node(1)].map(channelOf);
    desk = new GoDesk(folder, "channel", { type: "channel", nodes, sdkFolder: chain.sdkFolder });
  });
  afterAll(() => chain.dispose());

  test("the console shows who is there", async () => {
    const { rpc } = node;
    const heading = await desk.console("getClientVersion");
    expect(heading).toContain('"FISCO-BCOS Version": "2.9.1"');
    expect(await desk.query("getClientVersion")).toEqual(await rpc.getClientVersion());
    const peers = (await desk.query("getPeers")) as { readonly NodeID: string }[];
    expect(peers.map(({ NodeID }) => NodeID).sort()).toEqual([1, 2, 3].map((index) => chain.node(index).nodeId).sort());
    const sealers = chain.nodes.map(({ nodeId }) => nodeId).sort();
    expect(await desk.query("getSealerList")).toEqual(sealers);
    expect(await desk.query("getGroupPeers")).toEqual(await rpc.getGroupPeers());
    expect(((await desk.query("getNodeIDList")) as string[]).sort()).toEqual(sealers);
    expect(await desk.query("getObserverList")).toEqual([]);
    expect(await desk.query("getGroupList")).toEqual([1]);
    expect(await desk.query("getSyncStatus")).toMatchObject({ nodeId: node.nodeId, isSyncing: false });
    const [status] = (await desk.query("getConsensusStatus")) as [unknown];
    expect(status).toMatchObject({ nodeId: node.nodeId, nodeNum: 4, "sealer.0": sealers[0] });
  });

  test("the console changes the configuration of the chain, and shows blocks and transactions", async () => {
    const { rpc } = node;
    expect(await desk.console("setSystemConfigByKey", "tx_count_limit", "1500")).toBe("success\n");
    expect(await desk.query("getSystemConfigByKey", "tx_count_limit")).toBe("1500");
    expect(await rpc.getSystemConfigByKey("tx_count_limit")).toBe("1500");
    const height = await rpc.getBlockNumber();
    expect(await desk.console("getBlockNumber")).toBe(`blocknumber: ${height}\n`);
    const block = await rpc.getBlockByNumber(height, true);
    expect(await desk.query("getBlockByNumber", String(height), "true")).toEqual(block);
    expect(await desk.query("getBlockByHash", block.hash, "true")).toEqual(block);
    expect(await desk.console("getBlockHashByNumber", String(height))).toContain(block.hash);
    const [transaction] = block.transactions;
    const hash = transaction?.hash ?? "";
    expect(transaction?.from).toBe(desk.address);
    // Of a transaction alone it shows the older members.
    const shown = await desk.query("getTransactionByHash", hash);
    expect(transaction).toMatchObject(shown as object);
    expect(Object.keys(shown as object)).toHaveLength(11);
    expect(await desk.query("getTransactionByBlockHashAndIndex", block.hash, "0")).toEqual(shown);
    expect(await desk.query("getTransactionByBlockNumberAndIndex", String(height), "0")).toEqual(shown);
    expect(await desk.query("getTotalTransactionCount")).toEqual(await rpc.getTotalTransactionCount());
  });

  test("the library deploys, sends, is told of receipts, and calls", async () => {
    await expectContractStory(desk, node);
  });

  test("the library is told of event logs, past and future", async () => {
    const logs = (await desk.exercise("events", TOKEN)) as {
      readonly address: string;
      readonly topics: readonly string[];
      readonly transactionHash: string;
      readonly blockNumber: number;
    }[];
    expect(logs).toHaveLength(2);
    for (const log of logs) {
      expect(log.topics[0]).toBe(TRANSFER);
      const receipt = await node.rpc.getTransactionReceipt(log.transactionHash);
      expect(receipt?.logs.map(({ address }) => address)).toEqual([log.address]);
      expect(Number(receipt?.blockNumber)).toBe(log.blockNumber);
    }
  });

  test("the library is told of new blocks", async () => {
    expect(await desk.exercise("blocks", TOKEN)).toBe(await node.height());
  });

  test("names of contracts: registered by the library, found by the console", async () => {
    const address = "0x1000000000000000000000000000000000000002";
    expect(await desk.exercise("cns", "Hello", "1.0", address, "[]")).toEqual({
      code: 1,
      found: [{ name: "Hello", version: "1.0", address, abi: "[]" }],
    });
    const line = `name: Hello, version: 1.0, address: ${address}\n`;
    expect(await desk.console("queryCNS", "Hello")).toBe(line);
    expect(await desk.console("queryCNS", "Hello", "1.0")).toBe(line);
    expect(await desk.console("getAddressByContractNameAndVersion", "Hello", "1.0")).toContain(address);
    expect(await desk.console("queryCNS", "Nobody")).toBe("contract Nobody is not existed\n");
  });

  test("rows of tables", async () => {
    expect(await desk.exercise("crud", "t_go")).toEqual({
      ...{ created: 0, inserted: 1, updated: 1, removed: 1, key: "name", fields: "item_id,item_name" },
      selected: [{ name: "fruit", item_id: "7", item_name: "orange" }],
    });
  });

  test("messages between clients of two nodes, on public and on private topics", async () => {
    expect(await desk.exercise("amop")).toEqual({
      ...{ public: "heard one", private: "heard three" },
      heard: ["one", "two", "three", "four"],
    });
  });

  test("over HTTP", async () => {
    const nodes = [`127.0.0.1:${node.rpcPort}`];
    const http = new GoDesk(folder, "http", { type: "rpc", nodes, sdkFolder: chain.sdkFolder });
    await expectContractStory(http, node);
    expect(await http.console("getBlockNumber")).toBe(`blocknumber: ${await node.height()}\n`);
  });
});

describe.skipIf(!programs.ok)("an SM chain", () => {
  let chain: TestChain;

  beforeAll(async () => {
    chain = await TestChain.build(["-g"]);
    await chain.start();
  });
  afterAll(() => chain.dispose());

  test("transactions of an SM account and calls, over the channel and over HTTP", async () => {
    const node = chain.node(0);
    const { sdkFolder } = chain;
    const nodes = [channelOf(node)];
    const channel = new GoDesk(folder, "sm-channel", { type: "channel", nodes, sdkFolder, isSm: true });
    expect(await channel.query("getClientVersion")).toMatchObject({ "FISCO-BCOS Version": "2.9.1 gm" });
    expect(await channel.exercise("crud", "t_go")).toMatchObject({ created: 0, inserted: 1, updated: 1, removed: 1 });
    const http = new GoDesk(folder, "sm-http", {
      ...{ type: "rpc", nodes: [`127.0.0.1:${node.rpcPort}`], sdkFolder, isSm: true },
    });
    const address = "0x1000000000000000000000000000000000000003";
    const named = { code: 1, found: [{ name: "Hello", version: "1.0", address, abi: "[]" }] };
    expect(await http.exercise("cns", "Hello", "1.0", address, "[]")).toEqual(named);
    const [transaction] = (await node.rpc.getBlockByNumber(await node.height(), true)).transactions;
    expect(transaction?.from).toBe(http.address);
    expect(await channel.console("queryCNS", "Hello")).toBe(`name: Hello, version: 1.0, address: ${address}\n`);
  });
});
