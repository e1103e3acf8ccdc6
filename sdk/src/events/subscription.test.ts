import { describe, expect, test, vi } from "vitest";
import { connectOver, type Client } from "../client.js";
import { ConnectionError, EventFilterError } from "../errors.js";
import type { Hex } from "../hex.js";
import type { ChainLog, LogFilter, LogListener, Pushes } from "../rpc/transport.js";
import { FakeNode } from "../testdata/fake-node.js";
import { comparePositions, type LogPosition } from "./subscription.js";

const CONTRACT: Hex = `0x${"0c".repeat(20)}`;
const TOPIC: Hex = `0x${"0d".repeat(32)}`;

/** Logs of block `number`: as many as its last digit, spread over transactions of two logs. */
function logsOf(number: number): ChainLog[] {
  return Array.from({ length: number % 10 }, (_, index) => ({
    address: CONTRACT,
    topics: [TOPIC],
    data: "0x",
    blockNumber: number,
    blockHash: `0x${number.toString(16).padStart(64, "0")}`,
    transactionHash: "0x",
    transactionIndex: index >> 1,
    logIndex: index & 1,
  }));
}

const all = (first: number, last: number): ChainLog[] =>
  Array.from({ length: last - first + 1 }, (_, index) => logsOf(first + index)).flat();
const places = (logs: readonly LogPosition[]): string[] =>
  logs.map(({ blockNumber, transactionIndex, logIndex }) => `${blockNumber}/${transactionIndex}/${logIndex}`);

/** A chain that grows when the test says so, and nodes that push its logs and are lost when the test says so. */
class PushingChain {
  head = 0;
  readonly filters: LogFilter[] = [];
  readonly cancelled: LogFilter[] = [];
  refuse: Error | undefined;
  #watch: { readonly filter: LogFilter; readonly listener: LogListener; next: number } | undefined;

  readonly pushes: Pushes = {
    submit: () => Promise.reject(new Error("not asked for here")),
    amop: {} as Pushes["amop"],
    watchLogs: (filter, listener) => {
      this.filters.push(filter);
      if (this.refuse !== undefined) return Promise.reject(this.refuse);
      const watch = { filter, listener, next: filter.fromBlock };
      this.#watch = watch;
      return Promise.resolve(() => {
        this.cancelled.push(filter);
        if (this.#watch === watch) this.#watch = undefined;
        return Promise.resolve();
      });
    },
  };

  get isWatching(): boolean {
    return this.#watch !== undefined;
  }

  /** Pushes at most `blocks` blocks in one push; of the last one only `share` of its logs. */
  push(blocks: number, share = 1): void {
    const watch = this.#watch;
    if (watch === undefined) return;
    const last = Math.min(this.head, watch.next + blocks - 1, watch.filter.toBlock ?? Infinity);
    const whole = all(watch.next, last - 1);
    const cut = logsOf(last);
    const logs = [...whole, ...cut.slice(0, Math.ceil(cut.length * share))];
    watch.next = last + 1;
    if (logs.length > 0) watch.listener.logs(logs);
    if (last === watch.filter.toBlock) {
      this.#watch = undefined;
      watch.listener.finished();
    }
  }

  /** The node that pushes is gone. */
  lose(): void {
    const watch = this.#watch;
    this.#watch = undefined;
    watch?.listener.lost();
  }

  async client(): Promise<Client> {
    const node = new FakeNode({
      getBlockNumber: () => `0x${this.head.toString(16)}`,
      getBatchReceiptsByBlockNumberAndRange: async ([, number]) => compressed(Number(number)),
    });
    node.pushes = this.pushes;
    return connectOver(node);
  }
}

/** Receipts of a block as a node compresses them. */
async function compressed(number: number): Promise<string> {
  const logs = logsOf(number);
  const transactionReceipts = [0, 1, 2, 3, 4].map((index) => ({
    transactionHash: "0x",
    transactionIndex: `0x${index}`,
    logs: logs.filter((log) => log.transactionIndex === index),
  }));
  const json = JSON.stringify({ blockInfo: { blockHash: logs[0]?.blockHash }, transactionReceipts });
  const stream = new Blob([json]).stream().pipeThrough(new CompressionStream("deflate"));
  return Buffer.from(await new Response(stream).arrayBuffer()).toString("base64");
}

/** For what comes about by itself, on a machine that does ten other things. */
const within = { timeout: 60_000, interval: 5 };
const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

describe("B18: events through lost connections", () => {
  test("each log comes once and in order, however pushes are cut and nodes are lost", async () => {
    for (let seed = 1; seed <= 25; seed++) {
      let state = seed;
      const random = (below: number): number => ((state = (state * 48271) % 2147483647) >> 8) % below;
      const chain = new PushingChain();
      const got: ChainLog[] = [];
      const client = await chain.client();
      const subscription = await client.watchLogs({ fromBlock: 1, toBlock: 60 }, async (log) => {
        got.push(log);
        if (random(3) === 0) await turn();
      });
      let isDone = false;
      void subscription.done.then(() => (isDone = true));
      for (let step = 0; !isDone && step < 2_000; step++) {
        chain.head = Math.min(60, chain.head + random(3));
        const kind = random(10);
        if (kind < 7) chain.push(1 + random(3));
        else if (kind < 8) {
          // Lost in the middle of a block: some of its logs were pushed, the rest were not.
          chain.push(1 + random(3), 0.5);
          chain.lose();
        } else if (kind < 9) chain.lose();
        await turn();
      }
      expect(isDone, `seed ${seed}`).toBe(true);
      expect(places(got), `seed ${seed}`).toEqual(places(all(1, 60)));
    }
  });

  test("10,000 blocks with a loss every hundred pushes: each log once and in order", async () => {
    const chain = new PushingChain();
    chain.head = 10_000;
    let count = 0;
    let last: LogPosition = { blockNumber: 0, transactionIndex: 0, logIndex: 0 };
    const subscription = await (
      await chain.client()
    ).watchLogs({ fromBlock: 1, toBlock: 10_000 }, (log) => {
      expect(comparePositions(log, last)).toBeGreaterThan(0);
      last = log;
      count++;
    });
    let isDone = false;
    void subscription.done.then(() => (isDone = true));
    for (let push = 1; !isDone; push++) {
      chain.push(3, push % 100 === 0 ? 0.5 : 1);
      if (push % 100 === 0) chain.lose();
      await turn();
    }
    expect(count).toBe(all(1, 10_000).length);
    expect(chain.filters.length).toBeGreaterThan(30);
  });

  test("it begins behind the present head, or behind a log that another run of the program had", async () => {
    const chain = new PushingChain();
    chain.head = 12;
    const client = await chain.client();
    const first = await client.watchLogs({}, () => undefined);
    await turn();
    expect(chain.filters.at(-1)).toMatchObject({ fromBlock: 13, groupId: 1 });
    await first.stop();
    chain.lose();

    const got: ChainLog[] = [];
    const after = { blockNumber: 4, transactionIndex: 0, logIndex: 1 };
    const second = await client.watchLogs({ after, toBlock: 5 }, (log) => void got.push(log));
    await turn();
    chain.push(10);
    await second.done;
    expect(places(got)).toEqual(places(all(4, 5).filter((log) => comparePositions(log, after) > 0)));
    expect(second.position).toEqual({ blockNumber: 5, transactionIndex: 2, logIndex: 0 });
  });

  test("a node that is not to be had is tried again, and the failure is told", async () => {
    const chain = new PushingChain();
    chain.head = 3;
    chain.refuse = new ConnectionError("nobody there");
    const errors: Error[] = [];
    const client = await chain.client();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const subscription = await client.watchLogs(
        { fromBlock: 1, toBlock: 3, onError: (error) => errors.push(error) },
        () => undefined,
      );
      await turn();
      expect(errors).toMatchObject([{ message: "nobody there" }]);
      chain.refuse = undefined;
      await vi.advanceTimersByTimeAsync(1_100);
      chain.push(5);
      await subscription.done;
    } finally {
      vi.useRealTimers();
    }
  });

  test("what lies further back than a node looks is read block by block, and then pushed", async () => {
    const chain = new PushingChain();
    chain.head = 7;
    chain.refuse = new EventFilterError(-41003, "fake");
    const got: ChainLog[] = [];
    const client = await chain.client();
    const subscription = await client.watchLogs(
      { fromBlock: 1, toBlock: 9, addresses: [CONTRACT], topics: [[TOPIC]] },
      (log) => void got.push(log),
    );
    await vi.waitFor(() => expect(got).toHaveLength(all(1, 7).length), within);
    chain.refuse = undefined;
    await vi.waitFor(() => expect(chain.isWatching).toBe(true), within);
    expect(chain.filters.at(-1)?.fromBlock).toBe(8);
    chain.head = 9;
    chain.push(3);
    await subscription.done;
    expect(places(got)).toEqual(places(all(1, 9)));
  });

  test("a listener that is slower than the chain does not fill the memory: the node is told to stop, and asked again", async () => {
    const chain = new PushingChain();
    chain.head = 4_000;
    const client = await chain.client();
    let count = 0;
    const subscription = await client.watchLogs({ fromBlock: 1, toBlock: 4_000 }, async () => {
      count++;
      if (count % 100 === 0) await turn();
    });
    let isDone = false;
    void subscription.done.then(() => (isDone = true));
    while (!isDone) {
      chain.push(300);
      await turn();
    }
    expect(count).toBe(all(1, 4_000).length);
    expect(chain.filters.length).toBeGreaterThan(1);
  });

  test("what a listener throws ends the subscription", async () => {
    const chain = new PushingChain();
    chain.head = 3;
    const client = await chain.client();
    const subscription = await client.watchLogs({ fromBlock: 1 }, () => {
      throw new Error("mine");
    });
    const ended = expect(subscription.done).rejects.toThrow("mine");
    await turn();
    chain.push(3);
    await ended;
    expect(chain.cancelled).toHaveLength(1);
    expect(subscription.position).toBeUndefined();
  });

  test("stopped, it takes its filter back and delivers nothing more", async () => {
    const chain = new PushingChain();
    chain.head = 9;
    let count = 0;
    const client = await chain.client();
    const subscription = await client.watchLogs({ fromBlock: 1 }, () => void count++);
    await turn();
    chain.push(2);
    await vi.waitFor(() => expect(count).toBe(3), within);
    await subscription.stop();
    chain.push(9);
    expect(count).toBe(3);
    expect(chain.isWatching).toBe(false);
  });
});

describe("events where nodes do not push", () => {
  test("are read from the blocks, filtered here", async () => {
    let head = 6;
    const node = new FakeNode({
      getBlockNumber: () => `0x${head.toString(16)}`,
      getBatchReceiptsByBlockNumberAndRange: async ([, number]) => compressed(Number(number)),
    });
    const client = await connectOver(node);
    const got: ChainLog[] = [];
    const wanted = await client.watchLogs(
      { fromBlock: 1, addresses: [CONTRACT.toUpperCase().replace("X", "x")] },
      (log) => void got.push(log),
    );
    const unwanted = vi.fn();
    const other = await client.watchLogs({ fromBlock: 1, topics: [null, TOPIC] }, unwanted);
    await vi.waitFor(() => expect(got).toHaveLength(all(1, 6).length), within);
    head = 8;
    await vi.waitFor(() => expect(got).toHaveLength(all(1, 8).length), within);
    expect(places(got)).toEqual(places(all(1, 8)));
    expect(unwanted).not.toHaveBeenCalled();
    await wanted.stop();
    await other.stop();
  });
});

describe("filters that cannot work are refused before anything is sent", () => {
  test.each([
    ["five topics", { topics: [null, null, null, null, null] }, "bad-filter"],
    ["a short address", { addresses: ["0x12"] }, "bad-hex"],
    ["a topic of another length", { topics: ["0x12"] }, "bad-hex"],
    ["a range that ends before it begins", { fromBlock: 5, toBlock: 4 }, "bad-filter"],
  ])("%s", async (_what, query, code) => {
    const client = await new PushingChain().client();
    await expect(client.watchLogs(query, () => undefined)).rejects.toMatchObject({ code });
  });

  test("an event that the ABI does not have", async () => {
    const client = await new PushingChain().client();
    const abi = [{ type: "event", name: "Moved", inputs: [{ type: "string", name: "what", indexed: true }] }] as const;
    await expect(client.watchEvents({ abi, eventName: "Nothing" as "Moved" }, () => undefined)).rejects.toMatchObject({
      code: "no-such-event",
    });
    const sm = await connectOver(new FakeNode({}, "sm"));
    await expect(
      sm.watchEvents({ abi, eventName: "Moved", args: { what: "a" } }, () => undefined),
    ).rejects.toMatchObject({ code: "bad-filter" });
  });
});
