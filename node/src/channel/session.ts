/** One client: frames in, frames out, and the end of it. */
import {
  CHANNEL_FRAME_BYTES_MAX,
  CHANNEL_PENDING_REQUESTS_MAX,
  CHANNEL_SEND_QUEUE_BYTES_HIGH,
  CHANNEL_SEND_QUEUE_BYTES_LOW,
  CHANNEL_SEND_QUEUE_BYTES_MAX,
  type NodeId,
} from "@tsbcos/core/primitives";
import {
  CHANNEL_HEADER_BYTES,
  ChannelFrameReader,
  encodeChannelFrame,
  type ChannelFrame,
  type ChannelVersion,
} from "@tsbcos/core/protocol";
import type { Endpoint } from "../net/index.js";
import { RecordQueue } from "./record-queue.js";
import type { ClientConnection } from "./transport.js";

/** What a session tells its server. */
export interface SessionEvents {
  received(session: Session, frame: ChannelFrame): void;
  /** The client reads too slowly, or fast enough again. */
  slow(session: Session, isSlow: boolean): void;
  /** The session is over; comes once. */
  closed(session: Session, reason: string): void;
}

/** Bytes that all sessions together hold. */
export interface SessionMemory {
  /** Bytes of incomplete frames, and how many there may be. */
  receiving: number;
  readonly receivingMax: number;
  /** Bytes that wait to be sent, and how many there may be before clients that do not read are given up. */
  sending: number;
  readonly sendingMax: number;
}

/** How a session is set up. */
export interface SessionOptions {
  readonly id: number;
  readonly connection: ClientConnection;
  readonly events: SessionEvents;
  readonly memory: SessionMemory;
  readonly idleTimeoutMs: number;
}

/** A session. {@link start} makes it read. */
export class Session {
  readonly id: number;
  readonly remote: Endpoint;
  readonly publicKey: NodeId | undefined;
  /** Version of the protocol that was agreed on. */
  version: ChannelVersion = 1;
  readonly #stream: ClientConnection["stream"];
  readonly #queue: RecordQueue;
  readonly #reader = new ChannelFrameReader();
  readonly #events: SessionEvents;
  readonly #memory: SessionMemory;
  readonly #idleTimeoutMs: number;
  /** Frames that came while nothing more was to be handled. */
  #backlog: ChannelFrame[] = [];
  #isDelivering = false;
  #receiving = 0;
  #lastProgressMs = performance.now();
  #requests = 0;
  #isSlow = false;
  #isOpen = true;

  constructor({ id, connection, events, memory, idleTimeoutMs }: SessionOptions) {
    this.id = id;
    this.remote = connection.remote;
    this.publicKey = connection.publicKey;
    this.#stream = connection.stream;
    this.#events = events;
    this.#memory = memory;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#queue = new RecordQueue(connection.stream, (bytes) => {
      this.#written(bytes);
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** True while so much waits for the client that nothing more is read from it. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  /** Begins to read. */
  start(): void {
    this.#stream.on("data", (chunk: Buffer) => {
      this.#read(chunk);
    });
    this.#stream.on("error", (error: NodeJS.ErrnoException) => {
      this.close(error.code === "ECONNRESET" ? "connection-reset" : "connection-error");
    });
    this.#stream.on("close", () => {
      this.close("closed-by-client");
    });
    // A connection that ended between handshake and now tells nobody any more.
    if (this.#stream.destroyed) this.close("closed-by-client");
  }

  /**
   * Queues a frame; gives its bytes. What is too large for any frame is dropped.
   *
   * @param written called when the frame has left, or was dropped; never when the session ends before
   */
  send(frame: ChannelFrame, written?: () => void): number {
    if (frame.data.length > CHANNEL_FRAME_BYTES_MAX - CHANNEL_HEADER_BYTES) {
      written?.();
      return 0;
    }
    const bytes = encodeChannelFrame(frame);
    this.sendEncoded(bytes, written);
    return bytes.length;
  }

  /**
   * Queues the bytes of a frame.
   *
   * @param written called when they have left; never when the session ends before
   */
  sendEncoded(frame: Uint8Array, written?: () => void): void {
    if (!this.#isOpen) return;
    const { bytes } = this.#queue;
    const isMemoryShort = this.#memory.sending + frame.length > this.#memory.sendingMax;
    if (bytes + frame.length > CHANNEL_SEND_QUEUE_BYTES_MAX || (isMemoryShort && this.#isSlow)) {
      this.close("client-too-slow");
      return;
    }
    this.#memory.sending += frame.length;
    this.#queue.push(frame, written);
    if (!this.#isSlow && this.#queue.bytes > CHANNEL_SEND_QUEUE_BYTES_HIGH) this.#setSlow(true);
  }

  /** A request begins to be handled. While too many are, nothing more is read. */
  requestStarted(): void {
    this.#requests++;
    this.#updateReading();
  }

  /** A request has been answered. */
  requestEnded(): void {
    this.#requests--;
    this.#updateReading();
  }

  /** Ends the session when nothing has moved for too long. */
  checkIdle(): void {
    const now = performance.now();
    if (now - (this.#queue.stuckSinceMs ?? now) > this.#idleTimeoutMs) this.close("client-too-slow");
    else if (now - this.#lastProgressMs > this.#idleTimeoutMs && !this.#stream.isPaused()) this.close("idle");
  }

  /** Ends the session. What waits to be sent is dropped. */
  close(reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#memory.sending -= this.#queue.bytes;
    this.#memory.receiving -= this.#receiving;
    this.#queue.close();
    this.#backlog = [];
    this.#stream.destroy();
    this.#events.closed(this, reason);
  }

  #read(chunk: Buffer): void {
    if (!this.#isOpen) return;
    this.#lastProgressMs = performance.now();
    const frames = this.#reader.push(chunk);
    this.#memory.receiving += this.#reader.reservedBytes - this.#receiving;
    this.#receiving = this.#reader.reservedBytes;
    if (!frames.ok) {
      this.close(frames.error.code);
      return;
    }
    if (this.#memory.receiving > this.#memory.receivingMax) {
      this.close("too-many-incomplete-frames");
      return;
    }
    this.#backlog.push(...frames.value);
    this.#deliver();
  }

  /** Hands over frames for as long as the client may be heard. One piece from the network may hold a thousand of them. */
  #deliver(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    let next = 0;
    while (this.#mayRead && next < this.#backlog.length) {
      this.#events.received(this, this.#backlog[next++] as ChannelFrame);
    }
    this.#backlog = this.#backlog.slice(next);
    this.#isDelivering = false;
    this.#updateReading();
  }

  /** Whoever does not read answers, or has too many questions open, asks nothing more for the moment. */
  get #mayRead(): boolean {
    return this.#isOpen && !this.#isSlow && this.#requests < CHANNEL_PENDING_REQUESTS_MAX;
  }

  #written(bytes: number): void {
    this.#lastProgressMs = performance.now();
    this.#memory.sending -= bytes;
    if (this.#isSlow && this.#queue.bytes < CHANNEL_SEND_QUEUE_BYTES_LOW) this.#setSlow(false);
  }

  #setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow;
    this.#updateReading();
    this.#events.slow(this, isSlow);
  }

  #updateReading(): void {
    // Whoever delivers looks again at its end.
    if (this.#isDelivering) return;
    if (this.#mayRead && this.#backlog.length > 0) this.#deliver();
    const mayRead = this.#mayRead && this.#backlog.length === 0;
    if (mayRead && this.#stream.isPaused()) this.#stream.resume();
    else if (!mayRead && !this.#stream.isPaused()) this.#stream.pause();
  }
}
