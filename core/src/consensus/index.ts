/** Door of the consensus room: the interface, and the registry that maps the genesis' `consensus_type` to a machine. */
import { err } from "../primitives/index.js";
import type { Result } from "../primitives/index.js";
import type {
  Consensus,
  ConsensusEnvironment,
  ConsensusFactory,
  ConsensusUnavailable,
  PlantedBugs,
} from "./interface.js";
import { createPbft } from "./pbft/index.js";
import { createRaft } from "./raft/index.js";
import { createRpbft } from "./rpbft/index.js";
import { createSolo } from "./solo/index.js";

export type * from "./interface.js";

/** One line an algorithm. */
const algorithms: Readonly<Record<string, ConsensusFactory>> = {
  pbft: createPbft,
  rpbft: createRpbft,
  raft: createRaft,
  solo: createSolo,
};

/**
 * The machine for `environment.rules.consensusType`.
 *
 * @param plantedBugs deliberate faults, for tests of the simulator only
 * @returns a failure with a message when this build cannot run that algorithm on that chain
 */
export function createConsensus(
  environment: ConsensusEnvironment,
  plantedBugs?: PlantedBugs,
): Result<Consensus, ConsensusUnavailable> {
  const { consensusType } = environment.rules;
  const create = Object.hasOwn(algorithms, consensusType) ? algorithms[consensusType] : undefined;
  if (create !== undefined) return create(environment, plantedBugs);
  const known = Object.keys(algorithms).join(", ");
  const message = `there is no consensus type "${consensusType}"; the genesis file may name one of ${known}`;
  return err({ code: "consensus-type-unknown", consensusType, message });
}
