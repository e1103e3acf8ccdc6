import { beforeEach, describe, expect, test } from "vitest";
import { AMOP_REQUESTS_PER_SESSION_MAX, createRandom, silentTracer } from "../primitives/index.js";
import type { NodeId } from "../primitives/index.js";
import {
  AmopPacket,
  AmopResult,
  ChannelType,
  challengeTopic,
  decodeChannelFrame,
  decodeVerifyRequest,
  encodeChannelFrame,
  encodeVerifyVerdict,
  privateTopic,
  publisherTopic,
} from "../protocol/index.js";
import type { ChannelFrame } from "../protocol/index.js";
import { Amop } from "./amop.js";
import type { AmopEffect, AmopInput } from "./messages.js";
import { ELSEWHERE, HERE, THERE, answerOf, frameOf, requestOf, seqOf, words } from "./testdata/frames.js";

let amop: Amop;
let nowMs: number;
let isBandwidthLeft: boolean;

function step(input: AmopInput): readonly AmopEffect[] {
  const effects = amop.step(input, { steadyMs: nowMs, wallMs: 0 });
  amop.invariants();
  return effects;
}

function subscribe(session: number, ...topics: string[]): readonly AmopEffect[] {
  return step({ type: "topics-set", session, topics: new Set(topics) });
}

function peerHas(peer: NodeId, ...topics: string[]): readonly AmopEffect[] {
  return step({ type: "peer-topics", peer, topics });
}

function fromClient(session: number, frame: ChannelFrame): readonly AmopEffect[] {
  return step({ type: "client-frame", session, frame });
}

function fromPeer(peer: NodeId, frame: ChannelFrame, seq = 9, packetType: number = AmopPacket.Request): string[] {
  return words(step({ type: "peer-frame", peer, packetType, seq, body: encodeChannelFrame(frame) }));
}

function tokenOf(effects: readonly AmopEffect[]): number {
  const asked = effects.find((effect) => effect.type === "ask-peer");
  if (asked === undefined) throw new Error("nobody was asked");
  return asked.token;
}

beforeEach(() => {
  nowMs = 0;
  isBandwidthLeft = true;
  amop = new Amop({
    nodeId: HERE,
    random: createRandom("amop"),
    mayForward: () => isBandwidthLeft,
    hasRoom: () => true,
    trace: silentTracer,
  });
});

describe("the list of topics", () => {
  test("is what all clients subscribe to, in order, and its number grows with each change", () => {
    expect(amop.localTopics()).toEqual({ seq: 0, topics: [] });
    subscribe(1, "news", "_block_notify_1");
    subscribe(2, "a");
    expect(amop.localTopics()).toEqual({ seq: 2, topics: ["_block_notify_1", "a", "news"] });
    subscribe(3, "news");
    expect(amop.localTopics().seq).toBe(2);
    subscribe(1);
    expect(amop.localTopics()).toEqual({ seq: 3, topics: ["a", "news"] });
    step({ type: "session-closed", session: 2 });
    expect(amop.localTopics()).toEqual({ seq: 4, topics: ["news"] });
  });

  test("B19: topics named at once are all there, and those of a second list replace the first", () => {
    subscribe(1, "x", "y", "z");
    expect(amop.localTopics().topics).toEqual(["x", "y", "z"]);
    subscribe(1, "y", "w");
    expect(amop.localTopics().topics).toEqual(["w", "y"]);
  });

  test("holds nothing that would read as another topic or is too long to be used", () => {
    subscribe(1, "two\ttopics", "x".repeat(255), "x".repeat(254));
    expect(amop.localTopics().topics).toEqual(["x".repeat(254)]);
  });

  test("more topics than one client may have change nothing", () => {
    subscribe(1, "kept");
    subscribe(1, ...Array.from({ length: 5000 }, (_, i) => `t${i}`));
    expect(amop.localTopics().topics).toEqual(["kept"]);
    expect(amop.statistics().dropped).toEqual({ "too-many-topics": 1 });
  });
});

describe("a request at the node it comes from", () => {
  test("goes to the node that has the topic, and its answer to the client", () => {
    peerHas(THERE, "news");
    const asked = fromClient(1, requestOf(5, "news", "question"));
    expect(words(asked)).toEqual(["ask 1: 0x30 5 0 news/question"]);
    const body = encodeChannelFrame(answerOf(5, "news", "answer"));
    expect(words(step({ type: "peer-answered", token: tokenOf(asked), body }))).toEqual([
      "1 gets 0x31 5 0 news/answer",
    ]);
    expect(amop.statistics()).toMatchObject({ requestsPending: 0, answered: { 0: 1 } });
  });

  test("is answered with 100 and no data when nobody has the topic", () => {
    expect(words(fromClient(1, requestOf(5, "news")))).toEqual(["1 gets 0x31 5 100 nothing"]);
  });

  test("is given to one node after the other until one answers, and with 100 when none does", () => {
    peerHas(THERE, "news");
    peerHas(ELSEWHERE, "news");
    const first = fromClient(1, requestOf(5, "news"));
    const second = step({ type: "peer-answered", token: tokenOf(first), body: undefined });
    expect([...words(first), ...words(second)].sort()).toEqual(["ask 1: 0x30 5 0 news/?", "ask 2: 0x30 5 0 news/?"]);
    expect(words(step({ type: "peer-answered", token: tokenOf(second), body: undefined }))).toEqual([
      "1 gets 0x31 5 100 nothing",
    ]);
  });

  test("an answer that is an error is an answer", () => {
    peerHas(THERE, "news");
    peerHas(ELSEWHERE, "news");
    const asked = fromClient(1, requestOf(5, "news"));
    const body = encodeChannelFrame(answerOf(5, "news", "?", AmopResult.NoSubscriber));
    expect(words(step({ type: "peer-answered", token: tokenOf(asked), body }))).toEqual(["1 gets 0x31 5 104 news/?"]);
  });

  test("an answer reaches the client as an answer to its request, whatever a peer writes on it", () => {
    peerHas(THERE, "news");
    const asked = fromClient(1, requestOf(5, "news"));
    const body = encodeChannelFrame(frameOf(ChannelType.Receipt, 77, "news", "forged"));
    expect(words(step({ type: "peer-answered", token: tokenOf(asked), body }))).toEqual([
      "1 gets 0x31 5 0 news/forged",
    ]);
  });

  test("a broken answer counts as none", () => {
    peerHas(THERE, "news");
    const asked = fromClient(1, requestOf(5, "news"));
    expect(words(step({ type: "peer-answered", token: tokenOf(asked), body: new Uint8Array(10) }))).toEqual([
      "1 gets 0x31 5 100 nothing",
    ]);
  });

  test("reaches a subscriber at the same node, which other nodes do not take it from", () => {
    subscribe(2, "news");
    expect(words(fromClient(1, requestOf(5, "news", "hello")))).toEqual(["2 gets 0x30 5 0 news/hello"]);
    expect(words(fromClient(2, answerOf(5, "news", "hi")))).toEqual(["1 gets 0x31 5 0 news/hi"]);
    peerHas(THERE, "news");
    expect(words(fromClient(1, requestOf(6, "news")))).toEqual(["ask 1: 0x30 6 0 news/?"]);
  });

  test("reaches the sender itself when it is the only subscriber", () => {
    subscribe(1, "from-a");
    expect(words(fromClient(1, requestOf(5, "from-a", "me")))).toEqual(["1 gets 0x30 5 0 from-a/me"]);
    expect(words(fromClient(1, answerOf(5, "from-a", "I")))).toEqual(["1 gets 0x31 5 0 from-a/I"]);
  });

  test("tries the own node when no other answers", () => {
    subscribe(2, "news");
    peerHas(THERE, "news");
    const asked = fromClient(1, requestOf(5, "news"));
    expect(words(step({ type: "peer-answered", token: tokenOf(asked), body: undefined }))).toEqual([
      "2 gets 0x30 5 0 news/?",
    ]);
  });

  test("is refused with 103 beyond the bandwidth, and beyond what one client may have under way", () => {
    peerHas(THERE, "news");
    isBandwidthLeft = false;
    expect(words(fromClient(1, requestOf(5, "news")))).toEqual(["1 gets 0x31 5 103 nothing"]);
    isBandwidthLeft = true;
    for (let i = 0; i < AMOP_REQUESTS_PER_SESSION_MAX; i++) {
      amop.step({ type: "client-frame", session: 1, frame: requestOf(i, "news") }, { steadyMs: 0, wallMs: 0 });
    }
    expect(words(fromClient(1, requestOf(99_999, "news")))).toEqual(["1 gets 0x31 99999 103 nothing"]);
    expect(words(fromClient(2, requestOf(1, "news")))).toEqual(["ask 1: 0x30 1 0 news/?"]);
  });

  test("is forgotten when its client leaves", () => {
    peerHas(THERE, "news");
    const asked = fromClient(1, requestOf(5, "news"));
    step({ type: "session-closed", session: 1 });
    const body = encodeChannelFrame(answerOf(5, "news"));
    expect(step({ type: "peer-answered", token: tokenOf(asked), body })).toEqual([]);
    expect(amop.statistics().requestsPending).toBe(0);
  });

  test("without a topic is ignored", () => {
    for (const data of [new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(5, 65)]) {
      expect(fromClient(1, { type: ChannelType.AmopRequest, seq: seqOf(1), result: 0, data })).toEqual([]);
    }
    expect(amop.statistics().dropped).toEqual({ malformed: 3 });
  });
});

describe("a request at the node it goes to", () => {
  test("is given to a subscriber, whose answer goes back, result and all", () => {
    subscribe(3, "news");
    expect(fromPeer(THERE, requestOf(5, "news", "question"), 17)).toEqual(["3 gets 0x30 5 0 news/question"]);
    expect(words(fromClient(3, answerOf(5, "news", "answer", 99)))).toEqual(["answer 1 #17: 0x31 5 99 news/answer"]);
  });

  test("is answered with 104 and its own data when nobody subscribes", () => {
    expect(fromPeer(THERE, requestOf(5, "news", "q"), 17)).toEqual(["answer 1 #17: 0x31 5 104 news/q"]);
  });

  test("a silent subscriber has five seconds, then the next one gets it, then the sender its own data with 104", () => {
    subscribe(3, "news");
    subscribe(4, "news");
    const [first] = fromPeer(THERE, requestOf(5, "news", "q"), 17);
    expect(amop.wakeAtMs).toBe(5000);
    nowMs = 4999;
    expect(step({ type: "tick" })).toEqual([]);
    nowMs = 5000;
    const [second] = words(step({ type: "tick" }));
    expect([first, second].sort()).toEqual(["3 gets 0x30 5 0 news/q", "4 gets 0x30 5 0 news/q"]);
    nowMs = 10_000;
    expect(words(step({ type: "tick" }))).toEqual(["answer 1 #17: 0x31 5 104 news/q"]);
    expect(amop.wakeAtMs).toBeUndefined();
    expect(fromClient(3, answerOf(5, "news"))).toEqual([]);
  });

  test("a subscriber that leaves passes it on at once", () => {
    subscribe(3, "news");
    fromPeer(THERE, requestOf(5, "news", "q"), 17);
    expect(words(step({ type: "session-closed", session: 3 }))).toEqual(["answer 1 #17: 0x31 5 104 news/q"]);
  });

  test("two requests with one number are not mixed up", () => {
    subscribe(3, "news");
    fromPeer(THERE, requestOf(5, "news", "first"), 17);
    expect(fromPeer(ELSEWHERE, requestOf(5, "news", "second"), 4)).toEqual(["answer 2 #4: 0x31 5 104 news/second"]);
    expect(words(fromClient(3, answerOf(5, "news")))).toEqual(["answer 1 #17: 0x31 5 0 news/!"]);
  });

  test("spares subscribers that read too slowly", () => {
    subscribe(3, "news");
    subscribe(4, "news");
    step({ type: "session-slow", session: 3, isSlow: true });
    for (let i = 0; i < 20; i++) expect(fromPeer(THERE, requestOf(i, "news"))).toEqual([`4 gets 0x30 ${i} 0 news/?`]);
    step({ type: "session-slow", session: 4, isSlow: true });
    expect(fromPeer(THERE, requestOf(30, "news"))).toEqual(["answer 1 #9: 0x31 30 104 news/?"]);
    step({ type: "session-slow", session: 3, isSlow: false });
    expect(fromPeer(THERE, requestOf(31, "news"))).toEqual(["3 gets 0x30 31 0 news/?"]);
  });

  test("one that left a request unanswered gets others only when nobody else is there, until it answers one", () => {
    subscribe(3, "news");
    fromPeer(THERE, requestOf(1, "news"));
    nowMs = 5000;
    step({ type: "tick" });
    subscribe(4, "news");
    for (let i = 10; i < 30; i++) expect(fromPeer(THERE, requestOf(i, "news"))).toEqual([`4 gets 0x30 ${i} 0 news/?`]);
    subscribe(4);
    expect(fromPeer(THERE, requestOf(40, "news"))).toEqual(["3 gets 0x30 40 0 news/?"]);
    fromClient(3, answerOf(40, "news"));
    subscribe(4, "news");
    const takers = new Set(
      Array.from({ length: 20 }, (_, i) => fromPeer(THERE, requestOf(50 + i, "news"))[0]?.charAt(0)),
    );
    expect(takers).toEqual(new Set(["3", "4"]));
  });

  test("an answer of another client is none", () => {
    subscribe(3, "news");
    fromPeer(THERE, requestOf(5, "news"), 17);
    expect(fromClient(4, answerOf(5, "news", "intruder"))).toEqual([]);
  });

  test("frames that are no AMOP are dropped", () => {
    subscribe(3, "news");
    expect(fromPeer(THERE, frameOf(ChannelType.Rpc, 1, "news", ""))).toEqual([]);
    expect(fromPeer(THERE, requestOf(1, "news"), 9, AmopPacket.Multicast)).toEqual([]);
    expect(fromPeer(THERE, requestOf(1, "news"), 9, 7)).toEqual([]);
    expect(step({ type: "peer-frame", peer: THERE, packetType: 0, seq: 1, body: new Uint8Array(41) })).toEqual([]);
    expect(amop.statistics().dropped).toEqual({ "not-amop": 3, malformed: 1 });
  });
});

describe("a multicast", () => {
  const multicast = frameOf(ChannelType.AmopMulticast, 8, "news", "to all");

  test("B19: its sender gets an answer of the right type with the data, before anything else with that number", () => {
    peerHas(THERE, "news");
    peerHas(ELSEWHERE, "news");
    subscribe(1, "news");
    subscribe(2, "news");
    expect(words(fromClient(1, multicast))).toEqual([
      "tell 1+2: 0x35 8 0 news/to all",
      "1 gets 0x31 8 0 news/to all",
      "1+2 gets 0x35 8 0 news/to all",
    ]);
  });

  test("is a success also when nobody is there", () => {
    expect(words(fromClient(1, multicast))).toEqual(["1 gets 0x31 8 0 news/to all"]);
  });

  test("is refused beyond the bandwidth", () => {
    isBandwidthLeft = false;
    peerHas(THERE, "news");
    expect(words(fromClient(1, multicast))).toEqual(["1 gets 0x31 8 103 nothing"]);
  });

  test("from another node reaches all subscribers but those that read too slowly", () => {
    for (const session of [3, 4, 5]) subscribe(session, "news");
    step({ type: "session-slow", session: 4, isSlow: true });
    expect(fromPeer(THERE, multicast, 9, AmopPacket.Multicast)).toEqual(["3+5 gets 0x35 8 0 news/to all"]);
    expect(amop.statistics().dropped).toEqual({ "subscriber-too-slow": 1 });
  });
});

describe("private topics", () => {
  const topic = privateTopic("secret");
  const challenge = challengeTopic(topic, "ab".repeat(16));

  const verdictOf = (nodeId: NodeId, checkResult: number): ChannelFrame => ({
    type: ChannelType.SubscriberVerified,
    seq: seqOf(1),
    result: 0,
    data: encodeVerifyVerdict({ nodeId, topic, checkResult }),
  });

  function questions(effects: readonly AmopEffect[]): unknown[] {
    return effects.map((effect) => {
      if (effect.type !== "send") throw new Error("only publishers are asked");
      const { sessions, frame } = effect;
      expect(frame.type).toBe(ChannelType.VerifySubscriber);
      expect(frame.seq).toMatch(/^[0-9a-f]{32}$/);
      const request = decodeVerifyRequest(frame.data);
      return request.ok ? { sessions, ...request.value } : request.error;
    });
  }
  const question = (nodeId: NodeId): unknown => ({ sessions: [1], nodeId, topic, topicForCert: challenge });

  test("the publisher is asked about a subscriber at another node, and only its consent opens the way", () => {
    subscribe(1, publisherTopic(topic));
    expect(questions(peerHas(THERE, challenge, topic))).toEqual([question(THERE)]);
    expect(words(fromClient(1, requestOf(5, topic)))).toEqual(["1 gets 0x31 5 100 nothing"]);
    expect(words(fromClient(1, requestOf(6, challenge)))).toEqual([`ask 1: 0x30 6 0 ${challenge}/?`]);
    fromClient(1, verdictOf(THERE, 0));
    expect(words(fromClient(1, requestOf(7, topic)))).toEqual([`ask 1: 0x30 7 0 ${topic}/?`]);
    expect(amop.verifiedTopicsOf(THERE, [challenge, topic])).toEqual([challenge, topic]);
  });

  test("a refusal is final for as long as the node has the topic", () => {
    subscribe(1, publisherTopic(topic));
    peerHas(THERE, challenge, topic);
    fromClient(1, verdictOf(THERE, 1));
    fromClient(1, verdictOf(THERE, 0));
    nowMs = 60_000;
    expect(step({ type: "peer-topics-unchanged", peer: THERE })).toEqual([]);
    expect(words(fromClient(1, requestOf(5, topic)))).toEqual(["1 gets 0x31 5 100 nothing"]);
    peerHas(THERE);
    expect(questions(peerHas(THERE, challenge, topic))).toEqual([question(THERE)]);
  });

  test("consent survives a change of other topics, and ends with the session of the node", () => {
    subscribe(1, publisherTopic(topic));
    peerHas(THERE, challenge, topic);
    fromClient(1, verdictOf(THERE, 0));
    expect(peerHas(THERE, challenge, topic, "more")).toEqual([]);
    expect(words(fromClient(1, requestOf(5, topic)))).toEqual([`ask 1: 0x30 5 0 ${topic}/?`]);
    step({ type: "peers-changed", peers: [] });
    step({ type: "peers-changed", peers: [THERE] });
    expect(questions(peerHas(THERE, challenge, topic))).toEqual([question(THERE)]);
    expect(words(fromClient(1, requestOf(6, topic)))).toEqual(["1 gets 0x31 6 100 nothing"]);
  });

  test("the publisher is asked again at each round, but not more often", () => {
    subscribe(1, publisherTopic(topic));
    expect(peerHas(THERE, challenge, topic)).toHaveLength(1);
    expect(peerHas(THERE, challenge, topic, "x")).toEqual([]);
    nowMs = 5000;
    expect(questions(step({ type: "peer-topics-unchanged", peer: THERE }))).toEqual([question(THERE)]);
  });

  test("a publisher that comes after its subscribers is asked at once", () => {
    peerHas(THERE, challenge, topic);
    expect(questions(subscribe(1, publisherTopic(topic)))).toEqual([question(THERE)]);
  });

  test("nobody is asked without a place for the challenge", () => {
    subscribe(1, publisherTopic(topic));
    expect(peerHas(THERE, topic)).toEqual([]);
  });

  test("only a publisher of the topic may decide", () => {
    subscribe(1, publisherTopic(topic));
    subscribe(2, publisherTopic(privateTopic("other")));
    peerHas(THERE, challenge, topic);
    fromClient(2, verdictOf(THERE, 0));
    fromClient(3, verdictOf(THERE, 0));
    expect(words(fromClient(1, requestOf(5, topic)))).toEqual(["1 gets 0x31 5 100 nothing"]);
    expect(amop.statistics().dropped).toEqual({ "verdict-of-a-stranger": 2 });
  });

  test("a subscriber at the publisher's own node is verified like any other", () => {
    subscribe(1, publisherTopic(topic));
    expect(questions(subscribe(2, challenge, topic))).toEqual([question(HERE)]);
    const multicast = frameOf(ChannelType.AmopMulticast, 8, topic, "x");
    expect(words(fromClient(1, multicast))).toEqual([`1 gets 0x31 8 0 ${topic}/x`]);
    expect(words(fromClient(1, requestOf(5, challenge)))).toEqual([`2 gets 0x30 5 0 ${challenge}/?`]);
    fromClient(1, verdictOf(HERE, 0));
    expect(words(fromClient(1, requestOf(6, topic)))).toEqual([`2 gets 0x30 6 0 ${topic}/?`]);
    expect(words(fromClient(1, multicast))).toHaveLength(2);
  });
});

test("thousands in flight over two nodes, with subscribers that come, go, sleep and answer: one answer each", () => {
  const random = createRandom("storm");
  const answers = new Map<string, number>();
  const asked = new Set<string>();
  const peerQuestions: { token: number; frame: ChannelFrame }[] = [];
  const atClients: { session: number; frame: ChannelFrame }[] = [];
  let expectedFromPeer = 0;
  let answeredToPeer = 0;

  const perform = (effects: readonly AmopEffect[]): void => {
    for (const effect of effects) {
      if (effect.type === "ask-peer") {
        const decoded = decodeChannelFrame(effect.body);
        if (decoded.ok) peerQuestions.push({ token: effect.token, frame: decoded.value });
      } else if (effect.type === "answer-peer") answeredToPeer++;
      else if (effect.type === "send" && effect.frame.type === ChannelType.AmopResponse) {
        answers.set(effect.frame.seq, (answers.get(effect.frame.seq) ?? 0) + 1);
      } else if (effect.type === "send") {
        for (const session of effect.sessions) atClients.push({ session, frame: effect.frame });
      }
    }
  };
  peerHas(THERE, "a", "b");
  peerHas(ELSEWHERE, "b");
  for (const session of [10, 11, 12]) perform(subscribe(session, "b", "c"));
  for (let i = 0; i < 20_000; i++) {
    nowMs += random.below(20);
    const now = { steadyMs: nowMs, wallMs: 0 };
    if ((amop.wakeAtMs ?? Infinity) <= nowMs) perform(amop.step({ type: "tick" }, now));
    const topic = ["a", "b", "c", "d"][random.below(4)] ?? "";
    switch (random.below(8)) {
      case 0:
      case 1:
        asked.add(seqOf(i));
        perform(amop.step({ type: "client-frame", session: 1, frame: requestOf(i, topic) }, now));
        break;
      case 2: {
        expectedFromPeer++;
        const body = encodeChannelFrame(requestOf(i, topic));
        perform(amop.step({ type: "peer-frame", peer: THERE, packetType: AmopPacket.Request, seq: i, body }, now));
        break;
      }
      case 3: {
        const session = 10 + random.below(3);
        const input: AmopInput = random.chance(0.5)
          ? { type: "session-closed", session }
          : { type: "topics-set", session, topics: new Set(random.chance(0.7) ? ["b", "c"] : []) };
        perform(amop.step(input, now));
        break;
      }
      case 4: {
        const [question] = peerQuestions.splice(random.below(Math.max(1, peerQuestions.length)), 1);
        if (question === undefined) break;
        const answer = { ...question.frame, type: ChannelType.AmopResponse };
        const body = random.chance(0.7) ? encodeChannelFrame(answer) : undefined;
        perform(amop.step({ type: "peer-answered", token: question.token, body }, now));
        break;
      }
      default: {
        const [delivery] = atClients.splice(random.below(Math.max(1, atClients.length)), 1);
        if (delivery === undefined || random.chance(0.2)) break;
        const frame = { ...delivery.frame, type: ChannelType.AmopResponse };
        perform(amop.step({ type: "client-frame", session: delivery.session, frame }, now));
      }
    }
  }
  while (peerQuestions.length > 0 || amop.wakeAtMs !== undefined) {
    nowMs += 5000;
    perform(step({ type: "tick" }));
    const question = peerQuestions.pop();
    if (question !== undefined) perform(step({ type: "peer-answered", token: question.token, body: undefined }));
  }
  expect(answers.size).toBe(asked.size);
  expect([...answers.values()].every((count) => count === 1)).toBe(true);
  expect(answeredToPeer).toBe(expectedFromPeer);
  expect(amop.statistics()).toMatchObject({ requestsPending: 0, deliveriesPending: 0 });
});
