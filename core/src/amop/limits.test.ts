import { beforeEach, describe, expect, test } from "vitest";
import { AMOP_TOPICS_COUNTED_MAX, createRandom, silentTracer } from "../primitives/index.js";
import type { NodeId } from "../primitives/index.js";
import { AmopPacket, ChannelType, encodeChannelFrame } from "../protocol/index.js";
import type { ChannelFrame } from "../protocol/index.js";
import { Amop } from "./amop.js";
import type { AmopEffect, AmopInput } from "./messages.js";
import { ELSEWHERE, HERE, THERE, answerOf, frameOf, requestOf, words } from "./testdata/frames.js";

/** What does not fit any more, and what is counted. */

let amop: Amop;
let nowMs: number;
/** Nodes to which nothing more can be sent. */
let full: Set<NodeId>;

function step(input: AmopInput): readonly AmopEffect[] {
  const effects = amop.step(input, { steadyMs: nowMs, wallMs: 0 });
  amop.invariants();
  return effects;
}

function subscribe(session: number, ...topics: string[]): void {
  step({ type: "topics-set", session, topics: new Set(topics) });
}

function peerHas(peer: NodeId, ...topics: string[]): void {
  step({ type: "peer-topics", peer, topics });
}

function fromClient(session: number, frame: ChannelFrame): readonly AmopEffect[] {
  return step({ type: "client-frame", session, frame });
}

function fromPeer(peer: NodeId, frame: ChannelFrame, seq: number): void {
  step({ type: "peer-frame", peer, packetType: AmopPacket.Request, seq, body: encodeChannelFrame(frame) });
}

function tokenOf(effects: readonly AmopEffect[]): number {
  const asked = effects.find((effect) => effect.type === "ask-peer");
  if (asked === undefined) throw new Error("nobody was asked");
  return asked.token;
}

beforeEach(() => {
  nowMs = 0;
  full = new Set();
  amop = new Amop({
    nodeId: HERE,
    random: createRandom("amop"),
    mayForward: () => true,
    hasRoom: (peer) => !full.has(peer),
    trace: silentTracer,
  });
});

describe("where too much is under way", () => {
  test("a request passes over nodes that are full, and is refused with 103 when there is no other", () => {
    peerHas(THERE, "news");
    peerHas(ELSEWHERE, "news");
    full.add(THERE);
    for (let i = 0; i < 20; i++)
      expect(words(fromClient(1, requestOf(i, "news")))).toEqual([`ask 2: 0x30 ${i} 0 news/?`]);
    full.add(ELSEWHERE);
    expect(words(fromClient(1, requestOf(30, "news")))).toEqual(["1 gets 0x31 30 103 nothing"]);
    subscribe(2, "news");
    expect(words(fromClient(1, requestOf(31, "news")))).toEqual(["2 gets 0x30 31 0 news/?"]);
  });

  test("a multicast spares nodes that are full", () => {
    peerHas(THERE, "news");
    peerHas(ELSEWHERE, "news");
    full.add(ELSEWHERE);
    expect(words(fromClient(1, frameOf(ChannelType.AmopMulticast, 8, "news", "to all")))).toEqual([
      "tell 1: 0x35 8 0 news/to all",
      "1 gets 0x31 8 0 news/to all",
    ]);
    expect(amop.statistics().dropped).toEqual({ "node-too-slow": 1 });
  });

  test("an answer for which there is no room is told as a refusal, so that nobody waits for it", () => {
    subscribe(3, "news");
    fromPeer(THERE, requestOf(5, "news", "q"), 17);
    full.add(THERE);
    expect(words(fromClient(3, answerOf(5, "news", "a")))).toEqual(["answer 1 #17: 0x31 5 103 nothing"]);
  });
});

describe("counters", () => {
  test("tell what waits, who did not answer, and how requests ended, with the results that clients invent as one", () => {
    peerHas(THERE, "far");
    subscribe(3, "news");
    const asked = fromClient(1, requestOf(1, "far"));
    fromPeer(THERE, requestOf(2, "news", "12345"), 9);
    const { length } = requestOf(2, "news", "12345").data;
    expect(amop.statistics()).toMatchObject({
      ...{ requestsPending: 1, requestBytes: 42 + requestOf(1, "far").data.length },
      ...{ deliveriesPending: 1, deliveryBytes: length },
    });
    step({ type: "peer-answered", token: tokenOf(asked), body: undefined });
    nowMs = 5000;
    step({ type: "tick" });
    for (const [number, result] of [123_456, -1, 99, 0].entries()) {
      fromClient(1, requestOf(10 + number, "news"));
      fromClient(3, answerOf(10 + number, "news", "!", result));
    }
    expect(amop.statistics()).toMatchObject({
      ...{ requestsPending: 0, requestBytes: 0, deliveriesPending: 0, deliveryBytes: 0 },
      ...{ unansweredByNodes: 1, unansweredByClients: 1 },
      answered: { 0: 1, 99: 1, 100: 1, other: 2 },
    });
  });

  test("name the topics with the most subscribers, and not more of them than collectors take", () => {
    for (let topic = 0; topic < 2 * AMOP_TOPICS_COUNTED_MAX; topic++) subscribe(topic, `t${topic}`, "all");
    for (let session = 0; session < 5; session++) subscribe(1000 + session, "some", "all");
    const { topics, topicSubscribers } = amop.statistics();
    expect(topics).toBe(2 * AMOP_TOPICS_COUNTED_MAX + 2);
    expect(topicSubscribers).toHaveLength(AMOP_TOPICS_COUNTED_MAX);
    expect(topicSubscribers.slice(0, 3)).toEqual([
      { topic: "all", subscribers: 2 * AMOP_TOPICS_COUNTED_MAX + 5 },
      { topic: "some", subscribers: 5 },
      { topic: "t0", subscribers: 1 },
    ]);
  });
});
