/** Looks for the first schedule in which a planted fault is noticed. */
import type { ConsensusType } from "@tsbcos/core/ledger";
import type { FailureKind } from "../failure.js";
import { runBatch } from "../pool.js";
import type { Outcome } from "../run.js";
import { PLANTED_BUGS } from "./bugs.js";
import type { Bug } from "./bugs.js";

/** Where and how to look. */
export interface Search {
  readonly threads: number;
  /** Another consensus type than the fault's own. */
  readonly consensus?: ConsensusType;
  /** Where the thread program is, when not beside `pool.js`. */
  readonly thread?: URL;
}

/** What noticed a planted fault. */
export interface Finding {
  readonly seed: number;
  /** Schedules up to the one that found it. */
  readonly schedules: number;
  readonly failure: { readonly kind: FailureKind; readonly message: string };
}

/** Runs seeds from 1 on until one fails; undefined when none does within the bound of the fault. */
export async function findPlanted(bug: Bug, search: Search): Promise<Finding | undefined> {
  const failed: Outcome[] = [];
  const { schedulesMax } = PLANTED_BUGS[bug];
  const { consensus, ...where } = search;
  await runBatch({
    ...where,
    program: "run",
    seedFirst: 1,
    runs: schedulesMax,
    wishes: { bug, consensus },
    onOutcome: (outcome) => {
      if (outcome.failure !== undefined) failed.push(outcome);
      return outcome.failure !== undefined;
    },
  });
  // Seeds are begun in order, and those begun are ended: the lowest is the same however many threads there are.
  failed.sort((a, b) => a.options.seed - b.options.seed);
  const [first] = failed;
  if (first?.failure === undefined) return undefined;
  const { seed } = first.options;
  return { seed, schedules: seed, failure: first.failure };
}
