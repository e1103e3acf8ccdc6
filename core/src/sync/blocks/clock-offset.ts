/** The median difference between the clocks of the peers and ours. */
import { SYNC_CLOCK_PEERS_MAX } from "../../primitives/index.js";
import type { NodeId } from "../../primitives/index.js";

/** A peer's difference is replaced only by one that is further away from it than this. */
const CHANGE_MIN_MS = 3 * 60 * 1000;

/** Beyond this an operator should look at the clocks. */
export const OFFSET_WARN_MS = 30 * 60 * 1000;

/**
 * Agreed time without a time server: each status carries the sender's wall clock.
 *
 * One lying clock moves a median of three or more by no more than to its neighbour's value.
 *
 * @see docs/protocol/sync.md#time
 */
export class ClockOffset {
  readonly #offsets = new Map<NodeId, number>();
  #medianMs = 0;

  /** What to add to our wall clock, in milliseconds. */
  get medianMs(): number {
    return this.#medianMs;
  }

  /** Takes the clock of a peer; true when the median was computed anew. */
  report(peer: NodeId, peerWallMs: number, ownWallMs: number): boolean {
    const offsetMs = peerWallMs - ownWallMs;
    const known = this.#offsets.get(peer);
    if (known === undefined && this.#offsets.size >= SYNC_CLOCK_PEERS_MAX) return false;
    if (known !== undefined && Math.abs(offsetMs - known) <= CHANGE_MIN_MS) return false;
    this.#offsets.set(peer, offsetMs);
    this.#medianMs = median([...this.#offsets.values()]);
    return true;
  }
}

/** The middle value; of two middle values their mean, cut towards zero. */
function median(values: number[]): number {
  values.sort((a, b) => a - b);
  const upper = values[Math.floor(values.length / 2)] as number;
  if (values.length % 2 === 1) return upper;
  const lower = values[values.length / 2 - 1] as number;
  return Math.trunc((lower + upper) / 2);
}
