/** How a run can fail. */
import type { GroupId } from "@tsbcos/core/primitives";

/** `crash`: code broke one of its own assertions. `liveness`: no progress. `correctness`: a promise was broken. */
export type FailureKind = "crash" | "liveness" | "correctness";

/** Exit code of the simulator, by what the first failed run failed with. */
export const EXIT_CODES: Readonly<Record<FailureKind, number>> = { crash: 127, liveness: 128, correctness: 129 };

/** Ends a run: thrown by checkers and by whatever runs the simulated nodes, caught by the runner alone. */
export class SimulationFailure extends Error {
  override readonly name = "SimulationFailure";
  readonly kind: FailureKind;
  /** The group in which it was; undefined when it is of no group, or not known yet. */
  readonly groupId: GroupId | undefined;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions & { readonly groupId?: GroupId }) {
    super(message, options);
    this.kind = kind;
    this.groupId = options?.groupId;
  }

  /** The same failure, of that group unless it is known of which it is. */
  in(groupId: GroupId): SimulationFailure {
    return this.groupId === undefined
      ? new SimulationFailure(this.kind, this.message, { cause: this.cause, groupId })
      : this;
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

/** Lets something be checked of one group: what it ends the run with names the group. */
export function inGroup(groupId: GroupId, checking: () => void): void {
  try {
    checking();
  } catch (cause) {
    throw cause instanceof SimulationFailure ? cause.in(groupId) : cause;
  }
}
