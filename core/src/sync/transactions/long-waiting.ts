/**
 * Transactions that have waited for long where nobody will propose them: whoever does propose may never have had them,
 * or have forgotten them in a crash. See docs/protocol/sync.md#transactions.
 */
import { SYNC_TRANSACTIONS_PER_PASS_MAX } from "../../primitives/index.js";
import type { Hash } from "../../primitives/index.js";
import type { SyncedPool } from "./messages.js";

/** Time between two looks; what is there at both has waited for long. */
const LOOK_EVERY_MS = 10_000;

/** Finds what waits for long, a bounded number of the oldest at a time. */
export class LongWaiting {
  readonly #pool: Pick<SyncedPool, "size" | "forEachPending">;
  #noted: ReadonlySet<Hash> = new Set();
  #lookAtMs: number | undefined;

  constructor(pool: Pick<SyncedPool, "size" | "forEachPending">) {
    this.#pool = pool;
  }

  /** Steady time of the next look; undefined while nothing waits. */
  get lookAtMs(): number | undefined {
    return this.#lookAtMs;
  }

  /** Stops looking: nobody needs it, or nobody is there. */
  stop(): void {
    this.#noted = new Set();
    this.#lookAtMs = undefined;
  }

  /** The oldest transactions of those that were there at the last look already; none before it is time. */
  look(nowMs: number): readonly Hash[] {
    if (this.#pool.size === 0) this.stop();
    else if (this.#lookAtMs === undefined) this.#note(nowMs);
    else if (nowMs >= this.#lookAtMs) {
      const before = this.#noted;
      return this.#note(nowMs).filter((hash) => before.has(hash));
    }
    return [];
  }

  #note(nowMs: number): readonly Hash[] {
    const oldest: Hash[] = [];
    this.#pool.forEachPending(({ transaction }) => {
      if (oldest.length < SYNC_TRANSACTIONS_PER_PASS_MAX) oldest.push(transaction.hash);
    });
    this.#noted = new Set(oldest);
    this.#lookAtMs = nowMs + LOOK_EVERY_MS;
    return oldest;
  }
}
