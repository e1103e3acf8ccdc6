/** How a run can fail. */

/** `crash`: code broke one of its own assertions. `liveness`: no progress. `correctness`: a promise was broken. */
export type FailureKind = "crash" | "liveness" | "correctness";

/** Exit code of the simulator, by what the first failed run failed with. */
export const EXIT_CODES: Readonly<Record<FailureKind, number>> = { crash: 127, liveness: 128, correctness: 129 };

/** Ends a run: thrown by checkers and by whatever runs the simulated nodes, caught by the runner alone. */
export class SimulationFailure extends Error {
  override readonly name = "SimulationFailure";
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/**
 * Ends the run when a promise is broken.
 *
 * @throws SimulationFailure
 */
export function check(condition: boolean, broken: string): asserts condition {
  if (!condition) throw new SimulationFailure("correctness", broken);
}
