import { ok } from "../../primitives/index.js";
import type { Result } from "../../primitives/index.js";
import type { Consensus, ConsensusEnvironment, PlantedBugs } from "../interface.js";
import { Pbft } from "./machine.js";
import { allSealers } from "./membership.js";

/** A PBFT machine; `started` must be its first input. */
export function createPbft(environment: ConsensusEnvironment, plantedBugs: PlantedBugs = {}): Result<Consensus, never> {
  return ok(new Pbft(environment, plantedBugs, { membershipRule: allSealers }));
}
