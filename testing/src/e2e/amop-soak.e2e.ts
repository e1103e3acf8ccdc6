/**
 * Messages between clients of a real chain for a long time, while subscribers and nodes die, fall silent and stop reading.
 * `TSBCOS_SOAK_MESSAGES=1000000` makes a long run of it and prints the figures.
 */
import { loadavg } from "node:os";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  AMOP_DELIVERIES_PER_SESSION_MAX,
  AMOP_REQUESTS_PER_SESSION_MAX,
  CHANNEL_FRAME_BYTES_MAX,
  P2P_FRAME_BYTES_MAX,
  bytesEqual,
} from "@tsbcos/core/primitives";
import { ChannelType, encodeTopicData } from "@tsbcos/core/protocol";
import { PATIENCE_MS, TestChain, sleep, until } from "../harness/index.js";
import { Publisher, Subscriber, type Ending } from "../harness/amop-clients.js";

const soakMessages = Number(process.env["TSBCOS_SOAK_MESSAGES"] ?? 0);
const isSoak = soakMessages > 0;
const messages = isSoak ? soakMessages : 20_000;
const MEGABYTE = 1024 * 1024;
/** Longer than a node waits for one silent subscriber, shorter than SDKs wait for a node. */
const ENDS_WITHIN_MS = 9_000;
/** A node waits so long for a silent subscriber. */
const SILENCE_MS = 5_000;
/** A process that had no processor for so long may have thought that others were silent. */
const PAUSE_MS = 2_000;
/** A late answer is one that comes when the node waits no more. */
const LATE_MS = 6_000;
const LATE_EVERY = 40;
const LANES = 64;
const GROWTH_MEGABYTES_MAX = 64;

let chain: TestChain;

beforeAll(async () => {
  chain = await TestChain.build();
  for (const node of chain.nodes) node.serveMetrics();
  await chain.start();
});
afterAll(() => chain.dispose());
// A test that failed may have left a node dead.
beforeEach(() => chain.whole());

const metric = async (index: number, name: string): Promise<number> =>
  (await chain.node(index).metrics()).get(name) ?? Number.NaN;

/** A payload that begins with its number: answers must not be mixed up. */
function numbered(number: number, bytes: number): Uint8Array {
  const payload = new Uint8Array(bytes).fill(number & 255);
  new DataView(payload.buffer).setFloat64(0, number);
  return payload;
}

/** How messages of one kind ended. */
class Endings {
  readonly byResult = new Map<number, number>();
  mixedUp = 0;
  count = 0;

  add({ result, payload }: Ending, sent: Uint8Array): void {
    this.count++;
    this.byResult.set(result, (this.byResult.get(result) ?? 0) + 1);
    if (result === 0 && !bytesEqual(payload, sent.subarray(0, payload.length))) this.mixedUp++;
  }

  get results(): Record<number, number> {
    return Object.fromEntries(this.byResult);
  }
}

/** Waits until messages from the publisher to all these topics arrive. */
async function reach(publisher: Publisher, ...topics: string[]): Promise<void> {
  for (const topic of topics) {
    const isReached = async (): Promise<boolean> => (await publisher.send(topic, new Uint8Array(8))).result === 0;
    await until(`${topic} is reached`, isReached, PATIENCE_MS, 100);
  }
}

/** Resident memory of all nodes over time, and the most that waited in any of them. */
class Watch {
  readonly megabytes: number[][] = [];
  readonly most = new Map<string, number>();
  /** The longest that one of the nodes that are not killed, or this process, had other things to do. */
  longestPauseMs = 0;
  readonly #timer: NodeJS.Timeout;
  #sampledMs = performance.now();

  constructor() {
    this.#timer = setInterval(() => void this.#sample(), 1000);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Median of a node's memory in a part of the time, in megabytes. */
  medianOf(node: number, from: number, to: number): number {
    const { length } = this.megabytes;
    const part = this.megabytes.slice(Math.floor(length * from), Math.ceil(length * to)).map((all) => all[node] ?? 0);
    return part.sort((a, b) => a - b)[Math.floor(part.length / 2)] ?? 0;
  }

  async #sample(): Promise<void> {
    const resident = (node: (typeof chain.nodes)[number]): number =>
      node.pid === undefined ? 0 : Math.round(node.residentBytes() / MEGABYTE);
    this.megabytes.push(chain.nodes.map(resident));
    this.#paused(performance.now() - this.#sampledMs - 1000);
    this.#sampledMs = performance.now();
    for (const node of chain.nodes) {
      const beganMs = performance.now();
      const values = await node.metrics().catch(() => new Map<string, number>());
      if (node.index !== MORTAL_NODE) this.#paused(performance.now() - beganMs);
      for (const name of WATCHED) this.most.set(name, Math.max(this.most.get(name) ?? 0, values.get(name) ?? 0));
    }
  }

  #paused(ms: number): void {
    this.longestPauseMs = Math.max(this.longestPauseMs, ms);
  }
}

const MORTAL_NODE = 2;
const WATCHED = ["amop_requests_pending", "amop_deliveries_pending", "amop_deliveries_pending_bytes"].concat(
  "amop_requests_pending_bytes",
  "channel_sending_bytes",
);

/** Everybody who takes part. Publishers are at node 0; node 2 and one subscriber at node 1 are killed again and again. */
async function cast(): Promise<{
  publishers: Publisher[];
  steady: Subscriber[];
  mortal: Subscriber;
  onMortalNode: Subscriber;
  late: Subscriber;
  pausing: Subscriber;
}> {
  const at = (index: number, ...topics: string[]): Promise<Subscriber> =>
    Subscriber.at(chain, chain.node(index), ...topics);
  const steady = [await at(1, "work", "news", "steady"), await at(3, "work", "news"), await at(3, "paused")];
  const [mortal, onMortalNode] = [await at(1, "work"), await at(MORTAL_NODE, "work")];
  const [late, pausing] = [await at(3, "late"), await at(3, "paused")];
  const publishers = await Promise.all([0, 1, 2, 3].map(() => Publisher.at(chain, chain.node(0))));
  for (const publisher of publishers) await reach(publisher, "work", "steady", "late", "paused");
  for (const publisher of publishers) publisher.durations.length = 0;
  return { publishers, steady, mortal, onMortalNode, late, pausing };
}

/** Mostly 256 bytes, and some a thousand times that. */
const bytesOf = (number: number): number =>
  number % 1000 === 0 ? ([4096, 65_536, MEGABYTE][(number / 1000) % 3] as number) : 256;

test(
  "each message ends in one answer or error in time, whoever dies, is silent or does not read; memory stays where it was",
  async () => {
    const { publishers, steady, mortal, onMortalNode, late, pausing } = await cast();
    const publisherOf = (number: number): Publisher => publishers[number % publishers.length] as Publisher;
    const startedMs = performance.now();
    const watch = new Watch();
    const [work, lateOnes, paused, nobody, news] = Array.from({ length: 5 }, () => new Endings()) as [
      ...[Endings, Endings, Endings, Endings, Endings],
    ];
    let sent = 0;
    let lateAnswers = 0;
    late.delayOf = (requests) => (requests % LATE_EVERY === 0 ? (lateAnswers++, LATE_MS) : 0);
    const send = async (endings: Endings, topic: string, bytes: number, type?: number): Promise<void> => {
      const number = ++sent;
      const payload = numbered(number, bytes);
      endings.add(await publisherOf(number).send(topic, payload, type), payload);
    };
    const isOver = (): boolean => work.count >= messages;
    const lane = async (step: () => Promise<void>): Promise<void> => {
      while (!isOver()) await step();
    };
    const lanes = [
      ...Array.from({ length: LANES }, () => lane(() => send(work, "work", bytesOf(sent + 1)))),
      ...Array.from({ length: 4 }, () => lane(() => send(lateOnes, "late", 256))),
      ...Array.from({ length: 4 }, () => lane(() => send(paused, "paused", 10_000))),
      lane(() => send(nobody, "nobody", 256).then(() => sleep(10))),
      lane(() => send(news, "news", 256, ChannelType.AmopMulticast).then(() => sleep(10))),
    ];
    const trouble = [
      async (): Promise<void> => {
        mortal.delayOf = () => undefined;
        await sleep(100);
        mortal.kill();
        mortal.delayOf = () => 0;
        await mortal.connect();
      },
      async (): Promise<void> => {
        pausing.setReading(false);
        await sleep(LATE_MS);
        pausing.setReading(true);
      },
      async (): Promise<void> => {
        await chain.node(MORTAL_NODE).end("SIGKILL");
        await sleep(500);
        chain.node(MORTAL_NODE).start();
        await chain.connected(chain.node(MORTAL_NODE));
        await onMortalNode.connect();
      },
    ];
    const happened = async (): Promise<number> => {
      let times = 0;
      const every = isSoak ? Math.max(messages / 30, 20_000) : messages / 4;
      for (let next = every; next < messages; next += every) {
        await until("so many messages", () => Promise.resolve(work.count >= next), 600_000);
        await trouble[times++ % trouble.length]?.();
      }
      return times;
    };
    const [troubles] = await Promise.all([happened(), ...lanes]);
    const seconds = (performance.now() - startedMs) / 1000;
    // Late answers have all come by then.
    await sleep(LATE_MS + 500);
    const isAllNews = (): boolean => steady.slice(0, 2).every(({ multicasts }) => multicasts.size >= news.count);
    await until("all news have come", isAllNews);
    watch.stop();

    // Nothing is lost, nothing is answered twice, mixed up or too late, and who can be reached is reached.
    expect(publishers.map(({ pending, surprises }) => [pending, surprises])).toEqual(publishers.map(() => [0, 0]));
    for (const { mixedUp } of [work, lateOnes, paused, news]) expect(mixedUp).toBe(0);
    const durations = publishers.flatMap((publisher) => publisher.durations).sort((a, b) => a - b);
    expect(durations).toHaveLength(sent);
    expect(durations.at(-1)).toBeLessThan(ENDS_WITHIN_MS + watch.longestPauseMs);
    expect(nobody.results).toEqual({ 100: nobody.count });
    expect(news.results).toEqual({ 0: news.count });
    expect(lateAnswers).toBeGreaterThan(0);
    if (watch.longestPauseMs < PAUSE_MS) {
      expect(work.results).toEqual({ 0: work.count });
      expect(paused.results).toEqual({ 0: paused.count });
      expect(lateOnes.results).toEqual({ 0: lateOnes.count - lateAnswers, 104: lateAnswers });
    } else {
      // Who answers may have been silent for too long then: such messages end with 104 as well, and no more of them.
      console.log(`a process had no processor for ${Math.round(watch.longestPauseMs)} ms`);
      for (const { results } of [work, paused, lateOnes]) expect(["0", "0,104"]).toContain(Object.keys(results).join());
      expect(lateOnes.results[104]).toBeGreaterThanOrEqual(lateAnswers);
      for (const endings of [work, paused]) expect(endings.results[0]).toBeGreaterThan(0.9 * endings.count);
    }
    for (const { multicasts, repeatedMulticasts } of steady.slice(0, 2)) {
      expect([multicasts.size, repeatedMulticasts]).toEqual([news.count, 0]);
    }

    // Nothing is left behind, and nothing piled up on the way.
    for (const { index } of chain.nodes) {
      for (const name of ["amop_requests_pending", "amop_deliveries_pending_bytes", "channel_sending_bytes"]) {
        await until(`node${index} has no ${name}`, async () => (await metric(index, name)) === 0);
      }
    }
    expect(watch.most.get("amop_requests_pending")).toBeLessThanOrEqual(lanes.length);
    for (const index of [0, 1, 3]) {
      const [before, after] = [watch.medianOf(index, 0.1, 0.4), watch.medianOf(index, 0.7, 1)];
      if (isSoak) console.log(`node${index}: ${before} MB resident in the first half, ${after} MB in the last third`);
      if (isSoak) expect(after - before).toBeLessThan(GROWTH_MEGABYTES_MAX);
      expect(Math.max(...watch.megabytes.map((all) => all[index] ?? 0))).toBeLessThan(400);
    }
    if (!isSoak) return;
    const at = (share: number): string => (durations[Math.floor(durations.length * share)] ?? 0).toFixed(1);
    console.log(
      `${sent} messages in ${seconds.toFixed(0)} s, ${Math.round(sent / seconds)}/s, load ${loadavg()[0]?.toFixed(1)}; ` +
        `${troubles} troubles; p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1 - 1 / sent)} ms\n` +
        `results: work ${JSON.stringify(work.results)}, late ${JSON.stringify(lateOnes.results)}, ` +
        `paused ${JSON.stringify(paused.results)}, nobody ${JSON.stringify(nobody.results)}, news ${JSON.stringify(news.results)}\n` +
        `most that waited: ${JSON.stringify(Object.fromEntries(watch.most))}`,
    );
  },
  900_000 + messages * 3,
);

describe("too much", () => {
  test("a client that floods is refused what is beyond its share, and each message ends", async () => {
    const [publisher, silent] = [
      await Publisher.at(chain, chain.node(0)),
      await Subscriber.at(chain, chain.node(1), "flood"),
    ];
    await reach(publisher, "flood");
    silent.delayOf = () => undefined;
    const endings = new Endings();
    const payload = new Uint8Array(256);
    const all = 3 * AMOP_REQUESTS_PER_SESSION_MAX;
    const beganMs = performance.now();
    let lastRefusedMs = 0;
    const flood = Array.from({ length: all }, async () => {
      const ending = await publisher.send("flood", payload);
      if (ending.result === 103) lastRefusedMs = performance.now() - beganMs;
      endings.add(ending, payload);
    });
    await Promise.all(flood);
    const taken = Math.min(AMOP_REQUESTS_PER_SESSION_MAX, AMOP_DELIVERIES_PER_SESSION_MAX);
    if (lastRefusedMs < SILENCE_MS) {
      expect(endings.results).toEqual({ 103: all - taken, 104: taken });
    } else {
      // On a slow machine the first are given up before the last are read, which find room then.
      console.log(`reading the flood took the node ${Math.round(lastRefusedMs)} ms`);
      expect(Object.keys(endings.results)).toEqual(["103", "104"]);
      expect(endings.results[104]).toBeGreaterThanOrEqual(taken);
    }
    expect(publisher.surprises).toBe(0);
    publisher.connection.close();
    silent.kill();
  });

  test("a client that does not read its answers is not heard, notices, and gets all of them when it reads again", async () => {
    const publisher = await Publisher.at(chain, chain.node(0));
    const subscriber = await Subscriber.at(chain, chain.node(1), "stalled");
    await reach(publisher, "stalled");
    const resident = chain.node(0).residentBytes();
    publisher.connection.setReading(false);
    const payload = new Uint8Array(20_000);
    const asked: Promise<Ending>[] = [];
    // A node that is only busy takes later what waits here, and is sent more then.
    for (let isStill = false; !isStill;) {
      while (publisher.connection.unsentBytes < 16 * MEGABYTE) {
        expect(asked.length * payload.length, "the node reads on and on").toBeLessThan(512 * MEGABYTE);
        for (let i = 0; i < 100; i++) asked.push(publisher.send("stalled", payload));
        await sleep(20);
      }
      const { unsentBytes } = publisher.connection;
      await sleep(1500);
      isStill = publisher.connection.unsentBytes === unsentBytes && (await metric(0, "channel_slow_sessions")) === 1;
    }
    expect(chain.node(0).residentBytes() - resident).toBeLessThan(200 * MEGABYTE);
    publisher.connection.setReading(true);
    const endings = new Endings();
    for (const ending of await Promise.all(asked)) endings.add(ending, payload);
    // A subscriber that cannot keep up for a moment is spared, and there is no other.
    expect((endings.byResult.get(0) ?? 0) + (endings.byResult.get(104) ?? 0)).toBe(asked.length);
    expect(endings.byResult.get(0)).toBeGreaterThan(asked.length / 4);
    expect(endings.mixedUp).toBe(0);
    expect(publisher.surprises).toBe(0);
    publisher.connection.close();
    subscriber.kill();
  });

  test("the largest message is answered, a larger one is refused, and the nodes stay together when there are too many", async () => {
    const publisher = await Publisher.at(chain, chain.node(0));
    const subscriber = await Subscriber.at(chain, chain.node(1), "large");
    await reach(publisher, "large");
    const overhead = 42 + encodeTopicData({ topic: "large", payload: new Uint8Array(0) }).length;
    const largest = P2P_FRAME_BYTES_MAX - 16 - overhead;
    const noise = crypto.getRandomValues(new Uint8Array(65_536));
    const large = (bytes: number): Uint8Array => {
      const payload = new Uint8Array(bytes);
      for (let at = 0; at < bytes; at += noise.length) payload.set(noise.subarray(0, bytes - at), at);
      return payload;
    };
    const sendLarge = async (bytes: number): Promise<number> => (await publisher.send("large", large(bytes))).result;
    const beganMs = performance.now();
    expect(await sendLarge(largest / 10)).toBe(0);
    const tenthMs = performance.now() - beganMs;
    const result = await sendLarge(largest);
    // A machine that needs half a second for a tenth of it may not carry it within the time of a silent subscriber.
    if (tenthMs < SILENCE_MS / 15) expect(result).toBe(0);
    else expect([0, 104]).toContain(result);
    expect(await sendLarge(CHANNEL_FRAME_BYTES_MAX - overhead)).toBe(103);
    const results = await Promise.all(Array.from({ length: 4 }, () => sendLarge(40_000_000)));
    // A subscriber on a busy machine may need more than five seconds for the others.
    expect(results.every((result) => [0, 103, 104].includes(result))).toBe(true);
    for (const index of [0, 1]) {
      const metrics = await chain.node(index).metrics();
      expect([...metrics.keys()].filter((name) => name.includes("peer-too-slow"))).toEqual([]);
      expect(metrics.get("p2p_sessions")).toBe(3);
    }
    await reach(publisher, "large");
    publisher.connection.close();
    subscriber.kill();
  });
});
