/** Clients that publish and subscribe a lot, and keep a record of how each message ended. */
import type { ByteString } from "@tsbcos/core/primitives";
import { ChannelType, decodeTopicData, encodeTopicData, encodeTopics, type ChannelFrame } from "@tsbcos/core/protocol";
import { RawChannelClient, channelPortOf } from "./raw-channel.js";
import { sleep, type ChainNode, type TestChain } from "./chain.js";

/** How a message ended. */
export interface Ending {
  readonly result: number;
  readonly payload: Uint8Array;
}

interface Pending {
  readonly resolve: (ending: Ending) => void;
  readonly sentMs: number;
}

/** Numbers are unique among all clients, as SDKs make them: a subscriber cannot have two with the same. */
let publishers = 0;

const seqOf = (publisher: number, number: number): ByteString =>
  (String(publisher).padStart(8, "0") + String(number).padStart(24, "0")) as ByteString;

/** A connection whose frames are handed over and not kept. */
async function open(
  chain: TestChain,
  node: ChainNode,
  onFrame: (frame: ChannelFrame) => void,
): Promise<RawChannelClient> {
  const client = await RawChannelClient.connect({ port: channelPortOf(node), certificates: chain.sdkFolder });
  client.onFrame = (frame) => {
    client.received.length = 0;
    client.pieces.length = 0;
    onFrame(frame);
  };
  return client;
}

/** One client that sends. */
export class Publisher {
  /** Answers that no message waited for: second ones, or such that nobody had asked for. */
  surprises = 0;
  /** How long each message took to end, in milliseconds, in the order of their ends. */
  readonly durations: number[] = [];
  readonly #pending = new Map<ByteString, Pending>();
  #client: RawChannelClient | undefined;
  readonly #number = ++publishers;
  #last = 0;

  /** Connects to a node. */
  static async at(chain: TestChain, node: ChainNode): Promise<Publisher> {
    const publisher = new Publisher();
    publisher.#client = await open(chain, node, (frame) => {
      publisher.#received(frame);
    });
    return publisher;
  }

  /** The connection. */
  get connection(): RawChannelClient {
    if (this.#client === undefined) throw new Error("the publisher is not connected");
    return this.#client;
  }

  /** Messages that have not ended. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Sends a message; resolves when it has ended, whatever came of it. */
  send(topic: string, payload: Uint8Array, type: number = ChannelType.AmopRequest): Promise<Ending> {
    const seq = seqOf(this.#number, ++this.#last);
    return new Promise((resolve) => {
      this.#pending.set(seq, { resolve, sentMs: performance.now() });
      this.connection.send({ type, seq, result: 0, data: encodeTopicData({ topic, payload }) });
    });
  }

  #received({ type, seq, result, data }: ChannelFrame): void {
    const pending = type === ChannelType.AmopResponse ? this.#pending.get(seq) : undefined;
    if (pending === undefined) {
      this.surprises++;
      return;
    }
    this.#pending.delete(seq);
    this.durations.push(performance.now() - pending.sentMs);
    const content = decodeTopicData(data);
    // What came is a view of a larger buffer, and the record of a soak must not hold it.
    pending.resolve({ result, payload: content.ok ? content.value.payload.slice(0, 64) : new Uint8Array(0) });
  }
}

/** One client that receives, and answers with what it got. */
export class Subscriber {
  /** Requests that came. */
  requests = 0;
  /** Numbers of the multicasts that came. */
  readonly multicasts = new Set<ByteString>();
  /** Multicasts that came once more. */
  repeatedMulticasts = 0;
  /** Milliseconds until an answer leaves; undefined gives none. */
  delayOf: (requests: number) => number | undefined = () => 0;
  readonly #chain: TestChain;
  readonly #node: ChainNode;
  readonly #topics: readonly string[];
  #client: RawChannelClient | undefined;

  private constructor(chain: TestChain, node: ChainNode, topics: readonly string[]) {
    this.#chain = chain;
    this.#node = node;
    this.#topics = topics;
  }

  /** Connects to a node and subscribes to the topics. */
  static async at(chain: TestChain, node: ChainNode, ...topics: string[]): Promise<Subscriber> {
    const subscriber = new Subscriber(chain, node, topics);
    await subscriber.connect();
    return subscriber;
  }

  /** Connects, also once more after {@link kill}. */
  async connect(): Promise<void> {
    const client = await open(this.#chain, this.#node, (frame) => {
      void this.#received(client, frame);
    });
    this.#client = client;
    client.send({ type: ChannelType.Topics, seq: seqOf(0, 0), result: 0, data: encodeTopics(this.#topics) });
  }

  /** Ends the connection, with whatever is unanswered. */
  kill(): void {
    this.#client?.close();
  }

  /** Stops to read, or goes on. */
  setReading(isReading: boolean): void {
    this.#client?.setReading(isReading);
  }

  async #received(client: RawChannelClient, frame: ChannelFrame): Promise<void> {
    if (frame.type === ChannelType.AmopMulticast) {
      if (this.multicasts.has(frame.seq)) this.repeatedMulticasts++;
      this.multicasts.add(frame.seq);
    }
    if (frame.type !== ChannelType.AmopRequest) return;
    const delay = this.delayOf(++this.requests);
    if (delay === undefined) return;
    const answer = { ...frame, type: ChannelType.AmopResponse };
    if (delay === 0) {
      client.send(answer);
      return;
    }
    const data = frame.data.slice();
    await sleep(delay);
    client.send({ ...answer, data });
  }
}
