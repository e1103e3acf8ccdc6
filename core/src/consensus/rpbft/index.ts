import { err, ok } from "../../primitives/index.js";
import type { Result } from "../../primitives/index.js";
import { V2_6_0 } from "../../protocol/index.js";
import type { Consensus, ConsensusEnvironment, ConsensusUnavailable, PlantedBugs } from "../interface.js";
import { Pbft } from "../pbft/machine.js";
import { rotatingSealers } from "./membership.js";
import { createSpreading } from "./tree-spreading.js";

/**
 * An rPBFT machine; `started` must be its first input.
 *
 * From supported_version 2.6.0 on the working sealers are drawn by verifiable random numbers. Each rotation must be
 * proven by the leader and checked by the others, and there is no library that computes the proofs of FISCO BCOS.
 */
export function createRpbft(
  environment: ConsensusEnvironment,
  plantedBugs: PlantedBugs = {},
): Result<Consensus, ConsensusUnavailable> {
  const { version, consensusType } = environment.rules;
  if (version < V2_6_0)
    return ok(new Pbft(environment, plantedBugs, { membershipRule: rotatingSealers, createSpreading }));
  return err({
    code: "consensus-version-unsupported",
    consensusType,
    message:
      "rpbft from supported_version 2.6.0 on chooses its sealers by VRF proofs, which this node can neither make nor check. " +
      "An existing chain like this needs nodes of FISCO BCOS 2.x. For a new one, set consensus_type=pbft or raft in the genesis file, " +
      "or keep rpbft and set supported_version=2.5.0 in config.ini",
  });
}
