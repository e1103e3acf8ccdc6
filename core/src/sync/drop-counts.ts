/** How often what was dropped: bad input is counted, never an exception. */

/** Counts by reason. Reasons are a fixed set of names in the code, so the memory is bounded. */
export class DropCounts {
  readonly #counts = new Map<string, number>();

  /** Counts one drop. */
  add(reason: string, times = 1): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + times);
  }

  /** All counts by reason, for metrics. */
  all(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}
