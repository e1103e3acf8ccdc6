/** When a round is given up. All times are steady milliseconds. See docs/protocol/pbft.md#p7-timers. */

/** Longest time without a block or a view change, before it is stretched. */
export const VIEW_TIMEOUT_MS = 3000;

/** A leader without transactions proposes an empty block after this long. */
export const EMPTY_BLOCK_INTERVAL_MS = 1000;

const BACK_OFF = 1.5;
const CYCLES_MAX = 20;

/** The clocks of one machine. */
export interface Timers {
  /** Last block, completed view change or time-out. */
  lastConsensusMs: number;
  /** Last quorum of signs; minus infinity when there was none since the last fast view change. */
  lastSignMs: number;
  /** Last accepted prepare. */
  lastPrepareMs: number;
  /** End of the last execution. */
  lastExecutedMs: number;
  /** The accepted prepare was not executed yet, or could not be. */
  executing: boolean;
  /** Time-outs since the last block or empty proposal, at most 20: each stretches the next by half. */
  changeCycle: number;
  /** The next look at the clock is a time-out, whatever it shows: an empty proposal, or others that are ahead. */
  viewChangeWanted: boolean;
}

/** Clocks of a machine that starts now. */
export function startTimers(nowMs: number): Timers {
  return {
    lastConsensusMs: nowMs,
    lastSignMs: Number.NEGATIVE_INFINITY,
    lastPrepareMs: nowMs,
    lastExecutedMs: nowMs,
    executing: false,
    changeCycle: 0,
    viewChangeWanted: false,
  };
}

/** The next look at the clock is to be a time-out. */
export function wantViewChange(timers: Timers): void {
  timers.viewChangeWanted = true;
  timers.lastSignMs = Number.NEGATIVE_INFINITY;
}

/**
 * Steady time at which the round is given up.
 *
 * @param consensusTimeoutMs system configuration `consensus_timeout`: counts while a block is executed, because a slow
 * block is no failed leader
 */
export function timeoutAtMs(timers: Timers, consensusTimeoutMs: number): number {
  if (timers.viewChangeWanted) return Number.NEGATIVE_INFINITY;
  const agreedMs = Math.max(timers.lastConsensusMs, timers.lastSignMs);
  let sinceMs = agreedMs;
  let limitMs = VIEW_TIMEOUT_MS;
  if (timers.lastPrepareMs > agreedMs) {
    sinceMs = timers.executing ? timers.lastPrepareMs : timers.lastExecutedMs;
    if (timers.executing) limitMs = consensusTimeoutMs;
  }
  return sinceMs + Math.floor(limitMs * BACK_OFF ** timers.changeCycle);
}

/** A time-out happened: the next one comes later. */
export function noteTimeout(timers: Timers, nowMs: number): void {
  timers.viewChangeWanted = false;
  timers.changeCycle = Math.min(timers.changeCycle + 1, CYCLES_MAX);
  timers.lastConsensusMs = nowMs;
}
