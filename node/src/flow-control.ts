/** Limits of bandwidth and of requests: those of the whole node, and those of its groups. */
import { performance } from "node:perf_hooks";
import { RateLimiter, type GroupId } from "@tsbcos/core/primitives";
import { ModuleId, syncPacketType } from "@tsbcos/core/protocol";
import type { FlowControl as Limits } from "./config/index.js";

/** What compression leaves of a block, as 2.x reckons: a block costs so much less than its bytes. */
const COMPRESSION_RATIO = 4;
/** Permits for bytes that may be saved up: those of 20 MB of blocks. */
const SAVED_BYTES_MAX = (20 * 1024 * 1024) / COMPRESSION_RATIO;
/** Between two attempts to get permits for a block. */
const RETRY_MS = 200;
/** The one request that no limit holds back: clients begin with it. */
const UNLIMITED_METHOD = "getClientVersion";

interface Limiters {
  readonly bandwidth: RateLimiter | undefined;
  readonly requests: RateLimiter | undefined;
}

/** A frame that leaves, as far as its price depends on it. */
export interface ChargedFrame {
  readonly groupId: number;
  readonly moduleId: number;
  readonly isResponse: boolean;
  readonly body: Uint8Array;
}

/**
 * The limits of one node. Frames always leave and use permits up; blocks that other nodes fetch wait for permits; requests
 * of SDKs are refused without.
 */
export class FlowControl {
  readonly #now: () => number;
  readonly #node: Limiters;
  readonly #groups = new Map<number, Limiters>();
  readonly #waiting = new Map<number, NodeJS.Timeout>();

  /** @param now steady clock, milliseconds */
  constructor(node: Limits, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#node = this.#limitersOf(node);
  }

  /** A group starts, with limits of its own. */
  addGroup(groupId: GroupId, limits: Limits): void {
    this.#groups.set(groupId, this.#limitersOf(limits));
  }

  /** A group ends: what it waits for is forgotten. */
  removeGroup(groupId: GroupId): void {
    this.#groups.delete(groupId);
    clearTimeout(this.#waiting.get(groupId));
    this.#waiting.delete(groupId);
  }

  /** Whether blocks of the group may have to wait. */
  limitsBandwidth(groupId: GroupId): boolean {
    return this.#bandwidthOf(groupId).length > 0;
  }

  /**
   * A frame of `bytes` on the wire leaves: it is never held back, and it uses permits up. Blocks and what clients send to
   * each other have paid already.
   */
  charge({ groupId, moduleId, isResponse, body }: ChargedFrame, bytes: number): void {
    if (moduleId === ModuleId.Sync && syncPacketType(body) === "blocks") return;
    if (moduleId === ModuleId.Amop && !isResponse) return;
    for (const limiter of this.#bandwidthOf(groupId)) limiter.acquire(bytes, this.#now());
  }

  /**
   * Gets permits for blocks of these sizes, in order.
   *
   * @param grant called once, at once or later, with the number of blocks that may leave, at least 1
   */
  askForBlocks(groupId: GroupId, sizes: readonly number[], grant: (blocks: number) => void): void {
    let granted = 0;
    while (granted < sizes.length && this.#mayServe(groupId, sizes[granted] as number)) granted++;
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
      this.#node.requests?.acquire(1, now);
      return true;
    }
    if (this.#node.requests?.tryAcquire(1, now) === false) return false;
    return groupId === undefined || this.#groups.get(groupId)?.requests?.tryAcquire(1, now) !== false;
  }

  /**
   * Whether a message between clients may leave.
   *
   * @param permits its price: bytes times receivers, reduced by what compression saves
   */
  admitMessage(permits: number): boolean {
    return this.#node.bandwidth?.tryAcquire(Math.ceil(permits), this.#now()) !== false;
  }

  /** Forgets everybody who waits. */
  close(): void {
    for (const retry of this.#waiting.values()) clearTimeout(retry);
    this.#waiting.clear();
  }

  #mayServe(groupId: GroupId, blockBytes: number): boolean {
    // A block that costs more than can be saved up would never leave.
    const permits = Math.min(SAVED_BYTES_MAX, Math.ceil(blockBytes / COMPRESSION_RATIO));
    const limiters = this.#bandwidthOf(groupId);
    const now = this.#now();
    // All or none: a group that waits for its own limit must not use up what the others could have.
    if (!limiters.every((limiter) => limiter.allows(permits, now))) return false;
    for (const limiter of limiters) limiter.acquire(permits, now);
    return true;
  }

  #bandwidthOf(groupId: number): readonly RateLimiter[] {
    return [this.#node.bandwidth, this.#groups.get(groupId)?.bandwidth].filter((limiter) => limiter !== undefined);
  }

  #limitersOf({ outgoingBytesPerSecond, requestsPerSecond }: Limits): Limiters {
    const limiter = (perSecond: number | undefined, savedMax?: number): RateLimiter | undefined =>
      perSecond === undefined
        ? undefined
        : new RateLimiter(savedMax === undefined ? { perSecond } : { perSecond, savedMax }, this.#now());
    return {
      bandwidth: limiter(outgoingBytesPerSecond, SAVED_BYTES_MAX),
      requests: limiter(requestsPerSecond),
    };
  }
}
