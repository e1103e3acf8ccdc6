/**
 * Collects transactions for the next proposal and says when it is due.
 *
 * It never looks at the clock by itself and does not know who leads: the engine asks {@link Sealer.next} whenever it
 * may propose. See docs/protocol/pbft.md#p9-sealing.
 */
import { PROPOSAL_FILL_INTERVAL_MS } from "../../primitives/index.js";
import type { Hash, Height, Instant } from "../../primitives/index.js";
import type { VerifiedTransaction } from "../../protocol/index.js";
import type { TransactionSource } from "../interface.js";

/** What the engine tells with each question. */
export interface SealingMoment {
  /** Height of the proposal asked for: the head's plus one. */
  readonly height: Height;
  /** Steady time from which the block intervals count: last block, completed view change or time-out. */
  readonly sinceMs: number;
  /** A proposal of this many transactions is due at once. */
  readonly maxTransactions: number;
}

/** Either the transactions of a proposal that is due now, or when to ask again at the latest. */
export type SealingAnswer =
  | { readonly due: true; readonly transactions: readonly VerifiedTransaction[] }
  | { readonly due: false; readonly askAgainAtMs: number };

/** How long a proposal waits. */
export interface SealingIntervals {
  /** Milliseconds before a proposal that is neither empty nor full. */
  readonly minMs: number;
  /** Milliseconds before an empty proposal. */
  readonly emptyMs: number;
}

interface Draft {
  readonly height: Height;
  transactions: VerifiedTransaction[];
  /** Hashes in the draft, and those that the block before it will hold. */
  avoid: Set<Hash>;
  fillAgainAtMs: number;
}

/** One proposal in the making. */
export class Sealer {
  readonly #pool: TransactionSource;
  readonly #intervals: SealingIntervals;
  #draft: Draft | undefined;

  constructor(pool: TransactionSource, intervals: SealingIntervals) {
    this.#pool = pool;
    this.#intervals = intervals;
  }

  /**
   * The proposal for `moment.height` when it is due: full, or not empty after the shortest interval, or after the
   * interval of empty blocks. A due draft is handed out once and forgotten.
   */
  next(moment: SealingMoment, now: Instant): SealingAnswer {
    if (this.#draft?.height !== moment.height) this.#draft = newDraft(moment.height, []);
    const draft = this.#draft;
    const { minMs, emptyMs } = this.#intervals;
    const elapsedMs = now.steadyMs - moment.sinceMs;
    // Transactions of the draft are still in the pool, so its size says whether a full proposal is possible.
    if (elapsedMs >= minMs || this.#pool.size >= moment.maxTransactions) {
      this.#fill(draft, moment.maxTransactions, now, elapsedMs >= emptyMs);
    }
    const count = draft.transactions.length;
    const full = count >= moment.maxTransactions;
    if (full || elapsedMs >= emptyMs || (count > 0 && elapsedMs >= minMs)) {
      this.#draft = undefined;
      return { due: true, transactions: draft.transactions };
    }
    return { due: false, askAgainAtMs: this.#askAgainAtMs(draft, moment, now) };
  }

  /**
   * Starts the proposal after the one being agreed, because its leader will be us: without the transactions of that
   * one, and filled while we wait for votes anyway.
   */
  prepareAhead(height: Height, agreeing: readonly Hash[], maxTransactions: number, now: Instant): void {
    const draft = newDraft(height, agreeing);
    this.#draft = draft;
    if (this.#pool.size - agreeing.length >= maxTransactions) this.#fill(draft, maxTransactions, now, true);
  }

  /**
   * A block was stored: what it holds must not be proposed again, nor what it has made invalid. A draft made ahead may
   * hold a transaction with a nonce that the block has used.
   */
  blockStored(height: Height, transactions: readonly Hash[]): void {
    const draft = this.#draft;
    if (draft === undefined) return;
    if (draft.height <= height) {
      this.#draft = undefined;
      return;
    }
    const stored = new Set(transactions);
    draft.transactions = draft.transactions.filter(
      (tx) => !stored.has(tx.hash) && this.#pool.isIncludable?.(tx) !== false,
    );
    // Rebuilt, because the stored block need not be the one that was being agreed.
    draft.avoid = new Set([...transactions, ...draft.transactions.map((tx) => tx.hash)]);
    draft.fillAgainAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Forgets the proposal in the making; its transactions are still in the pool. */
  reset(): void {
    this.#draft = undefined;
  }

  #fill(draft: Draft, maxTransactions: number, now: Instant, atOnce: boolean): void {
    const mayLook = atOnce || now.steadyMs >= draft.fillAgainAtMs;
    if (!mayLook && draft.transactions.length < maxTransactions) return;
    // A draft made ahead was chosen one block earlier, when everything lived one block longer.
    draft.transactions = draft.transactions.filter(
      (tx) => this.#pool.find(tx.hash) !== undefined && tx.blockLimit >= draft.height,
    );
    if (draft.transactions.length > maxTransactions) {
      // The limit was lowered on chain since; what does not fit any more is taken from the pool again.
      for (const tx of draft.transactions.splice(maxTransactions)) draft.avoid.delete(tx.hash);
    }
    const missing = maxTransactions - draft.transactions.length;
    if (missing === 0) return;
    draft.transactions.push(...this.#pool.select(missing, draft.avoid, now));
    draft.fillAgainAtMs = now.steadyMs + PROPOSAL_FILL_INTERVAL_MS;
  }

  #askAgainAtMs(draft: Draft, moment: SealingMoment, now: Instant): number {
    const emptyAtMs = moment.sinceMs + this.#intervals.emptyMs;
    const waiting = this.#pool.size > 0 || draft.transactions.length > 0;
    if (!waiting) return emptyAtMs;
    const minAtMs = moment.sinceMs + this.#intervals.minMs;
    if (now.steadyMs >= minAtMs) return Math.min(emptyAtMs, draft.fillAgainAtMs);
    const mayBecomeFull = this.#pool.size >= moment.maxTransactions;
    return mayBecomeFull ? Math.min(minAtMs, draft.fillAgainAtMs) : minAtMs;
  }
}

function newDraft(height: Height, avoid: readonly Hash[]): Draft {
  return { height, transactions: [], avoid: new Set(avoid), fillAgainAtMs: Number.NEGATIVE_INFINITY };
}
