/** Messages between clients of a chain: subscriptions, routing, answers, private topics. See docs/protocol/amop.md. */
import {
  AMOP_REQUESTS_MAX,
  AMOP_REQUESTS_PER_SESSION_MAX,
  AMOP_TOPICS_COUNTED_MAX,
  AMOP_WAITING_BYTES_MAX,
  EMPTY_BYTES,
  assert,
  bytesToHex,
  unreachable,
} from "../primitives/index.js";
import type { ByteString, Instant, Machine, NodeId } from "../primitives/index.js";
import {
  AmopPacket,
  AmopResult,
  CHANNEL_HEADER_BYTES,
  ChannelType,
  decodeChannelFrame,
  decodeTopicData,
  decodeVerifyVerdict,
  encodeChannelFrame,
  encodeVerifyRequest,
  isPrivateTopic,
  publisherTopic,
} from "../protocol/index.js";
import type { ChannelFrame } from "../protocol/index.js";
import { Deliveries } from "./deliveries.js";
import type { Delivery } from "./deliveries.js";
import type { AmopEffect, AmopEnvironment, AmopInput, AmopStatistics, SessionId } from "./messages.js";
import { PeerTopics } from "./peer-topics.js";
import { Subscriptions } from "./subscriptions.js";

/** How long a client has to answer a request before the next subscriber gets it. */
const CLIENT_TIMEOUT_MS = 5_000;
/** How long another node has, which may try several of its clients. */
const PEER_TIMEOUT_MS = 30_000;
/** Messages to other nodes are compressed; the limit of bandwidth counts them as a quarter of their size. */
const COMPRESSION_RATIO = 4;
/** A publisher is asked about the same subscriber at most this often. Lists of topics are repeated every 5 seconds. */
const VERIFY_INTERVAL_MS = 4_000;

/** Results counted by themselves: those of nodes, and what SDKs say for a receiver that failed or was too late. */
const COUNTED_RESULTS: ReadonlySet<number> = new Set([...Object.values(AmopResult), 99, 102]);

/** A request of a client of this node, on its way to one node after the other. */
interface Request {
  readonly session: SessionId;
  readonly frame: ChannelFrame;
  readonly topic: string;
  readonly body: Uint8Array;
  /** Nodes not tried yet; the last one is tried first. Our own node is the first, so it comes last. */
  readonly candidates: NodeId[];
  /** A node was passed over because it had no room. */
  wasRefused: boolean;
}

/**
 * AMOP of one node.
 *
 * A message is never read beyond its topic. Whatever waits has a time-out, so that each request of a client ends in
 * exactly one answer: that of a subscriber, or an error.
 */
export class Amop implements Machine<AmopInput, AmopEffect> {
  readonly #environment: AmopEnvironment;
  readonly #subscriptions = new Subscriptions();
  readonly #peers = new PeerTopics();
  readonly #deliveries = new Deliveries();
  readonly #requests = new Map<number, Request>();
  readonly #requestsOf = new Map<SessionId, Set<number>>();
  /** Clients that read too slowly. */
  readonly #slow = new Set<SessionId>();
  /** Clients that left a request unanswered, and have answered none since. */
  readonly #silent = new Set<SessionId>();
  readonly #answered = new Map<string, number>();
  readonly #dropped = new Map<string, number>();
  #requestBytes = 0;
  #unansweredByClients = 0;
  #unansweredByNodes = 0;
  #lastToken = 0;
  #now: Instant = { steadyMs: 0, wallMs: 0 };
  #effects: AmopEffect[] = [];

  constructor(environment: AmopEnvironment) {
    this.#environment = environment;
  }

  get wakeAtMs(): number | undefined {
    return this.#deliveries.earliestDeadlineMs;
  }

  /** The topics that other nodes are told, and the number that changes with them. */
  localTopics(): { readonly seq: number; readonly topics: readonly string[] } {
    return { seq: this.#subscriptions.seq, topics: this.#subscriptions.announced() };
  }

  /** Those of a peer's topics under which it may be sent messages. */
  verifiedTopicsOf(peer: NodeId, topics: readonly string[]): readonly string[] {
    return topics.filter((topic) => this.#peers.isVerified(peer, topic));
  }

  /** Clients of this node that subscribe to the topic. */
  sessionsOf(topic: string): ReadonlySet<SessionId> {
    return this.#subscriptions.sessionsOf(topic);
  }

  /** Counters for metrics. */
  statistics(): AmopStatistics {
    return {
      requestsPending: this.#requests.size,
      requestBytes: this.#requestBytes,
      deliveriesPending: this.#deliveries.count,
      deliveryBytes: this.#deliveries.bytes,
      topics: this.#subscriptions.size,
      topicSubscribers: this.#subscriptions.largest(AMOP_TOPICS_COUNTED_MAX),
      unansweredByClients: this.#unansweredByClients,
      unansweredByNodes: this.#unansweredByNodes,
      answered: Object.fromEntries(this.#answered),
      dropped: Object.fromEntries(this.#dropped),
    };
  }

  /**
   * Asserts what must hold between steps.
   *
   * @throws InvariantError when something is broken
   */
  invariants(): void {
    assert(this.#effects.length === 0, "nothing is left over between steps");
    let counted = 0;
    for (const tokens of this.#requestsOf.values()) counted += tokens.size;
    assert(counted === this.#requests.size, "every request belongs to one session");
    assert(this.#requests.size > 0 || this.#requestBytes === 0, "bytes are held by requests");
    assert(this.#deliveries.count > 0 || this.#deliveries.bytes === 0, "bytes are held by deliveries");
  }

  step(input: AmopInput, now: Instant): readonly AmopEffect[] {
    this.#now = now;
    this.#dispatch(input);
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #dispatch(input: AmopInput): void {
    switch (input.type) {
      case "topics-set":
        return this.#setTopics(input.session, input.topics);
      case "session-slow":
        if (input.isSlow) this.#slow.add(input.session);
        else this.#slow.delete(input.session);
        return;
      case "session-closed":
        return this.#closeSession(input.session);
      case "client-frame":
        return this.#fromClient(input.session, input.frame);
      case "peer-topics":
        this.#peers.set(input.peer, input.topics);
        return this.#askForVerdicts(input.peer);
      case "peer-topics-unchanged":
        return this.#askForVerdicts(input.peer);
      case "peers-changed":
        return this.#peers.keepOnly(new Set([...input.peers, this.#environment.nodeId]));
      case "peer-frame":
        return this.#fromPeer(input);
      case "peer-answered":
        return this.#peerAnswered(input.token, input.body);
      case "tick":
        return this.#tick();
      default:
        return unreachable(input);
    }
  }

  #setTopics(session: SessionId, topics: ReadonlySet<string>): void {
    const { seq } = this.#subscriptions;
    if (!this.#subscriptions.set(session, topics)) return this.#drop("too-many-topics");
    if (this.#subscriptions.seq === seq) return;
    this.#peers.set(this.#environment.nodeId, this.#subscriptions.announced());
    // A new publisher need not wait for the next round to hear of the subscribers of its topic.
    for (const nodeId of [...this.#peers.nodes()]) this.#askForVerdicts(nodeId);
  }

  #closeSession(session: SessionId): void {
    this.#setTopics(session, new Set());
    this.#slow.delete(session);
    this.#silent.delete(session);
    for (const token of [...(this.#requestsOf.get(session) ?? [])]) this.#endRequest(token);
    for (const delivery of this.#deliveries.takeAllOf(session)) this.#deliver(delivery);
  }

  #fromClient(session: SessionId, frame: ChannelFrame): void {
    switch (frame.type) {
      case ChannelType.AmopRequest:
        return this.#request(session, frame);
      case ChannelType.AmopMulticast:
        return this.#multicast(session, frame);
      case ChannelType.AmopResponse: {
        const delivery = this.#deliveries.take(session, frame.seq);
        // Too late, or the acknowledgement of a publisher that was asked for a verdict.
        if (delivery === undefined) return this.#drop("answer-to-nothing");
        this.#silent.delete(session);
        return this.#finish(delivery, frame);
      }
      case ChannelType.SubscriberVerified:
        return this.#takeVerdict(session, frame.data);
      default:
        return this.#drop("not-amop");
    }
  }

  #request(session: SessionId, frame: ChannelFrame): void {
    const data = decodeTopicData(frame.data);
    if (!data.ok) return this.#drop("malformed");
    const bytes = frameBytes(frame);
    if (!this.#hasRoom(session, bytes)) return this.#answerClient(session, frame, AmopResult.Refused);
    if (!this.#environment.mayForward(bytes / COMPRESSION_RATIO)) {
      return this.#answerClient(session, frame, AmopResult.Refused);
    }
    const candidates = this.#candidatesFor(data.value.topic);
    if (candidates.length === 0) return this.#answerClient(session, frame, AmopResult.NoPeer);
    const token = ++this.#lastToken;
    // The body is a copy: what arrived is a view of a buffer that is larger.
    const body = encodeChannelFrame(frame);
    const kept = { ...frame, data: body.subarray(CHANNEL_HEADER_BYTES) };
    const { topic } = data.value;
    this.#requests.set(token, { session, frame: kept, topic, body, candidates, wasRefused: false });
    this.#requestBytes += bytes;
    const tokens = this.#requestsOf.get(session);
    if (tokens === undefined) this.#requestsOf.set(session, new Set([token]));
    else tokens.add(token);
    this.#tryNextNode(token);
  }

  #hasRoom(session: SessionId, bytes: number): boolean {
    if (this.#requests.size >= AMOP_REQUESTS_MAX) return false;
    if ((this.#requestsOf.get(session)?.size ?? 0) >= AMOP_REQUESTS_PER_SESSION_MAX) return false;
    return this.#requestBytes + bytes <= AMOP_WAITING_BYTES_MAX;
  }

  #candidatesFor(topic: string): NodeId[] {
    const own = this.#environment.nodeId;
    const holders = this.#peers.holdersOf(topic);
    const others = [...holders].filter((nodeId) => nodeId !== own);
    const shuffled = others.length > 1 ? this.#environment.random.shuffled(others) : others;
    return this.#mayDeliverHere(topic) ? [own, ...shuffled] : shuffled;
  }

  /** True when the topic has subscribers at this node that may have messages from its own clients. */
  #mayDeliverHere(topic: string): boolean {
    if (this.#subscriptions.sessionsOf(topic).size === 0) return false;
    return !isPrivateTopic(topic) || this.#peers.isVerified(this.#environment.nodeId, topic);
  }

  #tryNextNode(token: number): void {
    const request = this.#requests.get(token);
    if (request === undefined) return;
    const peer = this.#nextNodeWithRoom(request);
    if (peer === undefined) {
      this.#endRequest(token);
      const result = request.wasRefused ? AmopResult.Refused : AmopResult.NoPeer;
      return this.#answerClient(request.session, request.frame, result);
    }
    if (peer !== this.#environment.nodeId) {
      this.#effects.push({ type: "ask-peer", token, peer, body: request.body, timeoutMs: PEER_TIMEOUT_MS });
      return;
    }
    const { topic, frame } = request;
    this.#deliver({ requester: { type: "client", token }, topic, frame, tried: new Set() });
  }

  /** Our own node has always room. */
  #nextNodeWithRoom(request: Request): NodeId | undefined {
    for (;;) {
      const peer = request.candidates.pop();
      if (peer === undefined || peer === this.#environment.nodeId) return peer;
      if (this.#environment.hasRoom(peer, request.body.length)) return peer;
      request.wasRefused = true;
    }
  }

  #endRequest(token: number): Request | undefined {
    const request = this.#requests.get(token);
    if (request === undefined) return undefined;
    this.#requests.delete(token);
    this.#requestBytes -= frameBytes(request.frame);
    const tokens = this.#requestsOf.get(request.session);
    tokens?.delete(token);
    if (tokens?.size === 0) this.#requestsOf.delete(request.session);
    return request;
  }

  #peerAnswered(token: number, body: Uint8Array | undefined): void {
    const answer = body === undefined ? undefined : decodeChannelFrame(body);
    if (answer?.ok !== true) {
      this.#unansweredByNodes++;
      return this.#tryNextNode(token);
    }
    const request = this.#endRequest(token);
    if (request !== undefined)
      this.#answerClient(request.session, request.frame, answer.value.result, answer.value.data);
  }

  /** An answer with the number of its request, whatever number and type the other side put on it. */
  #answerClient(session: SessionId, { seq }: ChannelFrame, result: number, data: Uint8Array = EMPTY_BYTES): void {
    const counted = COUNTED_RESULTS.has(result) ? String(result) : "other";
    this.#answered.set(counted, (this.#answered.get(counted) ?? 0) + 1);
    this.#send([session], { type: ChannelType.AmopResponse, seq, result, data });
  }

  #send(sessions: readonly SessionId[], frame: ChannelFrame): void {
    this.#effects.push({ type: "send", sessions, frame });
  }

  /** Gives the request to a subscriber of this node that did not have it yet; when there is none, answers for them. */
  #deliver(delivery: Delivery): void {
    const { frame, topic, tried } = delivery;
    const able = [...this.#subscriptions.sessionsOf(topic)].filter(
      (session) => !tried.has(session) && !this.#slow.has(session) && this.#deliveries.canTake(session, frame.seq),
    );
    const lively = able.filter((session) => !this.#silent.has(session));
    const session = this.#anyOf(lively.length > 0 ? lively : able);
    if (session === undefined || this.#deliveries.bytes + frame.data.length > AMOP_WAITING_BYTES_MAX) {
      return this.#finish(delivery, { ...frame, type: ChannelType.AmopResponse, result: AmopResult.NoSubscriber });
    }
    tried.add(session);
    this.#deliveries.add(delivery, session, this.#now.steadyMs + CLIENT_TIMEOUT_MS);
    this.#send([session], frame);
  }

  #anyOf(sessions: readonly SessionId[]): SessionId | undefined {
    return sessions.length > 1 ? sessions[this.#environment.random.below(sessions.length)] : sessions[0];
  }

  #finish({ requester }: Delivery, answer: ChannelFrame): void {
    if (requester.type === "client") {
      const request = this.#endRequest(requester.token);
      if (request !== undefined) this.#answerClient(request.session, request.frame, answer.result, answer.data);
      return;
    }
    const { peer, seq } = requester;
    const whole = encodeChannelFrame({ ...answer, type: ChannelType.AmopResponse });
    // Who asked is told at once: it would wait for its time-out otherwise.
    const body = this.#environment.hasRoom(peer, whole.length) ? whole : encodeChannelFrame(refusalOf(answer));
    this.#effects.push({ type: "answer-peer", peer, seq, body });
  }

  #multicast(session: SessionId, frame: ChannelFrame): void {
    const data = decodeTopicData(frame.data);
    if (!data.ok) return this.#drop("malformed");
    const { topic } = data.value;
    const peers = this.#receiversOf(topic, frameBytes(frame));
    if (!this.#environment.mayForward((frameBytes(frame) * peers.length) / COMPRESSION_RATIO)) {
      return this.#answerClient(session, frame, AmopResult.Refused);
    }
    if (peers.length > 0) this.#effects.push({ type: "send-peers", peers, body: encodeChannelFrame(frame) });
    // Before anything else with this number: the sender may be a subscriber itself.
    this.#answerClient(session, frame, AmopResult.Success, frame.data);
    if (this.#mayDeliverHere(topic)) this.#sendToAll(topic, frame);
  }

  /** Other nodes that get a multicast. */
  #receiversOf(topic: string, bytes: number): NodeId[] {
    return [...this.#peers.holdersOf(topic)].filter((nodeId) => {
      if (nodeId === this.#environment.nodeId) return false;
      const hasRoom = this.#environment.hasRoom(nodeId, bytes);
      if (!hasRoom) this.#drop("node-too-slow");
      return hasRoom;
    });
  }

  #sendToAll(topic: string, frame: ChannelFrame): void {
    const sessions = [...this.#subscriptions.sessionsOf(topic)];
    const able = sessions.filter((session) => !this.#slow.has(session));
    for (let spared = sessions.length - able.length; spared > 0; spared--) this.#drop("subscriber-too-slow");
    if (able.length > 0) this.#send(able, frame);
  }

  #fromPeer({ peer, packetType, seq, body }: Extract<AmopInput, { type: "peer-frame" }>): void {
    const frame = decodeChannelFrame(body);
    const data = frame.ok ? decodeTopicData(frame.value.data) : frame;
    if (!frame.ok || !data.ok) return this.#drop("malformed");
    const { topic } = data.value;
    if (packetType === AmopPacket.Request && frame.value.type === ChannelType.AmopRequest) {
      // A copy: what waits must not hold the larger buffer that it came in.
      const kept = { ...frame.value, data: frame.value.data.slice() };
      return this.#deliver({ requester: { type: "peer", peer, seq }, topic, frame: kept, tried: new Set() });
    }
    if (packetType === AmopPacket.Multicast && frame.value.type === ChannelType.AmopMulticast) {
      return this.#sendToAll(topic, frame.value);
    }
    return this.#drop("not-amop");
  }

  /** Asks publishers of this node about the subscribers of their private topics at `nodeId`. */
  #askForVerdicts(nodeId: NodeId): void {
    const undecided = this.#peers.undecided(nodeId, {
      wanted: (topic) => this.#subscriptions.sessionsOf(publisherTopic(topic)).size > 0,
      nowMs: this.#now.steadyMs,
      intervalMs: VERIFY_INTERVAL_MS,
    });
    for (const { topic, topicForCert } of undecided) {
      const publisher = this.#anyOf([...this.#subscriptions.sessionsOf(publisherTopic(topic))]) as SessionId;
      const seq = bytesToHex(this.#environment.random.bytes(16)) as string as ByteString;
      const data = encodeVerifyRequest({ nodeId, topic, topicForCert });
      this.#send([publisher], { type: ChannelType.VerifySubscriber, seq, result: 0, data });
    }
  }

  #takeVerdict(session: SessionId, data: Uint8Array): void {
    const verdict = decodeVerifyVerdict(data);
    if (!verdict.ok) return this.#drop("malformed");
    const { nodeId, topic, checkResult } = verdict.value;
    // Only whoever publishes the topic is asked, and may say who is to have it.
    if (!this.#subscriptions.has(session, publisherTopic(topic))) return this.#drop("verdict-of-a-stranger");
    if (!this.#peers.decide(nodeId, topic, checkResult === 0)) return this.#drop("verdict-not-wanted");
    const event = checkResult === 0 ? "subscriber-verified" : "subscriber-refused";
    this.#environment.trace({ room: "AMOP", level: "info", event, fields: { nodeId, topic } });
  }

  #tick(): void {
    for (;;) {
      const overdue = this.#deliveries.takeOverdue(this.#now.steadyMs);
      if (overdue === undefined) return;
      this.#unansweredByClients++;
      this.#silent.add(overdue.session);
      this.#deliver(overdue.delivery);
    }
  }

  #drop(reason: string): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
  }
}

function refusalOf({ seq }: ChannelFrame): ChannelFrame {
  return { type: ChannelType.AmopResponse, seq, result: AmopResult.Refused, data: EMPTY_BYTES };
}

function frameBytes(frame: ChannelFrame): number {
  return CHANNEL_HEADER_BYTES + frame.data.length;
}
