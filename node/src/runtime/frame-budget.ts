/** How much may wait for a busy group, and for whom: a peer that floods does not keep out the votes of others. */
import {
  assert,
  GROUP_FRAMES_WAITING_BYTES_MAX,
  GROUP_FRAMES_WAITING_BYTES_PER_PEER_MAX,
  GROUP_FRAMES_WAITING_BYTES_RESERVED_PER_PEER,
  type NodeId,
} from "@tsbcos/core/primitives";

/** What a waiting frame costs beside its body: without it, frames without body could pile up for ever. */
export const FRAME_COST_BYTES = 256;

/** Whose share a frame is counted against: that of a member, or the one that all others have together. */
export type FrameShare = NodeId | "strangers";

/** Bytes of frames on their way to one group. */
export class FrameBudget {
  #total = 0;
  readonly #waiting = new Map<FrameShare, number>();
  /** Admitted and not yet in a batch. */
  #open = new Map<FrameShare, number>();
  /** Batches that the group has not handled yet, oldest first. */
  readonly #batches: ReadonlyMap<FrameShare, number>[] = [];

  /** Counts a frame when it may wait too; false when it must be dropped. */
  admit(share: FrameShare, bodyBytes: number): boolean {
    const cost = bodyBytes + FRAME_COST_BYTES;
    const waiting = (this.#waiting.get(share) ?? 0) + cost;
    if (waiting > GROUP_FRAMES_WAITING_BYTES_PER_PEER_MAX) return false;
    const isReserved = waiting <= GROUP_FRAMES_WAITING_BYTES_RESERVED_PER_PEER;
    if (!isReserved && this.#total + cost > GROUP_FRAMES_WAITING_BYTES_MAX) return false;
    this.#total += cost;
    this.#waiting.set(share, waiting);
    this.#open.set(share, (this.#open.get(share) ?? 0) + cost);
    return true;
  }

  /** Everything admitted since the last call goes to the group in one batch. */
  sent(): void {
    this.#batches.push(this.#open);
    this.#open = new Map();
  }

  /** The group has handled that many batches: the oldest ones. */
  handled(batches: number): void {
    for (const batch of this.#batches.splice(0, batches)) {
      for (const [share, cost] of batch) {
        const waiting = (this.#waiting.get(share) ?? 0) - cost;
        assert(waiting >= 0, "only what was admitted is handled");
        if (waiting === 0) this.#waiting.delete(share);
        else this.#waiting.set(share, waiting);
        this.#total -= cost;
      }
    }
  }
}
