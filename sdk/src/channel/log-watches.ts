/** Filters of event logs at nodes: registered, fed and removed. */
import {
  ChannelType,
  decodeEventFilterReply,
  decodeTopicData,
  encodeEventFilterRequest,
  encodeTopicData,
  EventFilterResult,
  type ChannelFrame,
} from "@tsbcos/core/protocol";
import { EventFilterError } from "../errors.js";
import { filterRequest } from "../events/filter.js";
import type { Hex } from "../hex.js";
import type { ChainLog, LogFilter, LogListener } from "../rpc/transport.js";
import { createSeq } from "./connection.js";
import { jsonIn, type NodeLink } from "./link.js";

interface Watch {
  readonly link: NodeLink;
  readonly listener: LogListener;
}

/** A log as a node pushes it. */
interface PushedLog {
  readonly address: Hex;
  readonly topics: unknown;
  readonly data: Hex;
  /** Decimal. */
  readonly blockNumber: string;
  readonly blockHash: Hex;
  readonly transactionHash: Hex;
  readonly transactionIndex: string;
  readonly logIndex: string;
}

/** The filters of one client at all its nodes. */
export class LogWatches {
  readonly #watches = new Map<string, Watch>();

  /**
   * Has a node watch. Logs may come before this returns.
   *
   * @throws EventFilterError when the node does not take the filter; ConnectionError
   */
  async watch(link: NodeLink, filter: LogFilter, listener: LogListener): Promise<() => Promise<void>> {
    // A name of its own for each attempt: nodes would feed two filters of the same name.
    const filterId = createSeq();
    const request = encodeEventFilterRequest(filterRequest(filter, filterId));
    const data = encodeTopicData({ topic: "", payload: request });
    this.#watches.set(filterId, { link, listener });
    try {
      const result = resultOf(await link.request(ChannelType.RegisterEventFilter, data));
      if (result !== EventFilterResult.Success) throw new EventFilterError(result, link.endpoint);
    } catch (error) {
      this.#watches.delete(filterId);
      throw error;
    }
    return async () => {
      if (!this.#watches.delete(filterId) || !link.isUp) return;
      await link.request(ChannelType.UnregisterEventFilter, data);
    };
  }

  /** Takes what a node pushed; what has not the form of a push is dropped. */
  received(frame: ChannelFrame): void {
    const push = jsonIn(frame.data) as Partial<Push> | undefined;
    const filterId = push?.filterID ?? "";
    const watch = this.#watches.get(filterId);
    if (push === undefined || watch === undefined) return;
    const logs = Array.isArray(push.logs) ? push.logs.flatMap((log: unknown) => chainLogOf(log) ?? []) : [];
    if (logs.length > 0) watch.listener.logs(logs);
    if (push.result !== EventFilterResult.Completed) return;
    this.#watches.delete(filterId);
    watch.listener.finished();
  }

  /** Tells those who were watching at a node that it is gone. */
  lost(link: NodeLink): void {
    for (const [filterId, watch] of this.#watches) {
      if (watch.link !== link) continue;
      this.#watches.delete(filterId);
      watch.listener.lost();
    }
  }
}

interface Push {
  readonly filterID: string;
  readonly logs: unknown;
  readonly result: number;
}

function resultOf(frame: ChannelFrame): number {
  const topic = decodeTopicData(frame.data);
  const reply = topic.ok ? decodeEventFilterReply(topic.value.payload) : topic;
  return reply.ok ? reply.value : EventFilterResult.InvalidRequest;
}

function chainLogOf(json: unknown): ChainLog | undefined {
  const log = (json ?? {}) as Partial<PushedLog>;
  const { address, topics, data, blockHash = "0x", transactionHash = "0x" } = log;
  if (address === undefined || data === undefined || !Array.isArray(topics)) return undefined;
  return {
    address,
    topics: topics as Hex[],
    data,
    blockNumber: Number(log.blockNumber),
    blockHash,
    transactionHash,
    transactionIndex: Number(log.transactionIndex),
    logIndex: Number(log.logIndex),
  };
}
