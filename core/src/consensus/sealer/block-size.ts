/**
 * How many transactions a proposal may hold: halved when blocks of a size time out, and growing back while they do
 * not. A local policy that no other node sees. See docs/protocol/pbft.md#p9-sealing.
 */

/** What {@link BlockSize} is told with each event. */
export interface BlockSizeContext {
  /** System configuration `tx_count_limit` at this height. */
  readonly limit: number;
  /** True while block synchronisation is fetching blocks: such blocks say nothing about our speed. */
  readonly syncing: boolean;
}

/** The limit of proposals under `enable_dynamic_block_size`; without it, always `tx_count_limit`. */
export class BlockSize {
  readonly #dynamic: boolean;
  readonly #ratio: number;
  #current: number;
  #timeouts = 0;
  /** Smallest known size that timed out, 0 when none has. */
  #lastTimedOut = 0;
  /** Largest size that was agreed without a time-out. */
  #largestAgreed = 0;

  /**
   * @param options.dynamic without it the size never changes
   * @param options.increaseRatio any value but 0 doubles, as the C++ node does
   */
  constructor(options: { readonly dynamic: boolean; readonly increaseRatio: number; readonly limit: number }) {
    this.#dynamic = options.dynamic;
    this.#ratio = options.increaseRatio === 0 ? 0 : 1;
    this.#current = options.limit;
  }

  /** Transactions that a proposal may hold under `limit`. */
  max(limit: number): number {
    return this.#dynamic ? Math.min(this.#current, limit) : limit;
  }

  /** A time-out with an executed proposal of `transactions` in hand. */
  timedOut(transactions: number, context: BlockSizeContext): void {
    if (!this.#dynamic) return;
    this.#clamp(context.limit);
    this.#timeouts++;
    const between = this.#largestAgreed < transactions && transactions < this.#lastTimedOut;
    if (transactions > 0 && (this.#lastTimedOut === 0 || between)) this.#lastTimedOut = transactions;
    if (this.#current > 2) this.#current = Math.floor(this.#current / 2);
  }

  /** A block of `transactions` became the head. */
  committed(transactions: number, context: BlockSizeContext): void {
    if (!this.#dynamic) return;
    this.#clamp(context.limit);
    if (context.syncing) return;
    if (this.#timeouts > 0) {
      this.#timeouts--;
      return;
    }
    this.#largestAgreed = Math.max(this.#largestAgreed, transactions);
    if (this.#current >= context.limit) return;
    if (this.#lastTimedOut <= this.#largestAgreed) this.#raiseLastTimedOut(context.limit);
    if (this.#lastTimedOut !== 0 && this.#current >= this.#lastTimedOut) return;
    this.#grow(context.limit);
  }

  #clamp(limit: number): void {
    if (this.#current >= limit) this.#current = limit;
  }

  #raiseLastTimedOut(limit: number): void {
    if (this.#largestAgreed === limit) this.#lastTimedOut = limit;
    else if (this.#largestAgreed * 0.1 > 1) this.#lastTimedOut = Math.floor(this.#largestAgreed * 1.1);
    else this.#lastTimedOut *= 2;
    this.#lastTimedOut = Math.min(this.#lastTimedOut, limit);
  }

  #grow(limit: number): void {
    const step = this.#ratio * this.#current;
    this.#current += step > 1 ? Math.floor(step) : 1;
    if (this.#lastTimedOut > 0) this.#current = Math.min(this.#current, this.#lastTimedOut);
    this.#current = Math.min(Math.max(this.#current, this.#largestAgreed), limit);
  }
}
