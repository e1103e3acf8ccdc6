/** The channel server of a node: who is connected, and what is answered and pushed to whom. */
import {
  CHANNEL_RECEIVING_BYTES_MAX,
  CHANNEL_SENDING_BYTES_MAX,
  CHANNEL_SESSIONS_MAX,
  type NodeId,
  type TraceEvent,
} from "@tsbcos/core/primitives";
import {
  CHANNEL_HEADER_BYTES,
  CHANNEL_SEQ_NONE,
  ChannelType,
  blockTopic,
  decodeHandshake,
  decodeTopicData,
  decodeTopics,
  encodeBlockNotification,
  encodeChannelFrame,
  encodeEventFilterReply,
  encodeHandshakeReply,
  encodeTopicData,
  heartbeatReply,
  negotiateChannelVersion,
  type ChannelFrame,
  type ChannelVersion,
} from "@tsbcos/core/protocol";
import type { Endpoint, TlsListener } from "../net/index.js";
import { EventFilters } from "./event-filters.js";
import { ChannelGroups } from "./groups.js";
import type { ChannelGroup, ChannelServer, ChannelServerOptions, ChannelStatistics } from "./interface.js";
import { answerRpc } from "./rpc-requests.js";
import { Session, type SessionEvents, type SessionMemory } from "./session.js";
import type { ClientConnection } from "./transport.js";

const IDLE_TIMEOUT_MS = 60_000;
/** Looks for idle sessions in this part of the time they may be idle. */
const IDLE_CHECKS = 12;

/**
 * Starts to listen.
 *
 * @throws CodedError `channel-cannot-listen` (as a rejection)
 */
export async function startChannelServer(options: ChannelServerOptions): Promise<ChannelServer> {
  const server = new Server(options);
  await server.start();
  return server;
}

class Server implements ChannelServer {
  readonly #options: ChannelServerOptions;
  readonly #groups = new ChannelGroups();
  readonly #filters = new EventFilters(this.#groups);
  readonly #sessions = new Map<number, Session>();
  readonly #dropped = new Counts();
  readonly #refused = new Counts();
  readonly #ignored = new Counts();
  readonly #memory: SessionMemory = {
    receiving: 0,
    receivingMax: CHANNEL_RECEIVING_BYTES_MAX,
    sending: 0,
    sendingMax: CHANNEL_SENDING_BYTES_MAX,
  };
  readonly #events: SessionEvents = {
    received: (session, frame) => {
      this.#received(session, frame);
    },
    slow: (session, isSlow) => {
      this.#options.amop.setSlow(session.id, isSlow);
    },
    closed: (session, reason) => {
      this.#sessionClosed(session, reason);
    },
  };
  #listener: TlsListener | undefined;
  #ticks: NodeJS.Timeout | undefined;
  #isClosed = false;
  #lastId = 0;
  #amopBytesIn = 0;
  #amopBytesOut = 0;

  constructor(options: ChannelServerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { transport, listen } = this.#options;
    this.#listener = await transport.listen(listen, {
      connected: (connection) => {
        this.#connected(connection);
      },
      refused: (reason, remote, message) => {
        this.#refuse(reason, remote, message === undefined ? {} : { message });
      },
    });
    this.#ticks = setInterval(() => {
      for (const session of [...this.#sessions.values()]) session.checkIdle();
    }, this.#idleTimeoutMs / IDLE_CHECKS);
  }

  get listening(): Endpoint {
    return this.#listener?.address ?? this.#options.listen;
  }

  get #idleTimeoutMs(): number {
    return this.#options.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
  }

  addGroup(groupId: number, group: ChannelGroup): void {
    this.#groups.add(groupId, group);
  }

  removeGroup(groupId: number): void {
    this.#groups.remove(groupId);
    this.#filters.groupStopped(groupId);
  }

  setAllowlist(groupId: number, publicKeys: readonly NodeId[]): void {
    this.#groups.setAllowlist(groupId, publicKeys);
    this.#filters.allowlistChanged(groupId);
  }

  blockCommitted(groupId: number, blockNumber: number): void {
    const known = this.#groups.find(groupId);
    if (known === undefined) return;
    known.height = blockNumber;
    const topic = blockTopic(groupId);
    const frames = new Map<ChannelVersion, Uint8Array>();
    for (const id of this.#options.amop.clientsOf(topic)) {
      const session = this.#sessions.get(id);
      if (session === undefined || !this.#groups.isAllowed(groupId, session.publicKey)) continue;
      let frame = frames.get(session.version);
      if (frame === undefined) {
        const payload = encodeBlockNotification({ groupId, blockNumber }, session.version);
        const data = encodeTopicData({ topic, payload });
        frame = encodeChannelFrame({ type: ChannelType.BlockNumber, seq: CHANNEL_SEQ_NONE, result: 0, data });
        frames.set(session.version, frame);
      }
      session.sendEncoded(frame);
    }
  }

  statistics(): ChannelStatistics {
    return {
      sessions: this.#sessions.size,
      slowSessions: [...this.#sessions.values()].filter(({ isSlow }) => isSlow).length,
      sendingBytes: this.#memory.sending,
      receivingBytes: this.#memory.receiving,
      eventFilters: this.#filters.size,
      amopBytesIn: this.#amopBytesIn,
      amopBytesOut: this.#amopBytesOut,
      groups: this.#groups.traffic(),
      dropped: this.#dropped.snapshot(),
      refused: this.#refused.snapshot(),
      ignored: this.#ignored.snapshot(),
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#ticks);
    for (const session of [...this.#sessions.values()]) session.close("shutdown");
    await this.#listener?.close();
  }

  #connected(connection: ClientConnection): void {
    const reason = this.#isClosed
      ? "shutdown"
      : this.#sessions.size >= CHANNEL_SESSIONS_MAX
        ? "too-many-sessions"
        : undefined;
    if (reason !== undefined) {
      connection.stream.destroy();
      this.#refuse(reason, connection.remote);
      return;
    }
    const id = ++this.#lastId;
    const shared = { events: this.#events, memory: this.#memory, idleTimeoutMs: this.#idleTimeoutMs };
    const session = new Session({ id, connection, ...shared });
    this.#sessions.set(id, session);
    this.#options.amop.attach(id, {
      deliver: (frame) => {
        this.#amopBytesOut += frame.length;
        session.sendEncoded(frame);
      },
    });
    this.#trace("info", "session-opened", { address: session.remote.host, port: session.remote.port });
    session.start();
  }

  #refuse(reason: string, remote: Endpoint, more: { readonly message?: string } = {}): void {
    this.#refused.add(reason);
    this.#trace("warn", "connection-refused", { ...more, reason, address: remote.host, port: remote.port });
  }

  #sessionClosed(session: Session, reason: string): void {
    this.#sessions.delete(session.id);
    this.#dropped.add(reason);
    this.#options.amop.detach(session.id);
    this.#filters.sessionClosed(session);
    const level = reason === "closed-by-client" || reason === "shutdown" ? "info" : "warn";
    this.#trace(level, "session-closed", { reason, address: session.remote.host, port: session.remote.port });
  }

  #received(session: Session, frame: ChannelFrame): void {
    switch (frame.type) {
      case ChannelType.Rpc:
        void answerRpc(session, frame, { ...this.#options, groups: this.#groups });
        return;
      case ChannelType.Heartbeat:
        this.#answerIfAny(session, frame, heartbeatReply(frame.data, session.version));
        return;
      case ChannelType.Handshake:
        this.#shakeHands(session, frame);
        return;
      case ChannelType.RegisterEventFilter:
      case ChannelType.UnregisterEventFilter:
        this.#changeFilters(session, frame);
        return;
      case ChannelType.Topics:
        this.#setTopics(session, frame);
        return;
      case ChannelType.AmopRequest:
      case ChannelType.AmopResponse:
      case ChannelType.AmopMulticast:
      case ChannelType.SubscriberVerified:
        this.#amopBytesIn += CHANNEL_HEADER_BYTES + frame.data.length;
        this.#options.amop.fromClient(session.id, frame);
        return;
      case ChannelType.VerifySubscriber:
        // The acknowledgement of a publisher that was asked for a verdict; the verdict itself comes later.
        return;
      default:
        this.#ignored.add("unknown-type");
    }
  }

  #answer(session: Session, { type, seq }: ChannelFrame, data: Uint8Array): void {
    session.send({ type, seq, result: 0, data });
  }

  #answerIfAny(session: Session, frame: ChannelFrame, data: Uint8Array | undefined): void {
    if (data === undefined) this.#ignored.add("not-a-heartbeat");
    else this.#answer(session, frame, data);
  }

  #shakeHands(session: Session, frame: ChannelFrame): void {
    const handshake = decodeHandshake(frame.data);
    if (!handshake.ok) {
      this.#ignored.add("malformed-handshake");
      return;
    }
    const version = negotiateChannelVersion(handshake.value);
    if (version === undefined) {
      session.close("no-common-version");
      return;
    }
    session.version = version;
    const { clientType } = handshake.value;
    const { host: address, port } = session.remote;
    this.#trace("info", "handshake", { client: clientType.slice(0, 64), version, address, port });
    const nodeVersion = this.#options.supportedVersion;
    this.#answer(session, frame, encodeHandshakeReply({ nodeVersion, protocol: version }));
  }

  #setTopics(session: Session, frame: ChannelFrame): void {
    const topics = decodeTopics(frame.data);
    if (topics.ok) this.#options.amop.setTopics(session.id, topics.value);
    else this.#ignored.add("malformed-topics");
  }

  #changeFilters(session: Session, frame: ChannelFrame): void {
    const { type, data } = frame;
    const isRegister = type === ChannelType.RegisterEventFilter;
    const split = decodeTopicData(data);
    const payload = split.ok ? split.value.payload : new Uint8Array(0);
    const { result, groupId } = isRegister
      ? this.#filters.register(session, payload)
      : this.#filters.unregister(session, payload);
    const bytes = CHANNEL_HEADER_BYTES + data.length;
    if (groupId !== undefined) {
      this.#groups.count(groupId, isRegister ? "registerEventIn" : "unregisterEventIn", bytes);
    }
    this.#answer(session, frame, encodeTopicData({ topic: "", payload: encodeEventFilterReply(result) }));
  }

  #trace(level: TraceEvent["level"], event: string, fields: Required<TraceEvent>["fields"]): void {
    this.#options.trace({ room: "CHANNEL", level, event, fields });
  }
}

/** Counts by name. */
class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
