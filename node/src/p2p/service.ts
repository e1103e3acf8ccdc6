/** The P2P layer of a node: who is connected, and what is sent to whom. */
import { ModuleId, P2P_COMPRESSED, P2P_HEADER_BYTES, encodeP2pFrame } from "@tsbcos/core/protocol";
import type { P2pFrame } from "@tsbcos/core/protocol";
import {
  CodedError,
  P2P_COMPRESS_ABOVE_BYTES,
  P2P_FRAME_BYTES_MAX,
  P2P_SEND_QUEUE_BYTES_MAX,
  P2P_SESSIONS_MAX,
  err,
} from "@tsbcos/core/primitives";
import type { NodeId, Result, TraceEvent } from "@tsbcos/core/primitives";
import { compressBody } from "./compression.js";
import { P2pCounters } from "./counters.js";
import { Dialer } from "./dialer.js";
import type {
  OutgoingMessage,
  P2pLimits,
  P2pService,
  P2pServiceOptions,
  P2pStatistics,
  PeerInfo,
  RequestFailure,
  TopicHooks,
} from "./interface.js";
import { Session } from "./session.js";
import { TopicExchange } from "./topics.js";
import type { Endpoint } from "../net/index.js";
import type { SecureConnection, SecureListener } from "./transport.js";

const LIMITS: P2pLimits = {
  redialIntervalMs: 10_000,
  dialTimeoutMs: 50_000,
  heartbeatIntervalMs: 5000,
  idleTimeoutMs: 60_000,
  topicRequestTimeoutMs: 5000,
  sendQueueBytesMax: P2P_SEND_QUEUE_BYTES_MAX,
  sessionsMax: P2P_SESSIONS_MAX,
};

/** How long the other side of an unwanted connection may take to close it. */
const LEAVE_MS = 1000;

const NO_TOPICS: TopicHooks = {
  local: () => ({ seq: 0, topics: [] }),
  learned: () => undefined,
  unchanged: () => undefined,
};

/**
 * Starts to listen and to dial.
 *
 * @throws CodedError `p2p-cannot-listen`
 */
export async function createP2pService(options: P2pServiceOptions): Promise<P2pService> {
  const service = new Service(options);
  await service.start();
  return service;
}

interface Peer {
  readonly session: Session;
  readonly exchange: TopicExchange;
  readonly heartbeat: NodeJS.Timeout;
}

class Service implements P2pService {
  readonly #options: P2pServiceOptions;
  readonly #limits: P2pLimits;
  readonly #counters = new P2pCounters();
  readonly #peers = new Map<NodeId, Peer>();
  readonly #blacklist: ReadonlySet<NodeId>;
  readonly #dialer: Dialer;
  readonly #stopDialling = new AbortController();
  #whitelist: ReadonlySet<NodeId>;
  #listener: SecureListener | undefined;
  #ticks: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** The first number given out is 2, as in the C++ node. */
  #lastSeq = 1;

  constructor(options: P2pServiceOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#blacklist = new Set(options.blacklist);
    this.#whitelist = new Set(options.whitelist);
    const host = {
      ownId: options.nodeId,
      hasSession: (nodeId: NodeId) => this.isConnected(nodeId),
      dial: (to: Endpoint) => {
        const { dialTimeoutMs: timeoutMs } = this.#limits;
        return options.transport.dial(to, { timeoutMs, signal: this.#stopDialling.signal });
      },
      connected: (connection: SecureConnection) => {
        this.#connected(connection);
      },
      failed: (to: Endpoint, error: unknown) => {
        this.#dialFailed(to, error);
      },
    };
    this.#dialer = new Dialer(host, options.staticPeers);
  }

  async start(): Promise<void> {
    const { transport, listen } = this.#options;
    this.#listener = await transport.listen(listen, {
      connected: (connection) => {
        this.#connected(connection);
      },
      refused: (reason, remote, message) => {
        this.#refused(reason, remote, message === undefined ? {} : { message });
      },
    });
    this.#dialer.tick();
    this.#ticks = setInterval(() => {
      this.#options.onTick?.(this.#peers.size);
      this.#dialer.tick();
    }, this.#limits.redialIntervalMs);
  }

  get listening(): Endpoint {
    return this.#listener?.address ?? this.#options.listen;
  }

  send(to: readonly NodeId[], message: OutgoingMessage): number {
    const seq = message.seq === 0 ? this.#nextSeq() : message.seq;
    const sessions = to.flatMap((nodeId) => this.#peers.get(nodeId)?.session ?? []);
    if (sessions.length > 0) this.#transmit(sessions, { ...message, seq });
    return seq;
  }

  request(to: NodeId, message: OutgoingMessage, timeoutMs: number): Promise<Result<P2pFrame, RequestFailure>> {
    const session = this.#peers.get(to)?.session;
    if (session === undefined) return Promise.resolve(err({ code: "peer-not-connected" }));
    return this.#request(session, message, timeoutMs);
  }

  hasRoom(to: NodeId, bodyBytes: number): boolean {
    const frameBytes = P2P_HEADER_BYTES + bodyBytes;
    // Who is not connected is not waited for: sending fails by itself.
    return frameBytes <= P2P_FRAME_BYTES_MAX && this.#peers.get(to)?.session.hasRoom(frameBytes) !== false;
  }

  peers(): readonly PeerInfo[] {
    return this.#peerIds().map((nodeId) => {
      const { session, exchange } = this.#peers.get(nodeId) as Peer;
      return { ...session.identity, remote: session.remote, topics: exchange.topics };
    });
  }

  isConnected(nodeId: NodeId): boolean {
    return this.#peers.has(nodeId);
  }

  staticPeers(): readonly Endpoint[] {
    return this.#dialer.endpoints;
  }

  setStaticPeers(peers: readonly Endpoint[]): void {
    this.#dialer.replace(peers);
  }

  setWhitelist(nodeIds: Iterable<NodeId>): void {
    this.#whitelist = new Set(nodeIds);
    for (const { session } of [...this.#peers.values()]) {
      if (!this.#isWelcome(session.nodeId)) session.close("not-in-whitelist");
    }
  }

  statistics(): P2pStatistics {
    return this.#counters.snapshot(this.#peers.size);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#ticks);
    this.#dialer.close();
    this.#stopDialling.abort();
    for (const { session } of [...this.#peers.values()]) session.close("shutdown");
    await this.#listener?.close();
  }

  /** Makes a session of a complete connection, or closes it. */
  #connected(connection: SecureConnection): void {
    const refusal = this.#refusalOf(connection.identity.nodeId);
    if (refusal !== undefined) {
      leave(connection);
      this.#refused(refusal, connection.remote, { nodeId: connection.identity.nodeId });
      return;
    }
    const session = new Session(connection, {
      limits: this.#limits,
      counters: this.#counters,
      events: {
        received: (from, frame) => {
          this.#received(from, frame);
        },
        closed: (ended, reason) => {
          this.#sessionClosed(ended, reason);
        },
      },
    });
    const exchange = this.#createExchange(session);
    const heartbeat = setInterval(() => {
      session.checkIdle();
      if (session.isOpen) exchange.announce();
    }, this.#limits.heartbeatIntervalMs);
    this.#peers.set(session.nodeId, { session, exchange, heartbeat });
    this.#trace("info", "session-opened", describe(session));
    session.start();
    exchange.announce();
    if (session.isOpen) this.#options.onPeersChanged(this.#peerIds());
  }

  #refusalOf(nodeId: NodeId): string | undefined {
    if (this.#isClosed) return "shutdown";
    if (nodeId === this.#options.nodeId) return "own-node";
    if (!this.#isWelcome(nodeId)) return this.#blacklist.has(nodeId) ? "in-blacklist" : "not-in-whitelist";
    // Of two sessions with one node the older stays: both sides do this, without telling each other.
    if (this.#peers.has(nodeId)) return "duplicate-session";
    return this.#peers.size >= this.#limits.sessionsMax ? "too-many-sessions" : undefined;
  }

  #isWelcome(nodeId: NodeId): boolean {
    return !this.#blacklist.has(nodeId) && (this.#whitelist.size === 0 || this.#whitelist.has(nodeId));
  }

  #createExchange(session: Session): TopicExchange {
    return new TopicExchange(session, {
      hooks: this.#options.topics ?? NO_TOPICS,
      requestTimeoutMs: this.#limits.topicRequestTimeoutMs,
      send: (to, message) => {
        this.#transmit([to], message);
      },
      request: (to, message, timeoutMs) => this.#request(to, message, timeoutMs),
    });
  }

  #request(session: Session, message: OutgoingMessage, timeoutMs: number): ReturnType<Session["expectAnswer"]> {
    const seq = message.seq === 0 ? this.#nextSeq() : message.seq;
    const answer = session.expectAnswer(seq, timeoutMs);
    this.#transmit([session], { ...message, seq });
    return answer;
  }

  /** One encoding, however many receive it. */
  #transmit(sessions: readonly Session[], message: OutgoingMessage): void {
    const isLong = this.#options.compress && message.body.length > P2P_COMPRESS_ABOVE_BYTES;
    const compressed = isLong ? compressBody(message.body) : message.body;
    // What is random grows, and the largest body would not fit into a frame any more.
    const isCompressed = compressed.length < message.body.length;
    const body = isCompressed ? compressed : message.body;
    const frame = encodeP2pFrame({ ...message, body, version: isCompressed ? P2P_COMPRESSED : 0 });
    for (const session of sessions) {
      session.send(frame);
      this.#counters.sent(message, frame.length);
      this.#options.onSent?.(message, frame.length);
    }
  }

  #received(session: Session, frame: P2pFrame): void {
    const peer = this.#peers.get(session.nodeId);
    if (peer === undefined) return;
    if (frame.groupId === 0 && frame.moduleId === ModuleId.Topic) peer.exchange.handle(frame);
    else this.#options.onFrame(session.nodeId, frame);
  }

  #sessionClosed(session: Session, reason: string): void {
    const peer = this.#peers.get(session.nodeId);
    if (peer?.session !== session) return;
    clearInterval(peer.heartbeat);
    this.#peers.delete(session.nodeId);
    this.#trace(reason === "peer-too-slow" ? "warn" : "info", "session-closed", { ...describe(session), reason });
    this.#dialer.sessionEnded(session.nodeId, performance.now() - session.openedMs);
    this.#options.onPeersChanged(this.#peerIds());
  }

  #refused(reason: string, remote: Endpoint, more: { readonly nodeId?: NodeId; readonly message?: string } = {}): void {
    this.#counters.refused(reason);
    // Twice a connection and once ourselves is how every chain starts; the rest somebody should look at.
    const level = reason === "duplicate-session" || reason === "own-node" ? "debug" : "warn";
    this.#trace(level, "connection-refused", { ...more, reason, address: remote.host, port: remote.port });
  }

  #dialFailed(to: Endpoint, error: unknown): void {
    const reason = error instanceof CodedError ? error.code : "dial-failed";
    if (reason === "dial-aborted") return;
    this.#counters.refused(reason);
    const message = error instanceof Error ? error.message : String(error);
    const level = reason === "peer-unreachable" ? "debug" : "warn";
    this.#trace(level, "dial-failed", { reason, address: to.host, port: to.port, message });
  }

  #peerIds(): NodeId[] {
    return [...this.#peers.keys()].sort();
  }

  #nextSeq(): number {
    this.#lastSeq = (this.#lastSeq + 1) % 0x1_0000_0000 || 1;
    return this.#lastSeq;
  }

  #trace(level: TraceEvent["level"], event: string, fields: Required<TraceEvent>["fields"]): void {
    this.#options.trace({ room: "P2P", level, event, fields });
  }
}

/**
 * Closes a connection that nobody wants, but not before the other side is through its handshake too: it learns from
 * the certificate whom it has dialled, perhaps itself.
 */
function leave({ stream }: SecureConnection): void {
  const timer = setTimeout(() => stream.destroy(), LEAVE_MS);
  stream.once("close", () => {
    clearTimeout(timer);
  });
  stream.resume().end();
}

function describe(session: Session): Required<TraceEvent>["fields"] {
  const { identity, remote } = session;
  const { nodeId, agencyName: agency, nodeName: node } = identity;
  return { nodeId, agency, node, address: remote.host, port: remote.port };
}
