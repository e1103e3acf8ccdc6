/** Door of the consensus room: the interface, and the registry that maps the genesis' `consensus_type` to a machine. */
import { err, ok } from "../primitives/index.js";
import type { Result } from "../primitives/index.js";
import type {
  Consensus,
  ConsensusEnvironment,
  ConsensusFactory,
  ConsensusTypeUnknown,
  PlantedBugs,
} from "./interface.js";
import { createPbft } from "./pbft/index.js";

export type * from "./interface.js";

/** One line an algorithm. */
const algorithms: Readonly<Record<string, ConsensusFactory>> = {
  pbft: createPbft,
};

/**
 * The machine for `environment.rules.consensusType`.
 *
 * @param plantedBugs deliberate faults, for tests of the simulator only
 * @returns `consensus-type-unknown` when this build has no such algorithm
 */
export function createConsensus(
  environment: ConsensusEnvironment,
  plantedBugs?: PlantedBugs,
): Result<Consensus, ConsensusTypeUnknown> {
  const { consensusType } = environment.rules;
  const create = Object.hasOwn(algorithms, consensusType) ? algorithms[consensusType] : undefined;
  if (create === undefined) return err({ code: "consensus-type-unknown", consensusType });
  return ok(create(environment, plantedBugs));
}
