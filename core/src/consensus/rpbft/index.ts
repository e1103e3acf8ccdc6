import { ok } from "../../primitives/index.js";
import type { Result } from "../../primitives/index.js";
import { V2_6_0 } from "../../protocol/index.js";
import type { Consensus, ConsensusEnvironment, ConsensusUnavailable, PlantedBugs } from "../interface.js";
import { Pbft } from "../pbft/machine.js";
import type { PbftKind } from "../pbft/machine.js";
import { markedSealers, rotatingSealers } from "./membership.js";
import { Rotation } from "./rotation.js";
import { createSpreading } from "./tree-spreading.js";

/** Below supported_version 2.6.0: the sealers take turns. */
const COUNTED: PbftKind = { membershipRule: rotatingSealers, createSpreading };

/** From supported_version 2.6.0 on: leaders draw the sealers by lot, and the ledger holds who works. */
const DRAWN: PbftKind = {
  membershipRule: markedSealers,
  createSpreading,
  createOpening: (state) => new Rotation(state),
};

/** An rPBFT machine; `started` must be its first input. */
export function createRpbft(
  environment: ConsensusEnvironment,
  plantedBugs: PlantedBugs = {},
): Result<Consensus, ConsensusUnavailable> {
  return ok(new Pbft(environment, plantedBugs, environment.rules.version < V2_6_0 ? COUNTED : DRAWN));
}
