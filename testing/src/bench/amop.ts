/** How fast two clients at two nodes exchange messages. */
import { join } from "node:path";
import type { ByteString } from "@tsbcos/core/primitives";
import { ChannelType, encodeTopicData, encodeTopics } from "@tsbcos/core/protocol";
import { until, type TestChain } from "../harness/index.js";
import { RawChannelClient, channelPortOf } from "../harness/raw-channel.js";

/** Round trips over two nodes. */
export interface AmopFigures {
  /** Round trips a second with {@link AmopOptions.inFlight} under way. */
  readonly perSecond: number;
  /** Of one round trip with nothing else under way. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of both nodes for one round trip, in microseconds. */
  readonly cpuMicroseconds: number;
}

/** What is measured. */
export interface AmopOptions {
  readonly bytes: number;
  readonly inFlight: number;
  /** Round trips with that many under way. */
  readonly roundTrips: number;
  /** Round trips one after the other. */
  readonly single: number;
}

/** The measurement that there are figures of the 2.9.1 node for. */
export const AMOP_OPTIONS: AmopOptions = { bytes: 256, inFlight: 32, roundTrips: 100_000, single: 5000 };

const TOPIC = "bench";

const seqOf = (number: number): ByteString => String(number).padStart(32, "0") as ByteString;

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

class Sender {
  readonly #client: RawChannelClient;
  readonly #data: Uint8Array;
  readonly #answered = new Map<string, (isOk: boolean) => void>();
  #last = 0;

  constructor(client: RawChannelClient, bytes: number) {
    this.#client = client;
    this.#data = encodeTopicData({ topic: TOPIC, payload: new Uint8Array(bytes) });
    client.onFrame = ({ type, seq, result }) => {
      if (type !== ChannelType.AmopResponse) return;
      this.#answered.get(seq)?.(result === 0);
      this.#answered.delete(seq);
      // Nobody looks at them here, and a million frames are a lot of memory.
      client.received.length = 0;
      client.pieces.length = 0;
    };
  }

  /** One round trip; resolves when the answer is there. */
  send(): Promise<boolean> {
    const seq = seqOf(++this.#last);
    return new Promise((resolve) => {
      this.#answered.set(seq, resolve);
      this.#client.send({ type: ChannelType.AmopRequest, seq, result: 0, data: this.#data });
    });
  }
}

async function demand(answer: Promise<boolean>): Promise<void> {
  if (!(await answer)) throw new Error("a message was answered with an error");
}

/** Measures between a client at node 0 and one at node 1. */
export async function measureAmop(chain: TestChain, options: AmopOptions): Promise<AmopFigures> {
  const certificates = join(chain.directory, "127.0.0.1", "sdk");
  const connectTo = (index: number): Promise<RawChannelClient> =>
    RawChannelClient.connect({ port: channelPortOf(chain.node(index)), certificates });
  const [asker, answerer] = [await connectTo(0), await connectTo(1)];
  answerer.onFrame = (frame) => {
    answerer.received.length = 0;
    answerer.pieces.length = 0;
    if (frame.type === ChannelType.AmopRequest) answerer.send({ ...frame, type: ChannelType.AmopResponse });
  };
  answerer.send({ type: ChannelType.Topics, seq: seqOf(1), result: 0, data: encodeTopics([TOPIC]) });
  const sender = new Sender(asker, options.bytes);
  await until("the nodes know the topic", () => sender.send(), 15_000, 100);

  const times: number[] = [];
  for (let i = 0; i < options.single; i++) {
    const began = performance.now();
    await demand(sender.send());
    if (i >= options.single / 10) times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);

  const nodes = [chain.node(0), chain.node(1)];
  const cpu = (): number => nodes.reduce((sum, node) => sum + node.cpuMicroseconds(), 0);
  let left = options.roundTrips;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await demand(sender.send());
  };
  const [cpuBefore, began] = [cpu(), performance.now()];
  await Promise.all(Array.from({ length: options.inFlight }, lane));
  const seconds = (performance.now() - began) / 1000;
  const cpuMicroseconds = (cpu() - cpuBefore) / options.roundTrips;
  asker.close();
  answerer.close();
  return {
    perSecond: options.roundTrips / seconds,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    cpuMicroseconds,
  };
}
