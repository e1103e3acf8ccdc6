/** Who of the groups of a node may use its bandwidth: the node's limit and the groups' own. */
import { RateLimiter } from "../primitives/index.js";
import type { GroupId } from "../primitives/index.js";
import { ModuleId, syncPacketType } from "../protocol/index.js";
import type { P2pFrame } from "../protocol/index.js";

/** What compression leaves of a block, as 2.x reckons: a block costs so much less than its bytes. */
const COMPRESSION_RATIO = 4;
/** Permits for bytes that may be saved up: those of 20 MB of blocks. */
const SAVED_BYTES_MAX = (20 * 1024 * 1024) / COMPRESSION_RATIO;

/** A frame that leaves, as far as its price depends on it. */
export type ChargedFrame = Pick<P2pFrame, "groupId" | "moduleId" | "isResponse" | "body">;

/**
 * The limits of one node. Frames always leave and use permits up; blocks that other nodes fetch wait for permits, of the
 * node and of their group.
 */
export class Bandwidth {
  readonly #node: RateLimiter | undefined;
  readonly #groups = new Map<number, RateLimiter | undefined>();

  /** @param bytesPerSecond limit of the whole node; undefined: none */
  constructor(bytesPerSecond: number | undefined, nowMs: number) {
    this.#node = limiterOf(bytesPerSecond, nowMs);
  }

  /** A group starts, with a limit of its own or without. */
  addGroup(groupId: GroupId, bytesPerSecond: number | undefined, nowMs: number): void {
    this.#groups.set(groupId, limiterOf(bytesPerSecond, nowMs));
  }

  /** A group ends. */
  removeGroup(groupId: GroupId): void {
    this.#groups.delete(groupId);
  }

  /** Whether the group has started and not ended. */
  hasGroup(groupId: GroupId): boolean {
    return this.#groups.has(groupId);
  }

  /** Whether blocks of the group may have to wait. */
  isLimited(groupId: GroupId): boolean {
    return this.#limitersOf(groupId).length > 0;
  }

  /**
   * A frame of `bytes` on the wire leaves: it is never held back, and it uses permits up. Blocks and what clients send to
   * each other have paid already.
   */
  charge({ groupId, moduleId, isResponse, body }: ChargedFrame, bytes: number, nowMs: number): void {
    if (moduleId === ModuleId.Sync && syncPacketType(body) === "blocks") return;
    if (moduleId === ModuleId.Amop && !isResponse) return;
    for (const limiter of this.#limitersOf(groupId)) limiter.acquire(bytes, nowMs);
  }

  /**
   * Gets permits for blocks of these sizes, in order.
   *
   * @returns how many of them may leave now; the others have used nothing up
   */
  serve(groupId: GroupId, sizes: readonly number[], nowMs: number): number {
    let granted = 0;
    while (granted < sizes.length && this.#mayServe(groupId, sizes[granted] as number, nowMs)) granted++;
    return granted;
  }

  /**
   * Whether a message between clients may leave.
   *
   * @param permits its price: bytes times receivers, reduced by what compression saves
   */
  admitMessage(permits: number, nowMs: number): boolean {
    return this.#node?.tryAcquire(Math.ceil(permits), nowMs) !== false;
  }

  #mayServe(groupId: GroupId, blockBytes: number, nowMs: number): boolean {
    // A block that costs more than can be saved up would never leave.
    const permits = Math.min(SAVED_BYTES_MAX, Math.ceil(blockBytes / COMPRESSION_RATIO));
    const limiters = this.#limitersOf(groupId);
    // All or none: a group that waits for its own limit must not use up what the others could have.
    if (!limiters.every((limiter) => limiter.allows(permits, nowMs))) return false;
    for (const limiter of limiters) limiter.acquire(permits, nowMs);
    return true;
  }

  #limitersOf(groupId: number): readonly RateLimiter[] {
    return [this.#node, this.#groups.get(groupId)].filter((limiter) => limiter !== undefined);
  }
}

function limiterOf(perSecond: number | undefined, nowMs: number): RateLimiter | undefined {
  return perSecond === undefined ? undefined : new RateLimiter({ perSecond, savedMax: SAVED_BYTES_MAX }, nowMs);
}
