/** Requests at clients of this node that wait for their answers. */
import { AMOP_DELIVERIES_PER_SESSION_MAX } from "../primitives/index.js";
import type { ByteString, NodeId } from "../primitives/index.js";
import type { ChannelFrame } from "../protocol/index.js";
import type { SessionId } from "./messages.js";

/** Whom the answer goes to: a client of this node, by the token of its request, or another node. */
export type Requester =
  | { readonly type: "client"; readonly token: number }
  | { readonly type: "peer"; readonly peer: NodeId; readonly seq: number };

/** A request on its way to one subscriber after the other, until one answers. */
export interface Delivery {
  readonly requester: Requester;
  readonly topic: string;
  readonly frame: ChannelFrame;
  /** Clients that had it. */
  readonly tried: Set<SessionId>;
}

/** A delivery at the client that has it now. */
interface Waiting {
  readonly delivery: Delivery;
  readonly session: SessionId;
  readonly deadlineMs: number;
}

/** What waits, by client and number, and in the order of the deadlines. */
export class Deliveries {
  readonly #bySession = new Map<SessionId, Map<ByteString, Waiting>>();
  /** All have the same time, so the order of entry is the order of the deadlines. */
  readonly #inOrder = new Set<Waiting>();
  #bytes = 0;

  /** Deliveries under way. */
  get count(): number {
    return this.#inOrder.size;
  }

  /** Bytes of data that they hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the first of them is given up at its client. */
  get earliestDeadlineMs(): number | undefined {
    for (const { deadlineMs } of this.#inOrder) return deadlineMs;
    return undefined;
  }

  /** True when the client can take a request with that number: not too many wait, and none with the same number. */
  canTake(session: SessionId, seq: ByteString): boolean {
    const waiting = this.#bySession.get(session);
    return waiting === undefined || (waiting.size < AMOP_DELIVERIES_PER_SESSION_MAX && !waiting.has(seq));
  }

  /** The client has the request from now on. */
  add(delivery: Delivery, session: SessionId, deadlineMs: number): void {
    const waiting: Waiting = { delivery, session, deadlineMs };
    let ofSession = this.#bySession.get(session);
    if (ofSession === undefined) {
      ofSession = new Map();
      this.#bySession.set(session, ofSession);
    }
    ofSession.set(delivery.frame.seq, waiting);
    this.#inOrder.add(waiting);
    this.#bytes += delivery.frame.data.length;
  }

  /** Takes out what the client answers with that number. */
  take(session: SessionId, seq: ByteString): Delivery | undefined {
    const waiting = this.#bySession.get(session)?.get(seq);
    return waiting === undefined ? undefined : this.#remove(waiting);
  }

  /** Takes out everything that waits for a client. */
  takeAllOf(session: SessionId): Delivery[] {
    return [...(this.#bySession.get(session)?.values() ?? [])].map((waiting) => this.#remove(waiting));
  }

  /** Takes out one whose time is over, with the client that did not answer it. */
  takeOverdue(nowMs: number): { readonly delivery: Delivery; readonly session: SessionId } | undefined {
    for (const waiting of this.#inOrder) {
      if (waiting.deadlineMs > nowMs) return undefined;
      return { delivery: this.#remove(waiting), session: waiting.session };
    }
    return undefined;
  }

  #remove(waiting: Waiting): Delivery {
    const { delivery, session } = waiting;
    const ofSession = this.#bySession.get(session);
    ofSession?.delete(delivery.frame.seq);
    if (ofSession?.size === 0) this.#bySession.delete(session);
    this.#inOrder.delete(waiting);
    this.#bytes -= delivery.frame.data.length;
    return delivery;
  }
}
