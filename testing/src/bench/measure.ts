/** What is measured on a running chain. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { sleep, until, type ChainNode, type TestChain } from "../harness/index.js";
import { Sender } from "./sender.js";
import type { SignedTransaction } from "./workloads.js";

/** Requests under way while throughput is measured. */
const UNDER_WAY = 128;

/** How transactions are handed in. */
export interface Load {
  /** Clients, each of which waits for the answer to one transaction before it sends the next. */
  readonly clients: number;
  /** The nodes that they send to in turn. */
  readonly to: readonly ChainNode[];
}

/** Throughput of one workload. */
export interface Throughput {
  readonly transactions: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Answers to clients a second, while they were sending. */
  readonly answeredPerSecond: number;
  /** All nodes together. */
  readonly cpuMicrosecondsPerTransaction: number;
  readonly blocks: number;
  readonly residentMegabytesPerNode: number;
}

/** Time from sending to a block on the node that was sent to. */
export interface Latency {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const cpuOf = (nodes: readonly ChainNode[]): number => nodes.reduce((sum, node) => sum + node.cpuMicroseconds(), 0);

async function totalTransactions(node: ChainNode): Promise<number> {
  return Number((await node.rpc.getTotalTransactionCount()).txSum);
}

/** Sends everything, by default to the first of these nodes, and waits until all of them have stored it. */
export async function measureThroughput(
  nodes: readonly ChainNode[],
  transactions: readonly SignedTransaction[],
  { clients, to }: Load = { clients: UNDER_WAY, to: nodes.slice(0, 1) },
): Promise<Throughput> {
  const [first] = nodes;
  if (first === undefined) throw new Error("there is no node to send to");
  const before = { count: await totalTransactions(first), height: await first.height(), cpu: cpuOf(nodes) };
  const ports = to.map((node) => node.rpcPort);
  const sender = new Sender(ports, clients);
  const started = performance.now();
  await sender.sendAll(transactions, clients);
  const sendingSeconds = (performance.now() - started) / 1000;
  sender.close();
  if (sender.refused > 0) throw new Error(`${sender.refused} of ${transactions.length} transactions were refused`);
  const wanted = before.count + transactions.length;
  for (const node of nodes) {
    await until(
      `node${node.index} stores all transactions`,
      async () => (await totalTransactions(node)) >= wanted,
      120_000,
      20,
    );
  }
  const seconds = (performance.now() - started) / 1000;
  return {
    transactions: transactions.length,
    seconds,
    perSecond: transactions.length / seconds,
    answeredPerSecond: transactions.length / sendingSeconds,
    cpuMicrosecondsPerTransaction: (cpuOf(nodes) - before.cpu) / transactions.length,
    blocks: (await first.height()) - before.height,
    residentMegabytesPerNode: nodes.reduce((sum, node) => sum + node.residentBytes(), 0) / nodes.length / 2 ** 20,
  };
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Sends at a steady rate to one node and notes when the blocks arrive there. */
export async function measureLatency(
  chain: TestChain,
  transactions: readonly SignedTransaction[],
  perSecond: number,
): Promise<Latency> {
  const node = chain.node(0);
  const { rpc } = node;
  const sender = new Sender([node.rpcPort], UNDER_WAY);
  const storedAt = new Map<string, number>();
  let height = await node.height();
  let sending = true;
  const watch = (async (): Promise<void> => {
    const deadline = (): boolean => !sending && storedAt.size >= transactions.length;
    while (!deadline()) {
      const now = await node.height();
      const seenAt = performance.now();
      for (; height < now; height++) {
        const block = await rpc.getBlockByNumber(height + 1);
        for (const hash of block.transactions) storedAt.set(hash.slice(2), seenAt);
      }
      await sleep(5);
    }
  })();
  const sentAt = await sender.sendAtRate(transactions, perSecond);
  sending = false;
  await watch;
  sender.close();
  const times = [...sentAt]
    .map(([hash, at]) => (storedAt.get(hash) ?? Number.POSITIVE_INFINITY) - at)
    .sort((a, b) => a - b);
  return { perSecond, p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99) };
}

/** Transactions a second at which a wiped node catches up, and its CPU time for each. */
export async function measureCatchUp(chain: TestChain): Promise<{
  readonly transactions: number;
  readonly perSecond: number;
  readonly cpuMicrosecondsPerTransaction: number;
}> {
  const node = chain.node(3);
  const transactions = await totalTransactions(chain.node(0));
  await node.end("SIGTERM");
  rmSync(join(node.directory, "data"), { recursive: true, force: true });
  node.start();
  await until("the wiped node answers", async () => (await node.height()) >= 0, 30_000, 10);
  await until("the wiped node receives its first block", async () => (await node.height()) > 0, 60_000, 5);
  const started = performance.now();
  const already = await totalTransactions(node);
  const cpu = node.cpuMicroseconds();
  await until("the wiped node catches up", async () => (await totalTransactions(node)) >= transactions, 300_000, 5);
  const seconds = (performance.now() - started) / 1000;
  const fetched = Math.max(1, transactions - already);
  return {
    transactions: fetched,
    perSecond: fetched / seconds,
    cpuMicrosecondsPerTransaction: (node.cpuMicroseconds() - cpu) / fetched,
  };
}

/** What a chain without transactions costs. */
export async function measureRest(chain: TestChain): Promise<{
  readonly cpuPercentOfOneCore: number;
  readonly residentMegabytes: number;
  readonly diskMegabytes: number;
}> {
  const node = chain.node(0);
  await sleep(3000);
  const cpu = node.cpuMicroseconds();
  const started = performance.now();
  await sleep(10_000);
  const cpuPercentOfOneCore = (node.cpuMicroseconds() - cpu) / (performance.now() - started) / 10;
  const disk = execFileSync("du", ["-sk", join(node.directory, "data")], { encoding: "utf8" });
  return {
    cpuPercentOfOneCore,
    residentMegabytes: node.residentBytes() / 2 ** 20,
    diskMegabytes: Number(disk.split("\t")[0]) / 1024,
  };
}
