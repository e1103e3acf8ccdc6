/**
 * Subscriptions to logs that survive lost connections: each log is delivered once and in order.
 *
 * Where nodes push, one node watches; when it is lost another goes on from the last log delivered. Where nodes do not,
 * blocks are read one by one. Both count from the same position, so that one may take over from the other.
 */
import { CodedError } from "@tsbcos/core/primitives";
import type { LogMatcher } from "@tsbcos/core/protocol";
import { EventFilterError, RpcError } from "../errors.js";
import type { Hex } from "../hex.js";
import type { Rpc } from "../rpc/rpc.js";
import type { ChainLog, LogFilter } from "../rpc/transport.js";
import { isWanted, matcherOf } from "./filter.js";

/** Place of a log in a chain. */
export interface LogPosition {
  readonly blockNumber: number;
  readonly transactionIndex: number;
  readonly logIndex: number;
}

/** The blocks that are looked at. */
export interface BlockRange {
  /** First block; by default the one after the present head. */
  readonly fromBlock?: number;
  /** Last block; undefined goes on for ever. */
  readonly toBlock?: number;
  /** Goes on behind a log that was delivered before, in another run of the program. */
  readonly after?: LogPosition;
  /** Hears of failures; whatever it is, the subscription tries again. */
  readonly onError?: (error: Error) => void;
}

/** Which logs are wanted. */
export interface LogQuery extends BlockRange, Partial<Pick<LogFilter, "addresses" | "topics">> {}

/** A running subscription. */
export interface Subscription {
  /** The last log delivered; keep it to go on in another run of the program. */
  readonly position: LogPosition | undefined;
  /** Resolves when the range is done or the subscription is stopped; rejects with what the listener throws. */
  readonly done: Promise<void>;
  /** Ends it: the listener is not called any more. */
  stop(): Promise<void>;
}

/** What a subscription needs of a client. */
export interface Subscriber {
  readonly rpc: Rpc;
  readonly groupId: number;
}

/** Logs waiting for a slow listener; beyond that the node is told to stop, and asked again later. */
const WAITING_MAX = 10_000;
const RETRY_MS = 1_000;
const POLL_MS = 1_000;
const INVALID_RANGE = -41003;
/** A block without receipts answers so when receipts are asked for. */
const NO_RECEIPTS = -40099;

/** Begins a subscription. @throws CodedError `bad-filter`, `bad-hex`; ConnectionError when the height is not to be had */
export async function subscribe(
  subscriber: Subscriber,
  query: LogQuery,
  listener: (log: ChainLog) => void | Promise<void>,
): Promise<Subscription> {
  const { addresses = [], topics = [], after, toBlock } = query;
  // Wrong filters are found out before anything is sent.
  const matcher = matcherOf({ addresses, topics });
  const fromBlock = after?.blockNumber ?? query.fromBlock ?? (await subscriber.rpc.getBlockNumber()) + 1;
  if (toBlock !== undefined && toBlock < fromBlock) {
    throw new CodedError("bad-filter", `The last block, ${toBlock}, is before the first, ${fromBlock}.`);
  }
  const filter = {
    groupId: subscriber.groupId,
    fromBlock,
    addresses,
    topics,
    ...(toBlock === undefined ? {} : { toBlock }),
  };
  return new LogSubscription(subscriber.rpc, { filter, matcher, listener, after, onError: query.onError });
}

interface Settings {
  readonly filter: LogFilter;
  readonly matcher: LogMatcher;
  readonly listener: (log: ChainLog) => void | Promise<void>;
  readonly after: LogPosition | undefined;
  readonly onError: ((error: Error) => void) | undefined;
}

/** How a turn of watching ended. */
type Ending = "lost" | "finished" | "stopped" | "full";

class LogSubscription implements Subscription {
  readonly done: Promise<void>;
  readonly #rpc: Rpc;
  readonly #settings: Settings;
  #position: LogPosition | undefined;
  /** First block that may hold logs not delivered yet. */
  #nextBlock: number;
  #isStopped = false;
  #wake: () => void = () => undefined;

  constructor(rpc: Rpc, settings: Settings) {
    this.#rpc = rpc;
    this.#settings = settings;
    this.#position = settings.after;
    this.#nextBlock = settings.filter.fromBlock;
    this.done = this.#run();
  }

  get position(): LogPosition | undefined {
    return this.#position;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.done;
  }

  async #run(): Promise<void> {
    while (!this.#isDone()) {
      try {
        const { pushes } = this.#rpc.transport;
        await (pushes === undefined ? this.#follow() : this.#watch(pushes));
      } catch (error) {
        if (error instanceof ListenerFailure) throw error.cause;
        this.#settings.onError?.(error as Error);
        await this.#pause(RETRY_MS);
      }
    }
  }

  #isDone(): boolean {
    const { toBlock } = this.#settings.filter;
    return this.#isStopped || (toBlock !== undefined && this.#nextBlock > toBlock);
  }

  /** Has a node watch until it is lost, or done, or too fast for the listener. */
  async #watch(pushes: NonNullable<Rpc["transport"]["pushes"]>): Promise<void> {
    const waiting: ChainLog[] = [];
    let ending: Ending | undefined;
    const end = (how: Ending): void => {
      ending ??= how;
      this.#wake();
    };
    const filter = { ...this.#settings.filter, fromBlock: this.#nextBlock };
    let cancel: () => Promise<void>;
    try {
      cancel = await pushes.watchLogs(filter, {
        logs: (logs) => {
          if (ending !== undefined) return;
          waiting.push(...logs);
          if (waiting.length > WAITING_MAX) end("full");
          this.#wake();
        },
        finished: () => {
          end("finished");
        },
        lost: () => {
          end("lost");
        },
      });
    } catch (error) {
      if (!(error instanceof EventFilterError) || error.result !== INVALID_RANGE) throw error;
      const head = await this.#rpc.getBlockNumber();
      if (head < this.#nextBlock) throw error;
      // The node looks back so far only: what lies behind that is read block by block.
      await this.#scan(head);
      return;
    }
    try {
      for (;;) {
        for (let log = waiting.shift(); log !== undefined && !this.#isStopped; log = waiting.shift()) {
          await this.#deliver(log);
        }
        if (this.#isStopped) end("stopped");
        if (ending !== undefined) break;
        await this.#sleep();
      }
    } finally {
      // The node may be gone, and forgets the filter then.
      await cancel().catch(() => undefined);
    }
    if (ending === "finished") this.#nextBlock = (this.#settings.filter.toBlock ?? Number.MAX_SAFE_INTEGER - 1) + 1;
  }

  /** Reads blocks as they come. */
  async #follow(): Promise<void> {
    await this.#scan(await this.#rpc.getBlockNumber());
    if (!this.#isDone()) await this.#pause(POLL_MS);
  }

  /** Reads blocks up to `head`. */
  async #scan(head: number): Promise<void> {
    const last = Math.min(head, this.#settings.filter.toBlock ?? head);
    while (this.#nextBlock <= last && !this.#isStopped) {
      for (const log of await this.#logsOf(this.#nextBlock)) await this.#deliver(log);
      this.#nextBlock++;
    }
  }

  async #logsOf(block: number): Promise<ChainLog[]> {
    try {
      const { blockInfo, transactionReceipts = [] } = await this.#rpc.getBatchReceiptsByBlockNumberAndRange(block);
      return transactionReceipts
        .flatMap(({ logs, transactionHash, transactionIndex }) =>
          logs.map((log, logIndex) => ({
            address: log.address as Hex,
            topics: log.topics as readonly Hex[],
            data: log.data as Hex,
            blockNumber: block,
            blockHash: blockInfo.blockHash as Hex,
            transactionHash: transactionHash as Hex,
            transactionIndex: Number(transactionIndex),
            logIndex,
          })),
        )
        .filter((log) => isWanted(this.#settings.matcher, log));
    } catch (error) {
      if (error instanceof RpcError && error.rpcCode === NO_RECEIPTS) return [];
      throw error;
    }
  }

  async #deliver(log: ChainLog): Promise<void> {
    if (this.#isStopped || log.blockNumber < this.#nextBlock) return;
    // The block of the last log is asked for again after a loss, because it may hold more.
    if (this.#position !== undefined && comparePositions(log, this.#position) <= 0) return;
    try {
      await this.#settings.listener(log);
    } catch (cause) {
      throw new ListenerFailure("", { cause });
    }
    const { blockNumber, transactionIndex, logIndex } = log;
    this.#position = { blockNumber, transactionIndex, logIndex };
    this.#nextBlock = blockNumber;
  }

  /** Until something happens. */
  #sleep(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isStopped) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([this.#sleep(), new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
    clearTimeout(timer);
  }
}

/** Carries what a listener threw past the retries. */
class ListenerFailure extends Error {}

/** The order of logs in a chain: negative when `a` comes first. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.blockNumber - b.blockNumber || a.transactionIndex - b.transactionIndex || a.logIndex - b.logIndex;
}
