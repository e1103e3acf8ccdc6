/** When a 2.9.1 node gives a round up. */
import type { Instant } from "../../../primitives/index.js";

const VIEW_TIMEOUT_MS = 3000;
const CYCLES_MAX = 20;

/** Its times, in steady milliseconds; zero is long ago. */
export class ModelClock {
  #lastConsensusMs: number;
  #lastSignMs = 0;
  #lastPrepareMs: number;
  #lastExecutedMs: number;
  #cycle = 0;

  constructor({ steadyMs }: Instant) {
    this.#lastConsensusMs = steadyMs;
    this.#lastPrepareMs = steadyMs;
    this.#lastExecutedMs = steadyMs;
  }

  /** Time from which proposals count. */
  get sinceMs(): number {
    return this.#lastConsensusMs;
  }

  /** Steady time of the next time-out; minus infinity when it is wanted at once. */
  timeoutAtMs(consensusTimeoutMs: number): number {
    const agreedMs = Math.max(this.#lastConsensusMs, this.#lastSignMs);
    if (agreedMs === 0) return Number.NEGATIVE_INFINITY;
    let sinceMs = agreedMs;
    let limitMs = VIEW_TIMEOUT_MS;
    if (this.#lastPrepareMs > agreedMs) {
      const couldNotExecute = this.#lastPrepareMs > this.#lastExecutedMs;
      sinceMs = couldNotExecute ? this.#lastPrepareMs : this.#lastExecutedMs;
      if (couldNotExecute) limitMs = consensusTimeoutMs;
    }
    return sinceMs + Math.floor(limitMs * 1.5 ** this.#cycle);
  }

  /** The next look at the clock is a time-out. */
  wantViewChange(): void {
    this.#lastConsensusMs = 0;
    this.#lastSignMs = 0;
  }

  /** An empty proposal was made or heard. */
  heardEmpty({ steadyMs }: Instant): void {
    this.#lastExecutedMs = steadyMs;
    this.wantViewChange();
    this.#cycle = 0;
  }

  /** The round was given up. */
  timedOut({ steadyMs }: Instant): void {
    this.#cycle = Math.min(this.#cycle + 1, CYCLES_MAX);
    this.#lastConsensusMs = steadyMs;
  }

  /** A block came. */
  blockCame({ steadyMs }: Instant): void {
    this.#lastConsensusMs = steadyMs;
    this.#cycle = 0;
  }

  /** The view changed. */
  viewChanged({ steadyMs }: Instant): void {
    this.#lastConsensusMs = steadyMs;
  }

  /** Enough sealers have signed. */
  signed({ steadyMs }: Instant): void {
    this.#lastSignMs = steadyMs;
  }

  /** A prepare is about to be executed. */
  accepted({ steadyMs }: Instant): void {
    this.#lastPrepareMs = steadyMs;
  }

  /** It was executed. */
  executed({ steadyMs }: Instant): void {
    this.#lastExecutedMs = steadyMs;
  }
}
