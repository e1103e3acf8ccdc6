/** Token bucket with borrowing: how requests and outgoing bytes are limited. */

/** What a limiter allows. */
export interface RateLimit {
  /** Permits that accrue in a second. */
  readonly perSecond: number;
  /** Permits that can be saved up; without it those of one second. */
  readonly savedMax?: number;
}

/**
 * Permits that accrue evenly. A caller may borrow less than one second's worth; until the loan is paid back by time,
 * nobody gets any.
 */
export class RateLimiter {
  readonly #perSecond: number;
  readonly #savedMax: number;
  readonly #intervalMs: number;
  #saved = 0;
  /** Until when permits have been counted; in the future while a loan is open. */
  #countedToMs: number;

  constructor({ perSecond, savedMax = perSecond }: RateLimit, nowMs: number) {
    this.#perSecond = perSecond;
    this.#savedMax = savedMax;
    this.#intervalMs = 1000 / perSecond;
    this.#countedToMs = nowMs;
  }

  /**
   * Takes `permits` when they are there or may be borrowed.
   *
   * @param nowMs steady clock, milliseconds
   * @returns false when a loan is open or this one would be a second's worth or more
   */
  tryAcquire(permits: number, nowMs: number): boolean {
    if (!this.allows(permits, nowMs)) return false;
    this.#take(permits);
    return true;
  }

  /** Whether {@link tryAcquire} would take them now: for those who need permits of several limiters at once. */
  allows(permits: number, nowMs: number): boolean {
    if (this.#saved > permits) return true;
    this.#refill(nowMs);
    return this.#countedToMs <= nowMs && permits - this.#saved < this.#perSecond;
  }

  /** Takes `permits` whatever it costs those who come later: for what must not wait. */
  acquire(permits: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#take(permits);
  }

  #refill(nowMs: number): void {
    if (nowMs <= this.#countedToMs) return;
    const accrued = Math.floor((nowMs - this.#countedToMs) / this.#intervalMs);
    this.#saved = Math.min(this.#savedMax, this.#saved + accrued);
    this.#countedToMs = this.#saved === this.#savedMax ? nowMs : this.#countedToMs + accrued * this.#intervalMs;
  }

  #take(permits: number): void {
    const borrowed = Math.max(0, permits - this.#saved);
    this.#saved = Math.max(0, this.#saved - permits);
    this.#countedToMs += borrowed * this.#intervalMs;
  }
}
