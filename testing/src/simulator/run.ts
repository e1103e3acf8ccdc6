/** One run, from a seed to its outcome. */
import { loadNativeSuites } from "@tsbcos/node/crypto";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { Cluster } from "./cluster.js";
import type { ClusterFigures } from "./cluster.js";
import { SimulationFailure } from "./failure.js";
import type { FailureKind } from "./failure.js";
import { drawOptions, twinOptions } from "./options.js";
import type { RunOptions, RunWishes } from "./options.js";
import { Story } from "./story.js";
import { createSimulatedSuite } from "./suite.js";
import { scenarioOf } from "./twins/scenarios.js";
import type { Scenario } from "./twins/scenarios.js";
import { TwinCluster } from "./twins/twin-cluster.js";
import type { TwinFigures } from "./twins/twin-cluster.js";

/** How a run ended. */
export interface Outcome {
  readonly options: RunOptions;
  /** Undefined when the run passed. */
  readonly failure: { readonly kind: FailureKind; readonly message: string } | undefined;
  readonly figures: ClusterFigures;
  /** The last state changes. */
  readonly lastLines: readonly string[];
}

/** How a scenario of twins ended. */
export interface TwinOutcome {
  readonly scenario: Scenario;
  readonly failure: Outcome["failure"];
  readonly figures: TwinFigures;
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
  /** Plays the scenario of twins with that number. */
  twins(number: number, wishes?: RunWishes, sink?: (line: string) => void): TwinOutcome;
}

/** Loads what runs need: the real suite, of which simulated chains take the hash and sometimes the signatures. */
export async function createRunner(): Promise<Runner> {
  const { standard } = await loadNativeSuites();
  return {
    run: (seed, wishes, sink) => runSeed(drawOptions(seed, wishes), standard, sink),
    twins: (number, wishes, sink) => runScenario(scenarioOf(number), twinOptions(number, wishes), standard, sink),
  };
}

function runSeed(options: RunOptions, real: CryptoSuite, sink: ((line: string) => void) | undefined): Outcome {
  const story = new Story(sink);
  const suite = options.suite === "standard" ? real : createSimulatedSuite(real);
  const cluster = new Cluster(options, suite, story);
  const failure = failureOf(() => cluster.run(), options.groups.length > 1);
  return { options, failure, figures: cluster.figures, lastLines: story.lastLines };
}

function runScenario(
  scenario: Scenario,
  options: RunOptions,
  real: CryptoSuite,
  sink: ((line: string) => void) | undefined,
): TwinOutcome {
  const story = new Story(sink);
  const cluster = new TwinCluster(scenario, options, createSimulatedSuite(real), story);
  const failure = failureOf(() => cluster.run());
  return { scenario, failure, figures: cluster.figures, lastLines: story.lastLines };
}

/** @param hasMore there are several groups: the message says which */
function failureOf(run: () => void, hasMore = false): Outcome["failure"] {
  try {
    run();
    return undefined;
  } catch (error) {
    if (!(error instanceof SimulationFailure)) throw error;
    const { kind, message, groupId } = error;
    return { kind, message: groupId === undefined || !hasMore ? message : `group ${groupId}: ${message}` };
  }
}
