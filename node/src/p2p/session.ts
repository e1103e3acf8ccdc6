/** One connection to one node: frames in, frames out, and the end of it. */
import { P2P_COMPRESSED, P2pFrameReader } from "@tsbcos/core/protocol";
import type { P2pFrame } from "@tsbcos/core/protocol";
import { P2P_PENDING_REQUESTS_PER_PEER_MAX, P2P_SEND_QUEUE_BYTES_RESERVED, err, ok } from "@tsbcos/core/primitives";
import type { NodeId, Result } from "@tsbcos/core/primitives";
import { decompressBody } from "./compression.js";
import type { P2pCounters } from "./counters.js";
import type { P2pLimits, RequestFailure } from "./interface.js";
import { SendQueue } from "./send-queue.js";
import type { Endpoint } from "../net/index.js";
import type { PeerIdentity, SecureConnection } from "./transport.js";

/** What a session tells its service. */
export interface SessionEvents {
  /** A frame with its body decompressed, other than an answer somebody waits for. */
  received(session: Session, frame: P2pFrame): void;
  /** The session is over; comes once. */
  closed(session: Session, reason: string): void;
}

interface PendingRequest {
  settle(result: Result<P2pFrame, RequestFailure>): void;
  readonly timer: NodeJS.Timeout | undefined;
}

/** A session. Created when the connection is complete; {@link start} makes it read. */
export class Session {
  readonly identity: PeerIdentity;
  readonly remote: Endpoint;
  /** Steady time of its beginning. */
  readonly openedMs = performance.now();
  readonly #stream: SecureConnection["stream"];
  readonly #queue: SendQueue;
  readonly #reader = new P2pFrameReader();
  readonly #limits: P2pLimits;
  readonly #counters: P2pCounters;
  readonly #events: SessionEvents;
  readonly #pending = new Map<number, PendingRequest>();
  #lastReadMs = performance.now();
  #isOpen = true;

  constructor(
    connection: SecureConnection,
    { limits, counters, events }: { limits: P2pLimits; counters: P2pCounters; events: SessionEvents },
  ) {
    this.identity = connection.identity;
    this.remote = connection.remote;
    this.#stream = connection.stream;
    this.#queue = new SendQueue(connection.stream);
    this.#limits = limits;
    this.#counters = counters;
    this.#events = events;
  }

  get nodeId(): NodeId {
    return this.identity.nodeId;
  }

  get isOpen(): boolean {
    return this.#isOpen;
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
      this.close("closed-by-peer");
    });
    // A connection that ended between handshake and now tells nobody any more.
    if (this.#stream.destroyed) this.close("closed-by-peer");
  }

  /** True when a frame of that size leaves the groups what is kept for them. */
  hasRoom(frameBytes: number): boolean {
    return this.#queue.bytes + frameBytes <= this.#limits.sendQueueBytesMax - P2P_SEND_QUEUE_BYTES_RESERVED;
  }

  /** Queues the bytes of a frame. */
  send(frame: Uint8Array): void {
    if (!this.#isOpen) return;
    if (this.#queue.bytes + frame.length > this.#limits.sendQueueBytesMax) {
      this.close("peer-too-slow");
      return;
    }
    this.#queue.push(frame);
  }

  /** Waits for the answer to the request with number `seq`; `timeoutMs` 0 waits for the end of the session. */
  expectAnswer(seq: number, timeoutMs: number): Promise<Result<P2pFrame, RequestFailure>> {
    if (!this.#isOpen) return Promise.resolve(err({ code: "peer-not-connected" }));
    if (this.#pending.size >= P2P_PENDING_REQUESTS_PER_PEER_MAX || this.#pending.has(seq)) {
      return Promise.resolve(err({ code: "too-many-requests" }));
    }
    return new Promise((resolve) => {
      const settle = (result: Result<P2pFrame, RequestFailure>): void => {
        clearTimeout(timer);
        this.#pending.delete(seq);
        resolve(result);
      };
      const timer =
        timeoutMs === 0
          ? undefined
          : setTimeout(() => {
              settle(err({ code: "request-timed-out" }));
            }, timeoutMs);
      this.#pending.set(seq, { settle, timer });
    });
  }

  /** Ends the session when nothing was read, or nothing could be written, for too long. */
  checkIdle(): void {
    const now = performance.now();
    const { idleTimeoutMs } = this.#limits;
    if (now - this.#lastReadMs > idleTimeoutMs) this.close("idle");
    else if (now - (this.#queue.stuckSinceMs ?? now) > idleTimeoutMs) this.close("peer-too-slow");
  }

  /** Ends the session. What waits to be sent is dropped. */
  close(reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#queue.close();
    this.#stream.destroy();
    this.#counters.dropped(reason);
    for (const { settle } of [...this.#pending.values()]) settle(err({ code: "peer-disconnected" }));
    this.#events.closed(this, reason);
  }

  #read(chunk: Buffer): void {
    if (!this.#isOpen) return;
    this.#lastReadMs = performance.now();
    const frames = this.#reader.push(chunk);
    if (!frames.ok) {
      this.close(frames.error.code);
      return;
    }
    for (const frame of frames.value) {
      this.#counters.received(frame);
      const plain = decompress(frame);
      if (!plain.ok) this.close(plain.error.code);
      // Handling a frame may end the session, and what comes behind is not to be heard then.
      if (!plain.ok || !this.#isOpen) return;
      this.#deliver(plain.value);
    }
  }

  #deliver(frame: P2pFrame): void {
    const waiting = frame.isResponse ? this.#pending.get(frame.seq) : undefined;
    if (waiting !== undefined) waiting.settle(ok(frame));
    else this.#events.received(this, frame);
  }
}

function decompress(
  frame: P2pFrame,
): ReturnType<typeof decompressBody> extends Result<unknown, infer E> ? Result<P2pFrame, E> : never {
  // Whatever our own setting, the flag decides: a body that is still compressed is of no use to anybody.
  if ((frame.version & P2P_COMPRESSED) === 0) return ok(frame);
  const body = decompressBody(frame.body);
  return body.ok ? ok({ ...frame, version: frame.version & ~P2P_COMPRESSED, body: body.value }) : body;
}
