/** AMOP in the process: its machine, with a clock, a timer, clients' sessions and the network around it. */
import { Amop, type AmopEffect, type AmopInput, type AmopStatistics } from "@tsbcos/core/amop";
import { createRandom, unreachable, type Instant, type NodeId, type Tracer } from "@tsbcos/core/primitives";
import {
  AmopPacket,
  CHANNEL_HEADER_BYTES,
  encodeChannelFrame,
  type ChannelFrame,
  type P2pFrame,
} from "@tsbcos/core/protocol";
import { AmopTrafficCounters, count, kindOf, type AmopTraffic } from "./amop-traffic.js";

/** How messages reach other nodes. */
export interface AmopNetwork {
  /** Sends a request and gives the body of its answer; undefined when none comes in time. */
  ask(peer: NodeId, packetType: number, body: Uint8Array, timeoutMs: number): Promise<Uint8Array | undefined>;
  /** Answers the request with that number. */
  answer(peer: NodeId, packetType: number, seq: number, body: Uint8Array): void;
  send(peers: readonly NodeId[], packetType: number, body: Uint8Array): void;
  /** False when a body of that size is more than the peer can be sent now. */
  hasRoom(peer: NodeId, bytes: number): boolean;
}

/** Counters since the start, and what waits at this moment. */
export interface AmopServiceStatistics extends AmopStatistics {
  readonly traffic: readonly AmopTraffic[];
}

/** What the service is set up with. */
export interface AmopServiceOptions {
  readonly nodeId: NodeId;
  readonly network: AmopNetwork;
  /** Asks the limit of outgoing bandwidth. */
  mayForward(bytes: number): boolean;
  /** Seed of random choices among nodes and clients. */
  readonly seed: string;
  readonly trace: Tracer;
}

/** Frames for one client. */
export interface AmopClient {
  /** Queues the bytes of a frame. */
  deliver(frame: Uint8Array): void;
}

/** AMOP of one node. */
export class AmopService {
  readonly #machine: Amop;
  readonly #network: AmopNetwork;
  readonly #clients = new Map<number, AmopClient>();
  readonly #traffic = new AmopTrafficCounters();
  #timer: NodeJS.Timeout | undefined;
  #timerMs: number | undefined;
  #isClosed = false;

  constructor({ network, seed, ...environment }: AmopServiceOptions) {
    this.#network = network;
    this.#machine = new Amop({
      ...environment,
      random: createRandom(seed),
      hasRoom: (peer, bytes) => network.hasRoom(peer, bytes),
    });
  }

  /** Topics that other nodes are told, and the number that changes with them. */
  localTopics(): { readonly seq: number; readonly topics: readonly string[] } {
    return this.#machine.localTopics();
  }

  /** Those of a peer's topics under which it may be sent messages. */
  verifiedTopicsOf(peer: NodeId, topics: readonly string[]): readonly string[] {
    return this.#machine.verifiedTopicsOf(peer, topics);
  }

  /** Clients that subscribe to a topic. */
  clientsOf(topic: string): ReadonlySet<number> {
    return this.#machine.sessionsOf(topic);
  }

  /** Counters for metrics. */
  statistics(): AmopServiceStatistics {
    return { ...this.#machine.statistics(), traffic: this.#traffic.snapshot() };
  }

  /** A client is there. */
  attach(session: number, client: AmopClient): void {
    this.#clients.set(session, client);
  }

  /** A client is gone. */
  detach(session: number): void {
    this.#clients.delete(session);
    this.#post({ type: "session-closed", session });
  }

  /** A client named its topics. */
  setTopics(session: number, topics: ReadonlySet<string>): void {
    this.#post({ type: "topics-set", session, topics });
  }

  /** A client reads too slowly, or fast enough again. */
  setSlow(session: number, isSlow: boolean): void {
    this.#post({ type: "session-slow", session, isSlow });
  }

  /** A frame of AMOP from a client. */
  fromClient(session: number, frame: ChannelFrame): void {
    count(this.#traffic.received.client[kindOf(frame.type)], CHANNEL_HEADER_BYTES + frame.data.length);
    this.#post({ type: "client-frame", session, frame });
  }

  /** A frame of the AMOP module from a peer. */
  fromPeer(peer: NodeId, { isResponse, packetType, seq, body }: P2pFrame): void {
    // An answer that nobody waits for any more.
    if (isResponse) return;
    const kind = packetType === AmopPacket.Multicast ? "multicast" : "request";
    count(this.#traffic.received.node[kind], body.length);
    this.#post({ type: "peer-frame", peer, packetType, seq, body });
  }

  /** A peer told its topics. */
  peerTopics(peer: NodeId, topics: readonly string[]): void {
    this.#post({ type: "peer-topics", peer, topics });
  }

  /** A peer repeated that its topics are the same. */
  peerTopicsUnchanged(peer: NodeId): void {
    this.#post({ type: "peer-topics-unchanged", peer });
  }

  /** The sessions with other nodes changed. */
  peersChanged(peers: readonly NodeId[]): void {
    this.#post({ type: "peers-changed", peers });
  }

  /** Stops. Clients get no more answers. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #post(input: AmopInput): void {
    if (this.#isClosed) return;
    for (const effect of this.#machine.step(input, now())) this.#perform(effect);
    this.#wake();
  }

  #perform(effect: AmopEffect): void {
    switch (effect.type) {
      case "send": {
        const frame = encodeChannelFrame(effect.frame);
        count(this.#traffic.sent.client[kindOf(effect.frame.type)], frame.length, effect.sessions.length);
        for (const session of effect.sessions) this.#clients.get(session)?.deliver(frame);
        return;
      }
      case "ask-peer": {
        const { token, peer, body, timeoutMs } = effect;
        count(this.#traffic.sent.node.request, body.length);
        void this.#network.ask(peer, AmopPacket.Request, body, timeoutMs).then((answer) => {
          if (answer !== undefined) count(this.#traffic.received.node.answer, answer.length);
          this.#post({ type: "peer-answered", token, body: answer });
        });
        return;
      }
      case "answer-peer":
        count(this.#traffic.sent.node.answer, effect.body.length);
        this.#network.answer(effect.peer, AmopPacket.Request, effect.seq, effect.body);
        return;
      case "send-peers":
        count(this.#traffic.sent.node.multicast, effect.body.length, effect.peers.length);
        this.#network.send(effect.peers, AmopPacket.Multicast, effect.body);
        return;
      default:
        unreachable(effect);
    }
  }

  /** One timer, set anew only when it would come too late: most deadlines pass unneeded. */
  #wake(): void {
    const wakeAtMs = this.#machine.wakeAtMs;
    if (wakeAtMs === undefined || (this.#timerMs !== undefined && this.#timerMs <= wakeAtMs)) return;
    clearTimeout(this.#timer);
    this.#timerMs = wakeAtMs;
    this.#timer = setTimeout(
      () => {
        this.#timerMs = undefined;
        this.#post({ type: "tick" });
      },
      Math.max(1, Math.ceil(wakeAtMs - performance.now())),
    );
  }
}

function now(): Instant {
  return { steadyMs: performance.now(), wallMs: Date.now() };
}
