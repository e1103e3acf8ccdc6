/** Peers that are left alone for a while because they did not keep their word. */
import { SYNC_BACKED_OFF_PEERS_MAX } from "../../primitives/index.js";
import type { NodeId } from "../../primitives/index.js";

/** How long a kind of misbehaviour keeps a peer away: doubled each time in a row, up to the maximum. */
export interface Penalty {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** No answer in time: may be the line, or load. */
export const SILENCE: Penalty = { firstMs: 1000, maxMs: 60_000 };

/** A wrong block: no honest node sends one. */
export const LIE: Penalty = { firstMs: 10_000, maxMs: 600_000 };

/** A failure is forgotten when nothing new came to light for so long after its penalty. */
const FORGOTTEN_AFTER_MS = 600_000;

interface Record {
  failures: number;
  untilMs: number;
}

/**
 * Remembers misbehaviour longer than a connection lasts, so that reconnecting does not wipe it away.
 *
 * While a peer is backed off it is asked for nothing, and the height it claims counts for nothing.
 */
export class Backoff {
  readonly #records = new Map<NodeId, Record>();

  /** True while the peer is left alone. */
  blocks(peer: NodeId, nowMs: number): boolean {
    const record = this.#records.get(peer);
    return record !== undefined && nowMs < record.untilMs;
  }

  /** Failures that the peer has not made good. */
  failuresOf(peer: NodeId, nowMs: number): number {
    const record = this.#records.get(peer);
    return record === undefined || nowMs >= record.untilMs + FORGOTTEN_AFTER_MS ? 0 : record.failures;
  }

  /** Leaves the peer alone, each time in a row for longer. */
  punish(peer: NodeId, penalty: Penalty, nowMs: number): void {
    const failures = this.failuresOf(peer, nowMs) + 1;
    const delayMs = Math.min(penalty.firstMs * 2 ** (failures - 1), penalty.maxMs);
    this.#records.delete(peer);
    this.#forgetOld(nowMs);
    this.#records.set(peer, { failures, untilMs: nowMs + delayMs });
  }

  /** A block of the peer was stored, which makes one failure good. Its penalty stays as long as it was to be. */
  reward(peer: NodeId): void {
    const record = this.#records.get(peer);
    if (record !== undefined && record.failures > 0) record.failures--;
  }

  /** When the next of these peers may be asked again; undefined when none is backed off. */
  nextReleaseMs(peers: Iterable<NodeId>, nowMs: number): number | undefined {
    let earliest: number | undefined;
    for (const peer of peers) {
      const untilMs = this.#records.get(peer)?.untilMs ?? 0;
      if (untilMs > nowMs && (earliest === undefined || untilMs < earliest)) earliest = untilMs;
    }
    return earliest;
  }

  #forgetOld(nowMs: number): void {
    if (this.#records.size < SYNC_BACKED_OFF_PEERS_MAX) return;
    for (const [peer, { untilMs }] of this.#records) if (untilMs <= nowMs) this.#records.delete(peer);
    for (const peer of this.#records.keys()) {
      if (this.#records.size < SYNC_BACKED_OFF_PEERS_MAX) return;
      this.#records.delete(peer);
    }
  }
}
