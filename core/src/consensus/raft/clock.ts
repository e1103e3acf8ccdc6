/** When elections are held. All times are steady milliseconds. See docs/protocol/raft.md#r2-time. */
import type { Random } from "../../primitives/index.js";
import type { GenesisConfig } from "../../ledger/index.js";

/** Heartbeats in one heartbeat time-out. */
export const HEARTBEATS_PER_TIMEOUT = 4;

/** Election time-outs of one node: drawn anew each time, and longer after failed elections. */
export interface ElectionClock {
  /** Bounds of the time-out: as configured, or grown after failed elections. */
  minMs: number;
  maxMs: number;
  /** When the time-out began to run. */
  sinceMs: number;
  /** The time-out drawn for this round. */
  timeoutMs: number;
  readonly initial: { readonly minMs: number; readonly maxMs: number };
  readonly random: Random;
}

/** Time without a majority after which a leader gives up. */
export function heartbeatTimeoutMs(clock: ElectionClock): number {
  return clock.initial.minMs;
}

/** Time between two heartbeats. */
export function heartbeatIntervalMs(clock: ElectionClock): number {
  return Math.max(1, Math.floor(clock.initial.minMs / HEARTBEATS_PER_TIMEOUT));
}

/** A clock whose first time-out runs from now on. */
export function startElectionClock(genesis: GenesisConfig, random: Random, nowMs: number): ElectionClock {
  const minMs = genesis.minElectTimeMs;
  const maxMs = Math.max(minMs, genesis.maxElectTimeMs);
  const clock = { minMs, maxMs, sinceMs: nowMs, timeoutMs: maxMs, initial: { minMs, maxMs }, random };
  restartElectionTimeout(clock, nowMs);
  return clock;
}

/** Draws a time-out that runs from now on. */
export function restartElectionTimeout(clock: ElectionClock, nowMs: number): void {
  clock.sinceMs = nowMs;
  clock.timeoutMs = clock.minMs + Math.floor((clock.random.below(100) * (clock.maxMs - clock.minMs)) / 100);
}

/** Steady time at which this node stops waiting for a leader or for votes. */
export function electionDueMs(clock: ElectionClock): number {
  return clock.sinceMs + clock.timeoutMs;
}

/** An election failed: the next time-outs are longer, up to a bound. */
export function lengthenTimeouts(clock: ElectionClock): void {
  const { initial } = clock;
  const stepMs = Math.floor((initial.maxMs - initial.minMs) / 4);
  const boundMs = initial.maxMs + Math.floor((initial.maxMs - initial.minMs) / 2);
  if (clock.maxMs + stepMs > boundMs) {
    clock.maxMs = boundMs;
    return;
  }
  clock.maxMs += stepMs;
  clock.minMs += stepMs;
}

/** An election succeeded: time-outs are as configured again. */
export function resetTimeouts(clock: ElectionClock): void {
  clock.minMs = clock.initial.minMs;
  clock.maxMs = clock.initial.maxMs;
}
