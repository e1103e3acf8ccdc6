/** One run, from a seed to its outcome. */
import { loadNativeSuites } from "@tsbcos/node/crypto";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { Cluster } from "./cluster.js";
import type { ClusterFigures } from "./cluster.js";
import { SimulationFailure } from "./failure.js";
import type { FailureKind } from "./failure.js";
import { drawOptions } from "./options.js";
import type { RunOptions, RunWishes } from "./options.js";
import { Story } from "./story.js";
import { createSimulatedSuite } from "./suite.js";

/** How a run ended. */
export interface Outcome {
  readonly options: RunOptions;
  /** Undefined when the run passed. */
  readonly failure: { readonly kind: FailureKind; readonly message: string } | undefined;
  readonly figures: ClusterFigures;
  /** The last state changes. */
  readonly lastLines: readonly string[];
}

/** Runs one seed after the other. */
export interface Runner {
  /**
   * Runs one seed.
   *
   * @param sink gets each state change as a line
   */
  run(seed: number, wishes?: RunWishes, sink?: (line: string) => void): Outcome;
}

/** Loads what runs need: the real suite, of which simulated chains take the hash and sometimes the signatures. */
export async function createRunner(): Promise<Runner> {
  const { standard } = await loadNativeSuites();
  return { run: (seed, wishes, sink) => runSeed(drawOptions(seed, wishes), standard, sink) };
}

function runSeed(options: RunOptions, real: CryptoSuite, sink: ((line: string) => void) | undefined): Outcome {
  const story = new Story(sink);
  const suite = options.suite === "standard" ? real : createSimulatedSuite(real);
  const cluster = new Cluster(options, suite, story);
  let failure: Outcome["failure"];
  try {
    cluster.run();
  } catch (error) {
    if (!(error instanceof SimulationFailure)) throw error;
    failure = { kind: error.kind, message: error.message };
  }
  return { options, failure, figures: cluster.figures, lastLines: story.lastLines };
}
