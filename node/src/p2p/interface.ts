/** What the rest of the process sees of the P2P layer. */
import type { P2pFrame } from "@tsbcos/core/protocol";
import type { Failure, NodeId, Result, Tracer } from "@tsbcos/core/primitives";
import type { Endpoint } from "../net/index.js";
import type { SecureTransport } from "./transport.js";

/** A node that we have a session with. */
export interface PeerInfo {
  /** Public key of its certificate. */
  readonly nodeId: NodeId;
  /** Common name of the issuer of its certificate. */
  readonly agencyName: string;
  /** Common name of its certificate. */
  readonly nodeName: string;
  /** Address and port of the other end of the connection (for a peer that dialled us: not its listening port). */
  readonly remote: Endpoint;
  /** Topics it announced last, whatever their state of verification. */
  readonly topics: readonly string[];
}

/** A message to be sent; the frame around it is made here. */
export interface OutgoingMessage {
  readonly groupId: number;
  readonly moduleId: number;
  readonly packetType: number;
  /** Number of the message; 0 asks for the next one of this node. */
  readonly seq: number;
  readonly isResponse: boolean;
  /** Not yet compressed. Must not be changed afterwards. */
  readonly body: Uint8Array;
}

/** Why no answer came. */
export interface RequestFailure extends Failure {
  readonly code: "peer-not-connected" | "request-timed-out" | "peer-disconnected" | "too-many-requests";
}

/** What AMOP has to say to the exchange of topics. */
export interface TopicHooks {
  /** Topics that our own SDKs subscribe to, and the number that changes with them. */
  local(): { readonly seq: number; readonly topics: readonly string[] };
  /** A peer told its topics, in place of those it told before. */
  learned(from: NodeId, topics: readonly string[]): void;
  /** A peer repeated the number of a list that we have. */
  unchanged(from: NodeId): void;
}

/** How the service is set up. */
export interface P2pServiceOptions {
  /** Our own id: the public key of the certificate that `transport` shows. */
  readonly nodeId: NodeId;
  /** TLS by {@link createTlsTransport}; or SM TLS by {@link createSmTlsTransport} on SM chains. */
  readonly transport: SecureTransport;
  /** Where to listen; port 0 takes any. */
  readonly listen: Endpoint;
  /** Nodes to be kept connected. Our own address may be among them. */
  readonly staticPeers: readonly Endpoint[];
  /** Never talked to. */
  readonly blacklist: Iterable<NodeId>;
  /** The only ones talked to; empty: everybody. */
  readonly whitelist: Iterable<NodeId>;
  /** Compress bodies over 1 KiB. What comes in compressed is always understood. */
  readonly compress: boolean;
  /**
   * Takes each frame that is neither an exchange of topics nor an answer somebody waits for; the body is decompressed.
   * Must return at once; a receiver that cannot keep up drops.
   */
  onFrame(from: NodeId, frame: P2pFrame): void;
  /** The set of sessions changed; sorted. */
  onPeersChanged(peers: readonly NodeId[]): void;
  /** Called for each frame that is queued for a peer, with its bytes on the wire: for limits of bandwidth. */
  onSent?(message: OutgoingMessage, bytes: number): void;
  /** Called at each look at the static peers, with the number of sessions: for the line that operators watch. */
  onTick?(connected: number): void;
  /** Topics of AMOP; without it the node announces none. */
  readonly topics?: TopicHooks;
  readonly trace: Tracer;
  /** Intervals and bounds, replaced by tests. */
  readonly limits?: Partial<P2pLimits>;
}

/** Intervals in milliseconds, and bounds. */
export interface P2pLimits {
  /** Between two looks at the static peers. */
  readonly redialIntervalMs: number;
  /** For TCP connect and TLS handshake of a dialled connection together. */
  readonly dialTimeoutMs: number;
  /** Between two announcements of our topics, which keep the connection alive. */
  readonly heartbeatIntervalMs: number;
  /** Without a byte read, or with a write unfinished for so long, a session is closed. */
  readonly idleTimeoutMs: number;
  /** How long a request for topics waits. */
  readonly topicRequestTimeoutMs: number;
  /** Bytes waiting for one slow peer. */
  readonly sendQueueBytesMax: number;
  /** Sessions at once; connections beyond are closed. */
  readonly sessionsMax: number;
}

/** Traffic of one module of one group since the start. */
export interface ModuleTraffic {
  readonly groupId: number;
  readonly moduleId: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly framesIn: number;
  readonly framesOut: number;
}

/** Counters since the start, for metrics and the statistics log. */
export interface P2pStatistics {
  readonly sessions: number;
  readonly traffic: readonly ModuleTraffic[];
  /** Sessions ended, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Connections that never became a session, by reason. */
  readonly refused: Readonly<Record<string, number>>;
}

/** The running P2P layer of a node. */
export interface P2pService {
  /** Where it listens: the port in use when 0 was asked for. */
  readonly listening: Endpoint;
  /** Sends to those of `to` that are connected (never to ourselves). Returns the number the message carries. */
  send(to: readonly NodeId[], message: OutgoingMessage): number;
  /**
   * Sends one message and waits for its answer.
   *
   * @param timeoutMs 0 waits until the peer disconnects
   */
  request(to: NodeId, message: OutgoingMessage, timeoutMs: number): Promise<Result<P2pFrame, RequestFailure>>;
  /**
   * Whether a message of clients can be sent without crowding out the groups.
   *
   * @returns false when it is too large for a frame, or too much waits for `to` already
   */
  hasRoom(to: NodeId, bodyBytes: number): boolean;
  /** Everybody we have a session with, sorted by id. */
  peers(): readonly PeerInfo[];
  isConnected(nodeId: NodeId): boolean;
  staticPeers(): readonly Endpoint[];
  /** Replaces the nodes to be kept connected. Sessions stay. */
  setStaticPeers(peers: readonly Endpoint[]): void;
  /** Replaces the white list and ends sessions it does not allow. */
  setWhitelist(nodeIds: Iterable<NodeId>): void;
  statistics(): P2pStatistics;
  /** Stops listening and dialling and ends all sessions. */
  close(): Promise<void>;
}
