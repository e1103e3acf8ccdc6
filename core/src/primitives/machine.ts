/** What every machine of the core has in common: time as an input, effects as values, and a tracer. */

/** The moment of one step. Machines never read a clock. */
export interface Instant {
  /** Monotonic milliseconds, from an arbitrary start: for time-outs and intervals. */
  readonly steadyMs: number;
  /** Wall clock, milliseconds since the Unix epoch: for timestamps that leave the node. */
  readonly wallMs: number;
}

/**
 * A deciding part: synchronous, without I/O.
 *
 * The host performs the effects in the order of the list and promises nothing about when they finish; what must wait
 * for an effect waits for the input that reports it. The host calls `step` with a `tick` input at or after
 * {@link wakeAtMs}.
 */
export interface Machine<Input, Effect> {
  /** Takes one input and returns what is to be done, in order. */
  step(input: Input, now: Instant): readonly Effect[];
  /** Steady time at which the machine wants its next tick; undefined while it waits only for inputs. */
  readonly wakeAtMs: number | undefined;
}

/** One trace event: a log line and a coverage mark at once. */
export interface TraceEvent {
  /** Who says it, as in log badges: `PBFT`, `SYNC`, `TXPOOL`. */
  readonly room: string;
  /** `debug` for what happens many times a block, `info` for once a block, `warn` for what an operator should see. */
  readonly level: "debug" | "info" | "warn";
  /** Stable kebab-case name of what happened. */
  readonly event: string;
  /** Values worth reading. */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
}

/** Receives trace events. Must return at once and never throw. */
export type Tracer = (event: TraceEvent) => void;

/** A tracer that drops everything. */
export const silentTracer: Tracer = () => undefined;
