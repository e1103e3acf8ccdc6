/**
 * Subscriptions to events from the first block of a real chain on, while connections are cut and nodes are killed: each
 * log once and in order, those that were there before and those that come. `TSBCOS_SOAK_BLOCKS=10000` makes a long run of
 * it and prints the figures.
 */
import { readFileSync, readdirSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { standardSuite } from "@tsbcos/core/crypto";
import { createRandom, type Address } from "@tsbcos/core/primitives";
import { accountFromPrivateKey, connect, type ChainLog, type Client, type Subscription } from "@tsbcos/sdk";
import { Sender } from "../bench/sender.js";
import { artifact, signAll } from "../bench/workloads.js";
import { PATIENCE_MS, TestChain, encodeCall, sleep, until, type ChainNode } from "../harness/index.js";
import { CuttingProxy } from "../harness/cutting-proxy.js";

const soakBlocks = Number(process.env["TSBCOS_SOAK_BLOCKS"] ?? 0);
const isSoak = soakBlocks > 0;
const blocks = isSoak ? soakBlocks : 1000;
/** Blocks that are there before anybody subscribes. */
const history = Math.floor(blocks * 0.6);
const kills = isSoak ? 6 : 2;
/** Transactions under way in times of peace. */
const UNDER_WAY = 300;
/** Those that wait when a node is killed are not known to it when it is back as a leader. */
const UNDER_WAY_IN_TROUBLE = 16;
const RECEIVERS = 8;
const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
const account = accountFromPrivateKey("2e".repeat(32), standardSuite);
const random = createRandom(`events ${blocks}`);

let chain: TestChain;
let tokens: string[];
let proxies: CuttingProxy[] = [];
const clients: Client[] = [];

beforeAll(async () => {
  chain = await TestChain.build();
  for (const node of chain.nodes) {
    // A block for each transaction.
    node.change("conf/group.1.genesis", (text) => text.replace("max_trans_num=1000", "max_trans_num=1"));
    node.change("config.ini", (text) => text.replace("enable_statistic=false", "enable_statistic=true"));
    node.change("config.ini", (text) => text.replace("stat_flush_interval=60", "stat_flush_interval=1"));
  }
  await chain.start();
  const client = await chain.node(3).client(account);
  tokens = [];
  for (let i = 0; i < 2; i++) {
    tokens.push((await client.deploy({ ...artifact("Token"), args: [10n ** 30n] })).address);
  }
});
afterAll(async () => {
  for (const client of clients) await client.close();
  for (const proxy of proxies) proxy.close();
  await chain.dispose();
});

const receiver = (index: number): number => 0x10000 + (index % RECEIVERS);
const word = (value: number): `0x${string}` => `0x${value.toString(16).padStart(64, "0")}`;
const placeOf = ({ blockNumber, transactionIndex, logIndex }: ChainLog): string =>
  `${blockNumber}/${transactionIndex}/${logIndex}`;

/** Makes blocks, one a transaction, until the chain has `height`. Nodes 0 and 1 may die meanwhile. */
async function grow(height: number, underWay: number): Promise<void> {
  const node = chain.node(3);
  const sender = new Sender([node.rpcPort], 32);
  for (let head = await node.height(); head < height;) {
    const count = Math.min(underWay, height - head);
    const call = (index: number): { to: Address; data: Uint8Array } => ({
      to: (tokens[index % tokens.length] ?? "").slice(2) as Address,
      data: encodeCall("a9059cbb", receiver(head + index), 1),
    });
    const signed = signAll(call, { count, height: head, key: account, suite: standardSuite });
    await sender.sendAll(signed, 32);
    head += count;
    await until(`block ${head}`, async () => (await node.height()) >= head, 120_000, 5);
  }
  sender.close();
  expect(sender.refused).toBe(0);
}

/** Every log of the chain, read block by block. */
async function allLogs(height: number): Promise<ChainLog[]> {
  const client = await chain.node(3).client(account);
  const logs: ChainLog[] = [];
  const reading = await client.watchLogs({ fromBlock: 1, toBlock: height }, (log) => void logs.push(log));
  await reading.done;
  return logs;
}

/** A client whose connections lead through the proxies. */
async function watcher(): Promise<Client> {
  const nodes = proxies.map(({ port }) => `127.0.0.1:${port}`);
  const client = await connect({ nodes, tls: chain.sdkFolder });
  clients.push(client);
  return client;
}

/** One subscription and what it got. */
interface Watching {
  readonly seen: ChainLog[];
  readonly subscription: Subscription;
  wanted(log: ChainLog): boolean;
}

async function watch(
  client: Client,
  query: Parameters<Client["watchLogs"]>[0],
  wanted: Watching["wanted"],
): Promise<Watching> {
  const seen: ChainLog[] = [];
  return {
    seen,
    wanted,
    subscription: await client.watchLogs({ fromBlock: 1, ...query }, (log) => void seen.push(log)),
  };
}

/** Cuts connections at random moments until `isOver`, and kills the nodes behind them as often as it shall. */
async function trouble(isOver: () => boolean): Promise<{ cuts: number; killed: number }> {
  let [cuts, killed] = [0, 0];
  let isGivenUp = false;
  onTestFinished(() => {
    isGivenUp = true;
  });
  // Not after some time but at some height: blocks are made during all of it, however fast.
  const killing = async (): Promise<void> => {
    for (; killed < kills && !isGivenUp; killed++) {
      const height = history + ((blocks - history) * (killed + 0.5)) / kills;
      const isThere = async (): Promise<boolean> => isGivenUp || (await chain.node(3).height()) >= height;
      await until("the chain grows", isThere, 600_000 + blocks * 150);
      const node = chain.node(killed % 2) as ChainNode;
      await node.end("SIGKILL");
      await sleep(500);
      node.start();
      await chain.connected(node);
    }
  };
  const cutting = async (): Promise<void> => {
    while (!isGivenUp && (!isOver() || cuts === 0)) {
      await sleep(200 + random.below(1500));
      cuts += proxies[random.below(proxies.length)]?.cut() ?? 0;
    }
  };
  await Promise.all([killing(), cutting()]);
  return { cuts, killed };
}

test(
  "B18: subscriptions from block 1 get each log once and in order, whatever is cut and killed",
  async () => {
    let startedMs = performance.now();
    const took = (): string => {
      const seconds = (performance.now() - startedMs) / 1000;
      startedMs = performance.now();
      return `${seconds.toFixed(0)} s`;
    };
    await grow(history, UNDER_WAY);
    const grown = took();
    proxies = await Promise.all([0, 1].map((index) => CuttingProxy.to(chain.node(index).channelPort)));
    const [one, other] = [await watcher(), await watcher()];
    const [address = "", second = ""] = tokens;
    const watchings = [
      await watch(one, {}, () => true),
      await watch(one, { addresses: [address] }, (log) => log.address === address),
      await watch(
        other,
        { topics: [TRANSFER, null, word(receiver(3))] },
        ({ topics }) => topics[2] === word(receiver(3)),
      ),
      await watch(
        other,
        { addresses: [second], topics: [TRANSFER, null, [word(receiver(1)), word(receiver(5))]], toBlock: blocks },
        (log) => log.address === second && [word(receiver(1)), word(receiver(5))].includes(log.topics[2] ?? "0x"),
      ),
    ];
    let isOver = false;
    const troubled = trouble(() => isOver);
    await grow(blocks, UNDER_WAY_IN_TROUBLE);
    const lived = took();
    const expected = await allLogs(blocks);
    expect(expected.length).toBeGreaterThanOrEqual(blocks - tokens.length);
    const hasAll = ({ seen, wanted }: Watching): boolean => seen.length >= expected.filter(wanted).length;
    await until("all logs have come", () => watchings.every(hasAll), 120_000 + blocks * 150);
    isOver = true;
    const { cuts, killed } = await troubled;
    // What comes twice may come a little later.
    await sleep(1000);
    for (const { seen, wanted } of watchings) {
      expect(seen.map(placeOf)).toEqual(expected.filter(wanted).map(placeOf));
      expect(seen).toEqual(expected.filter(wanted));
      expect(seen.length).toBeGreaterThan(blocks / 50);
    }
    // The last one has an end, which is told; the others go on.
    await watchings[3]?.subscription.done;
    for (const { subscription } of watchings) await subscription.stop();
    // The last cut may have left it without a connection for a moment.
    await until("the client is connected", async () => (await one.blockNumber()) >= blocks);
    for (let i = 0; i < 20; i++) await one.rpc.getBlockByNumber(1);
    expect(cuts).toBeGreaterThan(0);
    expect(killed).toBe(kills);
    if (isSoak) {
      console.log(
        `${blocks} blocks, ${expected.length} logs: ${watchings.map(({ seen }) => seen.length).join(", ")} delivered, each once; ` +
          `${cuts} connections cut, ${killed} nodes killed; ${history} blocks made in ${grown}, the others in ${lived}, ` +
          `then ${took()} until all logs had come; load ${loadavg()[0]?.toFixed(1)}`,
      );
    }
  },
  900_000 + blocks * 300,
);

test("the statistics log counts what clients of the channel caused", async () => {
  const names = ["SDK_RPCIn", "SDK_RPC_Out", "SDK_RegitsterEventIn", "SDK_EventLog_Out"];
  // Written once a second.
  const isWritten = (): boolean => {
    const sums = summed();
    return names.every((name) => (sums[name] ?? 0) > 1000);
  };
  await until("it is written", isWritten, PATIENCE_MS / 4, 500).catch(() => undefined);
  const sums = summed();
  for (const name of names) expect(sums[name], name).toBeGreaterThan(1000);
});

/** What the nodes that clients used have written, added up by name. */
function summed(): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const node of [chain.node(0), chain.node(1)]) {
    const directory = join(node.directory, "stat");
    for (const file of readdirSync(directory)) {
      for (const [, name = "", value] of readFileSync(join(directory, file), "utf8").matchAll(
        /(SDK_\w+|AMOP\w+)=(\d+)/g,
      )) {
        sums[name] = (sums[name] ?? 0) + Number(value);
      }
    }
  }
  return sums;
}
