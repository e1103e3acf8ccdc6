/** Limits of bandwidth and of requests: those of the whole node, and those of its groups. */
import { performance } from "node:perf_hooks";
import { RateLimiter, type GroupId } from "@tsbcos/core/primitives";
import { Bandwidth, type ChargedFrame } from "@tsbcos/core/group";
import type { FlowControl as Limits } from "./config/index.js";

/** Between two attempts to get permits for a block. */
const RETRY_MS = 200;
/** The one request that no limit holds back: clients begin with it. */
const UNLIMITED_METHOD = "getClientVersion";

/**
 * The limits of one node. Frames always leave and use permits up; blocks that other nodes fetch wait for permits; requests
 * of SDKs are refused without.
 */
export class FlowControl {
  readonly #now: () => number;
  readonly #bandwidth: Bandwidth;
  /** Requests a second: of the node, and of its groups. */
  readonly #requests: RateLimiter | undefined;
  readonly #requestsOf = new Map<number, RateLimiter | undefined>();
  readonly #waiting = new Map<number, NodeJS.Timeout>();

  /** @param now steady clock, milliseconds */
  constructor(node: Limits, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#bandwidth = new Bandwidth(node.outgoingBytesPerSecond, now());
    this.#requests = this.#limiterOf(node);
  }

  /** A group starts, with limits of its own. */
  addGroup(groupId: GroupId, limits: Limits): void {
    this.#bandwidth.addGroup(groupId, limits.outgoingBytesPerSecond, this.#now());
    this.#requestsOf.set(groupId, this.#limiterOf(limits));
  }

  /** A group ends: what it waits for is forgotten. */
  removeGroup(groupId: GroupId): void {
    this.#bandwidth.removeGroup(groupId);
    this.#requestsOf.delete(groupId);
    clearTimeout(this.#waiting.get(groupId));
    this.#waiting.delete(groupId);
  }

  /** Whether blocks of the group may have to wait. */
  limitsBandwidth(groupId: GroupId): boolean {
    return this.#bandwidth.isLimited(groupId);
  }

  /**
   * A frame of `bytes` on the wire leaves: it is never held back, and it uses permits up. Blocks and what clients send to
   * each other have paid already.
   */
  charge(frame: ChargedFrame, bytes: number): void {
    this.#bandwidth.charge(frame, bytes, this.#now());
  }

  /**
   * Gets permits for blocks of these sizes, in order.
   *
   * @param grant called once, at once or later, with the number of blocks that may leave, at least 1; never when the group
   * has ended, because one of that number that is started later has not asked
   */
  askForBlocks(groupId: GroupId, sizes: readonly number[], grant: (blocks: number) => void): void {
    if (!this.#bandwidth.hasGroup(groupId)) return;
    const granted = this.#bandwidth.serve(groupId, sizes, this.#now());
    if (granted > 0) {
      grant(granted);
      return;
    }
    const retry = setTimeout(() => {
      this.askForBlocks(groupId, sizes, grant);
    }, RETRY_MS);
    this.#waiting.set(groupId, retry);
  }

  /**
   * Whether a request of an SDK may be handled.
   *
   * @param groupId group that the request is about; undefined when it is about none
   */
  admitRequest(method: string, groupId: number | undefined): boolean {
    const now = this.#now();
    if (method === UNLIMITED_METHOD) {
      this.#requests?.acquire(1, now);
      return true;
    }
    if (this.#requests?.tryAcquire(1, now) === false) return false;
    return groupId === undefined || this.#requestsOf.get(groupId)?.tryAcquire(1, now) !== false;
  }

  /**
   * Whether a message between clients may leave.
   *
   * @param permits its price: bytes times receivers, reduced by what compression saves
   */
  admitMessage(permits: number): boolean {
    return this.#bandwidth.admitMessage(permits, this.#now());
  }

  /** Forgets everybody who waits. */
  close(): void {
    for (const retry of this.#waiting.values()) clearTimeout(retry);
    this.#waiting.clear();
  }

  #limiterOf({ requestsPerSecond: perSecond }: Limits): RateLimiter | undefined {
    return perSecond === undefined ? undefined : new RateLimiter({ perSecond }, this.#now());
  }
}
